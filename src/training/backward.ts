import * as tf from '@tensorflow/tfjs-node';
import type { Parameter } from '../nn/parameter';

/**
 * Computes a loss and the gradients of parameters, which it leaves in their `grad` (added to what is there, as torch's
 * `loss.backward()` does). torch records the forward pass as it runs; tfjs has to be handed it as a function.
 *
 * @param parameters - those without `requiresGrad` are passed over, and no gradient is computed for them.
 * @param forward - runs the model and returns the loss, a scalar.
 * @returns the loss, which the caller owns.
 */
export function backward(parameters: Parameter[], forward: () => tf.Scalar): tf.Scalar {
  const wanted = parameters.filter((parameter) => parameter.requiresGrad);
  if (wanted.length === 0) throw new Error('backward: every parameter is frozen (requiresGrad is false).');
  return tf.tidy(() => {
    const values = wanted.map((parameter) => parameter.value);
    const { value, grads } = tf.engine().gradients(forward, values);
    wanted.forEach((parameter, i) => {
      const sum = parameter.grad === null ? grads[i] : tf.add(parameter.grad, grads[i]);
      parameter.zeroGrad();
      parameter.grad = tf.keep(sum);
    });
    return value;
  });
}
