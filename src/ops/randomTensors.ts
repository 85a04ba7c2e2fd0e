import * as tf from '@tensorflow/tfjs-node';
import { FLOAT, executeSingle } from './execute';
import type { Random } from '../random';

const INT: { type: 'int32' } = { type: 'int32' };

function stateless(op: string, shape: number[], random: Random): tf.Tensor {
  return tf.tidy(() => {
    const seeds = [random.integer(2 ** 31), random.integer(2 ** 31)];
    const inputs = [tf.tensor1d(shape, 'int32'), tf.tensor1d(seeds, 'int32')];
    return executeSingle(op, { dtype: FLOAT, T: INT, Tseed: INT }, inputs);
  });
}

/** Draws from the normal distribution (mean 0, deviation 1), the two seeds of TensorFlow's generator from `random`. */
export function randomNormal(shape: number[], random: Random): tf.Tensor {
  return stateless('StatelessRandomNormal', shape, random);
}

/** Draws from the uniform distribution on [0, 1). */
export function randomUniform(shape: number[], random: Random): tf.Tensor {
  return stateless('StatelessRandomUniform', shape, random);
}
