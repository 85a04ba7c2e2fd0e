import * as tf from '@tensorflow/tfjs-node';
import { isBfloat16 } from './bfloat16';
import type { Conv2dOptions } from './conv2dAttributes';
import { padPixels } from './pad';

/**
 * From how many channels on {@link filterGradientByMatMul} pays, in bfloat16. Measured against oneDNN's own filter gradient on
 * a processor with AVX-512, two threads, 3x3 filters, batches of 6 and 32: at 512 channels of 7x7 pixels 0.6 and 0.7 of its
 * time, at 256 channels of 14x14 pixels 1.1 and 1.2. In float32, whose rearranging costs oneDNN less, 1.1 and 1.3; a whole
 * training step of resnet34 is 1 and 3 % faster there without it. 1x1 filters gain little.
 */
const CHANNELS = 512;

/** Whether {@link filterGradientByMatMul} is the faster way for a convolution of x. */
export function isWide(x: tf.TensorInfo, filter: tf.TensorInfo, { stride, groups }: Conv2dOptions): boolean {
  return stride === 1 && groups === 1 && filter.shape[0] > 1 && x.shape[3] >= CHANNELS && isBfloat16(x);
}

/**
 * dL/dfilter of a convolution with stride 1 as one product of two matrices ("im2col"): a row for each position and picture,
 * with the pixels that the filter saw there on one side and what came of them on the other. The copies of x that this
 * takes, one a tap, are small where pictures have become small and filters large.
 *
 * @param dy - [N, H', W', K].
 * @param x - [N, H, W, C].
 * @param shape - of the filter, [kernel height, kernel width, C, K].
 */
export function filterGradientByMatMul(
  dy: tf.Tensor,
  x: tf.Tensor,
  shape: number[],
  { padding, dilation }: Conv2dOptions,
): tf.Tensor {
  const [n, height, width, k] = dy.shape;
  const [kh, kw, channels] = shape;
  return tf.tidy(() => {
    const padded = padding === 0 ? x : padPixels(x, padding);
    const taps = Array.from({ length: kh * kw }, (_, tap) => {
      const [row, column] = [Math.floor(tap / kw) * dilation, (tap % kw) * dilation];
      return tf.slice(padded, [0, row, column, 0], [n, height, width, channels]);
    });
    const seen = tf.concat(taps, 3).reshape([n * height * width, kh * kw * channels]);
    return tf.matMul(seen, dy.reshape([n * height * width, k]), true).reshape(shape);
  });
}
