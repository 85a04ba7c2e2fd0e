import * as tf from '@tensorflow/tfjs-node';
import { conv2d } from './conv2d';
import { type Conv2dOptions, conv2dAttributes } from './conv2dAttributes';
import { type Attribute, executeSingle } from './execute';
import { relu } from './relu';

/** A convolution and what is done to its result before it is written to memory. */
export interface FusedConv2dOptions extends Conv2dOptions {
  /** Whether negative values become 0 at the end. */
  relu: boolean;
}

const LABEL: Attribute = { string: 'MklNameChangeOp' }; // by which TensorFlow finds oneDNN's kernels of such names

function runFused(
  x: tf.Tensor,
  filter: tf.Tensor,
  after: tf.Tensor[], // the bias, and what else is added
  options: FusedConv2dOptions,
): tf.Tensor4D {
  const steps = ['BiasAdd', ...(after.length > 1 ? ['Add'] : []), ...(options.relu ? ['Relu'] : [])];
  const attributes: Record<string, Attribute> = {
    ...conv2dAttributes(options, options.padding),
    TArgs: { types: after.map(() => 'float32') },
    num_args: { int: after.length },
    fused_ops: { strings: steps },
    _kernel: LABEL,
  };
  return executeSingle('_MklNativeFusedConv2D', attributes, [x, filter, ...after]) as tf.Tensor4D;
}

let fuses: boolean | undefined;

/** Whether TensorFlow has the fused kernel: oneDNN's (x86-64), through a binding that can name what is to be fused. */
export function hasFusedConv2d(): boolean {
  fuses ??= tf.tidy(() => {
    const options = { stride: 1, padding: 0, dilation: 1, groups: 1, relu: true };
    try {
      const one = tf.ones([1, 1, 1, 1]);
      return runFused(one, one, [tf.ones([1])], options).dataSync()[0] === 2;
    } catch {
      return false;
    }
  });
  return fuses;
}

/**
 * relu(conv2d(x, filter) + bias + addend) in one pass over memory where {@link hasFusedConv2d}, step by step elsewhere and
 * for groups. For inference: no gradient is recorded through it.
 *
 * @param x - [N, H, W, C]; in bfloat16 all others are too.
 * @param filter - [kernel height, kernel width, C / groups, K].
 * @param bias - [K].
 * @param addend - like the result, [N, H', W', K]; undefined adds nothing.
 */
export function fusedConv2d(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  bias: tf.Tensor1D,
  options: FusedConv2dOptions,
  addend?: tf.Tensor,
): tf.Tensor4D {
  if (options.groups === 1 && hasFusedConv2d())
    return runFused(x, filter, addend ? [bias, addend] : [bias], options);
  return tf.tidy(() => {
    const sum = tf.add(conv2d(x, filter, options), bias);
    const all = addend ? tf.add(sum, addend) : sum;
    return (options.relu ? relu(all) : all) as tf.Tensor4D;
  });
}
