import * as tf from '@tensorflow/tfjs-node';
import { castToBfloat16, isBfloat16 } from './bfloat16';
import { type Attribute, FLOAT, NHWC, defineOp, execute, executeSingle } from './execute';

/** The window of a pooling, in pixels; equal in height and width. */
export interface MaxPool2dOptions {
  kernelSize: number;
  stride: number;
  /** Pixels added on each side; they never win the maximum, as in torch. */
  padding: number;
}

/*
 * TensorFlow's own MaxPoolGrad searches for the maxima again, on one thread: 24 ms for ResNet-34's pooling at batch 6.
 * oneDNN's pooling, which stands in for MaxPool on x86-64, leaves a workspace that says where they were; its gradient
 * takes 1.6 ms, but TensorFlow uses it in graphs only. Here the two ops are called by the names that graphs give them.
 */
const ONEDNN = 'MklNative';
let oneDnn: boolean | undefined;

/** Whether this TensorFlow has oneDNN's pooling, found out once by a try on a few numbers. */
function hasOneDnn(): boolean {
  oneDnn ??= tf.tidy(() => {
    try {
      runOneDnn(tf.zeros([1, 2, 2, 1]), { kernelSize: 2, stride: 2, padding: 0 });
      return true;
    } catch {
      return false;
    }
  });
  return oneDnn;
}

function attributes({ kernelSize, stride }: MaxPool2dOptions): Record<string, Attribute> {
  return {
    T: FLOAT,
    ksize: { int: [1, kernelSize, kernelSize, 1] },
    strides: { int: [1, stride, stride, 1] },
    padding: { string: 'VALID' },
    data_format: NHWC,
  };
}

function oneDnnAttributes(options: MaxPool2dOptions): Record<string, Attribute> {
  return {
    ...attributes(options),
    workspace_enabled: { bool: true },
    _kernel: { string: 'MklNameChangeOp' },
  };
}

/** @returns the maxima and oneDNN's workspace. */
function runOneDnn(x: tf.TensorInfo, options: MaxPool2dOptions): tf.Tensor[] {
  return execute(`_${ONEDNN}MaxPool`, oneDnnAttributes(options), [x], 2);
}

/** Adds a border of -Infinity, which loses against everything. */
function padPixels(x: tf.TensorInfo, padding: number): tf.TensorInfo {
  if (padding === 0) return x;
  const paddings = tf.tensor2d([0, 0, padding, padding, padding, padding, 0, 0], [4, 2], 'int32');
  const lowest = tf.scalar(-Infinity);
  const value = isBfloat16(x) ? castToBfloat16(lowest) : lowest;
  return executeSingle('PadV2', { T: FLOAT, Tpaddings: { type: 'int32' } }, [x, paddings, value]);
}

const runMaxPool2d = defineOp<MaxPool2dOptions>('MaxPool2d', {
  forward({ x }, options) {
    const padded = padPixels(x, options.padding);
    if (hasOneDnn()) return runOneDnn(padded, options);
    return [executeSingle('MaxPool', attributes(options), [padded])];
  },
  savedInputs: ['x'],
  savedOutputs: [true, true],
  backward: ([dy], [x, y, workspace], options) => ({
    x: () => {
      const { padding } = options;
      const padded = padPixels(x, padding);
      const dx = hasOneDnn()
        ? executeSingle(`_${ONEDNN}MaxPoolGrad`, oneDnnAttributes(options), [padded, y, dy, workspace])
        : executeSingle('MaxPoolGrad', attributes(options), [padded, y, dy]);
      return padding === 0 ? dx : tf.slice(dx, [0, padding, padding, 0], x.shape);
    },
  }),
});

/**
 * The largest value in each window.
 *
 * @param x - [N, H, W, C].
 * @returns [N, H', W', C] with H' = floor((H + 2 padding - kernelSize) / stride) + 1.
 */
export function maxPool2d(x: tf.Tensor4D, options: MaxPool2dOptions): tf.Tensor4D {
  const [y, workspace] = runMaxPool2d({ x }, options);
  workspace?.dispose(); // the tape holds a reference of its own
  return y as tf.Tensor4D;
}
