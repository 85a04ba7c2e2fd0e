import * as tf from '@tensorflow/tfjs-node';
import { type Conv2dOptions, conv2dAttributes } from './conv2dAttributes';
import { convolve } from './convolve';
import { defineOp, executeSingle } from './execute';
import { filterGradientByMatMul, isWide } from './filterGradientByMatMul';
import { padPixels } from './pad';
import { precision, toBfloat16 } from './precision';
import {
  groupedFilterGradient,
  groupedInputGradient,
  nativeGroupedGradients,
} from './groupedConv2dGradients';

/**
 * TensorFlow's 'SAME' pads so that the output has ceil(size / stride) positions, and puts an odd pixel after.
 * Where that happens to be torch's symmetric padding it may stand for it.
 */
function sameEqualsPadding(
  size: number,
  kernel: number,
  { stride, padding, dilation }: Conv2dOptions,
): boolean {
  const extent = (kernel - 1) * dilation + 1;
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + extent - size, 0);
  return total === 2 * padding;
}

/**
 * How a convolution's gradients are padded. 'SAME' and 'VALID' reach oneDNN's kernels there, 'EXPLICIT' does forward only
 * (dx at 7x7x512: 24 ms instead of 10), so other paddings are written out as a Pad before a 'VALID' convolution.
 */
function padMode(x: tf.TensorInfo, filter: tf.TensorInfo, options: Conv2dOptions): 'SAME' | 'VALID' | 'PAD' {
  if (options.padding === 0) return 'VALID';
  const same = [0, 1].every((axis) => sameEqualsPadding(x.shape[axis + 1], filter.shape[axis], options));
  return same ? 'SAME' : 'PAD';
}

/** Takes the padding off again: the middle [N, height, width, C] of a padded tensor. */
function cropPixels(x: tf.Tensor, padding: number): tf.Tensor {
  const [n, height, width, channels] = x.shape;
  return tf.slice(x, [0, padding, padding, 0], [n, height - 2 * padding, width - 2 * padding, channels]);
}

function composedGradients(dy: tf.Tensor, x: tf.Tensor, filter: tf.Tensor, options: Conv2dOptions) {
  return {
    x: () => groupedInputGradient(dy as tf.Tensor4D, x as tf.Tensor4D, filter as tf.Tensor4D, options),
    filter: () => groupedFilterGradient(dy as tf.Tensor4D, x as tf.Tensor4D, filter as tf.Tensor4D, options),
  };
}

const runConv2d = defineOp<Conv2dOptions>('Conv2d', {
  forward: ({ x, filter }, options) => [convolve(x, filter, options, options.padding)],
  savedInputs: ['x', 'filter'],
  backward([dy], [x, filter], options) {
    if ((options.groups > 1 || options.dilation > 1) && !nativeGroupedGradients())
      return composedGradients(dy, x, filter, options);
    const mode = padMode(x, filter, options);
    const attrs = conv2dAttributes(options, mode === 'SAME' ? 'SAME' : 'VALID');
    return {
      x: () => {
        const [n, height, width, channels] = x.shape;
        const border = mode === 'PAD' ? 2 * options.padding : 0;
        const size = tf.tensor1d([n, height + border, width + border, channels], 'int32');
        const dx = executeSingle('Conv2DBackpropInput', attrs, [size, filter, dy]);
        return mode === 'PAD' ? cropPixels(dx, options.padding) : dx;
      },
      filter: () => {
        if (isWide(x, filter, options)) return filterGradientByMatMul(dy, x, filter.shape, options);
        const input = mode === 'PAD' ? padPixels(x, options.padding) : x;
        const size = tf.tensor1d(filter.shape, 'int32');
        return executeSingle('Conv2DBackpropFilter', attrs, [input, size, dy]);
      },
    };
  },
  portable: { backward: ([dy], [x, filter], options) => composedGradients(dy, x, filter, options) },
});

/**
 * 2-D convolution (cross-correlation, as in torch), on TensorFlow's Conv2D.
 *
 * @param x - [N, H, W, C].
 * @param filter - [kernel height, kernel width, C / groups, K].
 * @returns [N, H', W', K] with H' = floor((H + 2 padding - dilation (kernel - 1) - 1) / stride) + 1.
 */
export function conv2d(x: tf.Tensor4D, filter: tf.Tensor4D, options: Conv2dOptions): tf.Tensor4D {
  if (precision() === 'float32') return runConv2d({ x, filter }, options)[0] as tf.Tensor4D;
  return tf.tidy(() => {
    const inputs = { x: toBfloat16(x), filter: toBfloat16(filter) };
    return runConv2d(inputs, options)[0] as tf.Tensor4D;
  });
}
