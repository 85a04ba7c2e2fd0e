import * as tf from '@tensorflow/tfjs-node';
import { type Attribute, FLOAT, NHWC, defineOp, executeSingle } from './execute';
import { sumByChannel } from './sumByChannel';
import { inTypeOf } from './precision';

const ATTRIBUTES: Record<string, Attribute> = { T: FLOAT, data_format: NHWC };

/**
 * [N, H, W, C] -> [N * H * W, C]. In a graph, where oneDNN has its own kernels (AVX-512), TensorFlow makes one op of a
 * convolution and the `BiasAdd` beside it, and of their gradients, and that one rounds otherwise; with a reshape between
 * them it doesn't, and a graph gives the bits of op by op.
 */
const rows = (x: tf.Tensor): tf.Tensor2D => x.reshape([-1, x.shape[x.rank - 1]]);

const runBiasAdd = defineOp<object>('BiasAdd', {
  forward: ({ x, bias }) => [
    tf.tidy(() => executeSingle('BiasAdd', ATTRIBUTES, [rows(x), bias]).reshape(x.shape)),
  ],
  // BiasAddGrad adds bfloat16 up in float32; a sum in bfloat16 stands still once it is 256 times what is added
  backward: ([dy]) => ({
    x: () => dy.clone(),
    bias: () => tf.tidy(() => executeSingle('BiasAddGrad', ATTRIBUTES, [rows(dy)])),
  }),
  portable: {
    forward: ({ x, bias }) => [tf.add(x, bias)],
    backward: ([dy]) => ({ x: () => dy.clone(), bias: () => sumByChannel(dy) }),
  },
});

/** Adds one number to each channel of x [N, H, W, C]: bias [C], in x's number format. */
export function biasAdd(x: tf.Tensor4D, bias: tf.Tensor): tf.Tensor4D {
  return runBiasAdd({ x, bias: inTypeOf(x, bias) }, {})[0] as tf.Tensor4D;
}
