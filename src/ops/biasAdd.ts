import * as tf from '@tensorflow/tfjs-node';
import { type Attribute, FLOAT, NHWC, defineOp, executeSingle } from './execute';
import { sumByChannel } from './sumByChannel';
import { inTypeOf } from './precision';

const ATTRIBUTES: Record<string, Attribute> = { T: FLOAT, data_format: NHWC };

const runBiasAdd = defineOp<object>('BiasAdd', {
  forward: ({ x, bias }) => [executeSingle('BiasAdd', ATTRIBUTES, [x, bias])],
  // BiasAddGrad adds bfloat16 up in float32; a sum in bfloat16 stands still once it is 256 times what is added
  backward: ([dy]) => ({
    x: () => dy.clone(),
    bias: () => executeSingle('BiasAddGrad', ATTRIBUTES, [dy]),
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
