import * as tf from '@tensorflow/tfjs-node';
import { FLOAT, defineOp, executeSingle } from './execute';

const runRelu = defineOp<object>('Relu', {
  forward: ({ x }) => [executeSingle('Relu', { T: FLOAT }, [x])],
  savedOutputs: [true],
  // ReluGrad is one pass; tfjs's own gradient compares, casts and multiplies
  backward: ([dy], [y]) => ({ x: () => executeSingle('ReluGrad', { T: FLOAT }, [dy, y]) }),
  portable: {
    forward: ({ x }) => [tf.relu(x)],
    backward: ([dy], [y]) => ({ x: () => tf.mul(dy, tf.step(y)) }),
  },
});

/** max(x, 0), element by element. */
export function relu<T extends tf.Tensor>(x: T): T {
  return runRelu({ x }, {})[0] as T;
}
