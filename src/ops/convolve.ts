import * as tf from '@tensorflow/tfjs-node';
import { isNative } from './backend';
import { type Conv2dOptions, conv2dAttributes } from './conv2dAttributes';
import { executeSingle } from './execute';

/**
 * A convolution forward, within a kernel: no gradient is recorded. How many groups there are is seen in the shapes;
 * TensorFlow takes them as they are, tfjs one at a time.
 *
 * @param padding - zeros on all four sides.
 */
export function convolve(
  x: tf.Tensor,
  filter: tf.Tensor,
  { stride, dilation }: Pick<Conv2dOptions, 'stride' | 'dilation'>,
  padding: number,
): tf.Tensor4D {
  if (isNative())
    return executeSingle('Conv2D', conv2dAttributes({ stride, dilation }, padding), [
      x,
      filter,
    ]) as tf.Tensor4D;
  const groups = (x as tf.Tensor4D).shape[3] / (filter as tf.Tensor4D).shape[2];
  // written out: from one number tfjs computes the width of what comes out by the filter's height
  const sides: [number, number] = [padding, padding];
  const zeros: tf.backend_util.ExplicitPadding = [[0, 0], sides, sides, [0, 0]];
  const of = (input: tf.Tensor, weights: tf.Tensor): tf.Tensor4D =>
    tf.conv2d(input as tf.Tensor4D, weights as tf.Tensor4D, stride, zeros, 'NHWC', dilation);
  if (groups === 1) return of(x, filter);
  const filters = tf.split(filter, groups, 3);
  return tf.concat(
    tf.split(x, groups, 3).map((each, group) => of(each, filters[group])),
    3,
  );
}
