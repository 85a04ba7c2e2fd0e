import * as tf from '@tensorflow/tfjs-node';
import { isNative } from './backend';
import { castToBfloat16, isBfloat16 } from './bfloat16';
import { type Attribute, FLOAT, NHWC, defineOp, execute, executeSingle } from './execute';
import { spreadPixels } from './groupedConv2dGradients';

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
function padPixels(x: tf.Tensor, padding: number): tf.Tensor {
  if (padding === 0) return x;
  if (!isNative()) {
    const pixels: [number, number] = [padding, padding];
    return tf.pad(x, [[0, 0], pixels, pixels, [0, 0]], -Infinity);
  }
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
  portable: {
    forward({ x }, options) {
      const padded = padPixels(x, options.padding) as tf.Tensor4D;
      return [tf.maxPool(padded, options.kernelSize, options.stride, 'valid')];
    },
    backward: ([dy], [x, y], options) => ({ x: () => portableGradient(dy, x, y, options) }),
  },
});

/** dL/dx, tap by tap of the window: the first one that held the maximum gets all, as with TensorFlow. */
function portableGradient(
  dy: tf.Tensor,
  x: tf.Tensor,
  y: tf.Tensor,
  { kernelSize, stride, padding }: MaxPool2dOptions,
): tf.Tensor {
  const padded = padPixels(x, padding);
  const [n, height, width, channels] = padded.shape;
  const [, rows, columns] = y.shape;
  let left: tf.Tensor = tf.onesLike(y); // 1 where no tap has got dy yet
  let dx: tf.Tensor | undefined;
  for (let tap = 0; tap < kernelSize ** 2; tap++) {
    const [row, column] = [Math.floor(tap / kernelSize), tap % kernelSize];
    const end = [n, row + (rows - 1) * stride + 1, column + (columns - 1) * stride + 1, channels];
    const seen = tf.stridedSlice(padded, [0, row, column, 0], end, [1, stride, stride, 1]);
    const wins = tf.mul(left, tf.cast(tf.equal(seen, y), 'float32'));
    left = tf.sub(left, wins);
    const spread = tf.pad(spreadPixels(tf.mul(dy, wins), stride), [
      [0, 0],
      [row, kernelSize],
      [column, kernelSize],
      [0, 0],
    ]);
    const part = tf.slice(spread, [0, 0, 0, 0], [n, height, width, channels]);
    dx = dx ? tf.add(dx, part) : part;
  }
  return tf.slice(dx as tf.Tensor, [0, padding, padding, 0], x.shape);
}

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
