import * as tf from '@tensorflow/tfjs-node';
import type { Conv2dOptions } from './conv2d';
import { type Attribute, FLOAT, NHWC, executeSingle } from './execute';

/*
 * Gradients of grouped and dilated convolutions. TensorFlow's own CPU kernels have none ("Gradients for grouped
 * convolutions are not supported on CPU"), but oneDNN's, which stand in for them on x86-64 and on Arm under Linux, do:
 * for ResNeXt-50's 3x3 convolutions both gradients together take 2.4 times the forward pass. Where they are missing,
 * the gradients are composed here of operations that exist, which takes about 30 times the forward pass.
 *
 * The notation is that of conv2d.ts: x [N, H, W, C], filter [kh, kw, C/G, K], dy [N, H', W', K], G groups, Cg = C/G,
 * Kg = K/G.
 */

let native: boolean | undefined;

/** Whether this TensorFlow has gradients of grouped convolutions, found out once by a try on a few numbers. */
export function nativeGroupedGradients(): boolean {
  native ??= tf.tidy(() => {
    const attributes: Record<string, Attribute> = {
      T: FLOAT,
      strides: { int: [1, 1, 1, 1] },
      padding: { string: 'VALID' },
      data_format: NHWC,
      dilations: { int: [1, 1, 1, 1] },
    };
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

/**
 * dL/dx: every dy is spread over the pixels that its window saw. As a matrix product per group,
 * columns [N H' W', Kg] x [Kg, kh kw Cg], followed by adding each tap's columns back at its place (col2im).
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
  const [, outHeight, outWidth] = dy.shape;
  return tf.tidy(() => {
    const dyGroups = dy.reshape([n * outHeight * outWidth, groups, kg]).transpose([1, 0, 2]); // [G, NH'W', Kg]
    const filterGroups = filter.reshape([kh * kw, cg, groups, kg]).transpose([0, 2, 3, 1]); // [kh kw, G, Kg, Cg]
    const taps = tf.unstack(filterGroups); // kh kw times [G, Kg, Cg]
    const paddedHeight = height + 2 * padding;
    const paddedWidth = width + 2 * padding;
    let sum: tf.Tensor | undefined;
    taps.forEach((tap, index) => {
      const row = Math.floor(index / kw) * dilation;
      const column = (index % kw) * dilation;
      const spread = tf.tidy(() => {
        const pixels = tf
          .matMul(dyGroups, tap) // [G, NH'W', Cg]
          .transpose([1, 0, 2])
          .reshape([n, outHeight, outWidth, channels]) as tf.Tensor4D;
        return tf.pad(spreadPixels(pixels, stride), [
          [0, 0],
          [row, paddedHeight - row - ((outHeight - 1) * stride + 1)],
          [column, paddedWidth - column - ((outWidth - 1) * stride + 1)],
          [0, 0],
        ]);
      });
      const previous = sum;
      sum = previous ? tf.add(previous, spread) : spread;
      if (previous) tf.dispose([previous, spread]);
    });
    return tf.slice(sum as tf.Tensor4D, [0, padding, padding, 0], [n, height, width, channels]);
  });
}

/** Puts stride - 1 zeros between neighbouring pixels: [N, H', W', C] -> [N, (H'-1) stride + 1, (W'-1) stride + 1, C]. */
function spreadPixels(x: tf.Tensor4D, stride: number): tf.Tensor4D {
  if (stride === 1) return x;
  const [n, height, width, channels] = x.shape;
  const spread = tf
    .pad(x.reshape([n, height, 1, width, 1, channels]), [
      [0, 0],
      [0, 0],
      [0, stride - 1],
      [0, 0],
      [0, stride - 1],
      [0, 0],
    ])
    .reshape([n, height * stride, width * stride, channels]);
  return tf.slice(
    spread as tf.Tensor4D,
    [0, 0, 0, 0],
    [n, (height - 1) * stride + 1, (width - 1) * stride + 1, channels],
  );
}

/** dL/dfilter: for each group and tap, the product of what the tap saw [Cg, NH'W'] and dy [NH'W', Kg]. */
export function groupedFilterGradient(
  dy: tf.Tensor4D,
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  { stride, padding, dilation, groups }: Conv2dOptions,
): tf.Tensor4D {
  const [n, , , channels] = x.shape;
  const [kh, kw, cg, k] = filter.shape;
  const kg = k / groups;
  const [, outHeight, outWidth] = dy.shape;
  return tf.tidy(() => {
    const padded = tf.pad(x, [
      [0, 0],
      [padding, padding],
      [padding, padding],
      [0, 0],
    ]);
    const dyGroups = dy.reshape([n * outHeight * outWidth, groups, kg]).transpose([1, 0, 2]); // [G, NH'W', Kg]
    const taps = Array.from({ length: kh * kw }, (_, index) =>
      tf.tidy(() => {
        const begin = [0, Math.floor(index / kw) * dilation, (index % kw) * dilation, 0];
        const end = [
          n,
          begin[1] + (outHeight - 1) * stride + 1,
          begin[2] + (outWidth - 1) * stride + 1,
          channels,
        ];
        const seen = executeSingle(
          'StridedSlice',
          { T: FLOAT, Index: { type: 'int32' } },
          [begin, end, [1, stride, stride, 1]].reduce<tf.Tensor[]>(
            (inputs, values) => [...inputs, tf.tensor1d(values, 'int32')],
            [padded],
          ),
        ); // [N, H', W', C]
        const seenGroups = seen.reshape([n * outHeight * outWidth, groups, cg]).transpose([1, 0, 2]); // [G, NH'W', Cg]
        return tf.matMul(seenGroups, dyGroups, true, false); // [G, Cg, Kg]
      }),
    );
    return tf
      .stack(taps) // [kh kw, G, Cg, Kg]
      .transpose([0, 2, 1, 3])
      .reshape([kh, kw, cg, k]) as tf.Tensor4D;
  });
}
