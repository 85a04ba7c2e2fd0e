import type * as tf from '@tensorflow/tfjs-node';
import { type Attribute, FLOAT, NHWC, defineOp, executeSingle } from './execute';

/** The window of a pooling, in pixels; equal in height and width. */
export interface MaxPool2dOptions {
  kernelSize: number;
  stride: number;
  /** Pixels added on each side; they never win the maximum, as in torch. */
  padding: number;
}

function attributes({ kernelSize, stride, padding }: MaxPool2dOptions): Record<string, Attribute> {
  const common: Record<string, Attribute> = {
    T: FLOAT,
    ksize: { int: [1, kernelSize, kernelSize, 1] },
    strides: { int: [1, stride, stride, 1] },
    data_format: NHWC,
  };
  if (padding === 0) return { ...common, padding: { string: 'VALID' } };
  return {
    ...common,
    padding: { string: 'EXPLICIT' },
    explicit_paddings: { int: [0, 0, padding, padding, padding, padding, 0, 0] },
  };
}

const runMaxPool2d = defineOp<MaxPool2dOptions>('MaxPool2d', {
  forward: ({ x }, options) => [executeSingle('MaxPool', attributes(options), [x])],
  savedInputs: ['x'],
  savedOutputs: [true],
  backward: ([dy], [x, y], options) => ({
    x: () => executeSingle('MaxPoolGrad', attributes(options), [x, y, dy]),
  }),
});

/**
 * The largest value in each window.
 *
 * @param x - [N, H, W, C].
 * @returns [N, H', W', C] with H' = floor((H + 2 padding - kernelSize) / stride) + 1.
 */
export function maxPool2d(x: tf.Tensor4D, options: MaxPool2dOptions): tf.Tensor4D {
  return runMaxPool2d({ x }, options)[0] as tf.Tensor4D;
}
