import * as tf from '@tensorflow/tfjs-node';
import { isNative } from './backend';
import { FLOAT, executeSingle } from './execute';
import { philox } from './philox';
import type { Random } from '../random';

const INT: { type: 'int32' } = { type: 'int32' };

function stateless(kind: 'Uniform' | 'Normal', shape: number[], random: Random): tf.Tensor {
  return tf.tidy(() => {
    const seeds = [random.integer(2 ** 31), random.integer(2 ** 31)];
    if (!isNative()) return tf.tensor(philox(kind, tf.util.sizeFromShape(shape), seeds), shape);
    const inputs = [tf.tensor1d(shape, 'int32'), tf.tensor1d(seeds, 'int32')];
    return executeSingle(`StatelessRandom${kind}`, { dtype: FLOAT, T: INT, Tseed: INT }, inputs);
  });
}

/** Draws from the normal distribution (mean 0, deviation 1), the two seeds of TensorFlow's generator from `random`. */
export function randomNormal(shape: number[], random: Random): tf.Tensor {
  return stateless('Normal', shape, random);
}

/** Draws from the uniform distribution on [0, 1). */
export function randomUniform(shape: number[], random: Random): tf.Tensor {
  return stateless('Uniform', shape, random);
}
