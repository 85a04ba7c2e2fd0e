import * as tf from '@tensorflow/tfjs-node';
import { type Conv2dOptions, conv2dAttributes } from './conv2dAttributes';
import { convolve } from './convolve';
import { executeSingle } from './execute';
import { padPixels } from './pad';

/*
 * Gradients of grouped and dilated convolutions. TensorFlow's own CPU kernels have none ("Gradients for grouped
 * convolutions are not supported on CPU"), but oneDNN's, which stand in for them on x86-64, do: for ResNeXt-50's 3x3
 * convolutions both gradients together take 2.4 times the forward pass. Where they are missing, both gradients are
 * computed here as convolutions forward, which TensorFlow has: 3.2 times the (slower) forward pass there. In a page all
 * gradients of convolutions are: tfjs's WebAssembly has none for filters, and a slow one for inputs.
 *
 * The notation is that of conv2d.ts: x [N, H, W, C], filter [kh, kw, C/G, K], dy [N, H', W', K], G groups, Cg = C/G,
 * Kg = K/G.
 */

let native: boolean | undefined;

/** Whether this TensorFlow has gradients of grouped convolutions, found out once by a try on a few numbers. */
export function nativeGroupedGradients(): boolean {
  native ??= tf.tidy(() => {
    const attributes = conv2dAttributes({ stride: 1, dilation: 1 }, 'VALID');
    const [x, filter, dy] = [tf.ones([1, 3, 3, 4]), tf.ones([3, 3, 2, 4]), tf.ones([1, 1, 1, 4])]; // two groups
    try {
      executeSingle('Conv2DBackpropInput', attributes, [tf.tensor1d(x.shape, 'int32'), filter, dy]);
      executeSingle('Conv2DBackpropFilter', attributes, [x, tf.tensor1d(filter.shape, 'int32'), dy]);
      return true;
    } catch {
      return false;
    }
  });
  return native;
}

/** Puts stride - 1 zeros after each pixel: [N, H', W', C] -> [N, H' stride, W' stride, C]. */
export function spreadPixels(x: tf.Tensor, stride: number): tf.Tensor {
  if (stride === 1) return x;
  const [n, height, width, channels] = x.shape;
  const zeros: [number, number] = [0, stride - 1];
  return tf
    .pad(x.reshape([n, height, 1, width, 1, channels]), [[0, 0], [0, 0], zeros, [0, 0], zeros, [0, 0]])
    .reshape([n, height * stride, width * stride, channels]);
}

/**
 * dL/dx: each pixel of x gets from every dy whose window saw it, by the tap that saw it. That is a convolution of dy, its
 * pixels a stride apart, with the filter turned by 180 degrees and its inputs and outputs exchanged within each group.
 */
export function groupedInputGradient(
  dy: tf.Tensor4D,
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  { stride, padding, dilation, groups }: Conv2dOptions,
): tf.Tensor4D {
  const [n, height, width, channels] = x.shape;
  const [kh, kw, cg, k] = filter.shape;
  const kg = k / groups;
  return tf.tidy(() => {
    const turned = tf
      .reverse(filter, [0, 1])
      .reshape([kh * kw, cg, groups, kg])
      .transpose([0, 3, 2, 1]) // [kh kw, Kg, G, Cg]
      .reshape([kh, kw, kg, channels]);
    const [rows, columns] = [(kh - 1) * dilation, (kw - 1) * dilation]; // how far a window reaches
    const [paddedHeight, paddedWidth] = [height + 2 * padding, width + 2 * padding];
    const spread = tf.pad(spreadPixels(dy, stride), [
      [0, 0],
      [rows, rows],
      [columns, columns],
      [0, 0],
    ]);
    const padded = tf.slice(spread, [0, 0, 0, 0], [n, rows + paddedHeight, columns + paddedWidth, k]);
    const dx = convolve(padded, turned, { stride: 1, dilation }, 0); // [N, paddedHeight, paddedWidth, C]
    return tf.slice(dx, [0, padding, padding, 0], [n, height, width, channels]);
  });
}

/**
 * dL/dfilter: each tap gets the products of dy with the x that it saw, over all positions and pictures. That is a
 * convolution of x with dy as the filter: pictures take the channels' place, the channels of a group the pictures', and
 * stride and dilation change places.
 */
export function groupedFilterGradient(
  dy: tf.Tensor4D,
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  { stride, padding, dilation, groups }: Conv2dOptions,
): tf.Tensor4D {
  const [n, height, width] = x.shape;
  const [kh, kw, cg, k] = filter.shape;
  const [paddedHeight, paddedWidth] = [height + 2 * padding, width + 2 * padding];
  return tf.tidy(() => {
    const seen = padPixels(x, padding)
      .reshape([n, paddedHeight * paddedWidth, groups, cg])
      .transpose([3, 1, 2, 0])
      .reshape([cg, paddedHeight, paddedWidth, groups * n]);
    const taps = convolve(seen, tf.transpose(dy, [1, 2, 0, 3]), { stride: dilation, dilation: stride }, 0); // [Cg, kh or more, kw or more, K]
    return tf.slice(taps, [0, 0, 0, 0], [cg, kh, kw, k]).transpose<tf.Tensor4D>([1, 2, 0, 3]);
  });
}
