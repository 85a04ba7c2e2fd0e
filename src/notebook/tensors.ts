import * as tf from '@tensorflow/tfjs-node';

/**
 * Runs `work` and counts the tensors that it leaves behind: nothing collects them but `dispose` and `tf.tidy`.
 *
 * @returns what `work` returned, and `kept`: 0 when it cleaned up after itself; a tensor that it returned counts.
 */
export async function tensorsKept<T>(work: () => T | Promise<T>): Promise<{ result: T; kept: number }> {
  const before = tf.memory().numTensors;
  const result = await work();
  return { result, kept: tf.memory().numTensors - before };
}
