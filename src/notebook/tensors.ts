import * as tf from '@tensorflow/tfjs-node';

/** How many tensors TensorFlow held before and after some work, and the bytes by which they grew. */
export interface TensorsKept<T> {
  result: T;
  before: number;
  after: number;
  /** after - before: 0 when the work cleaned up after itself; a tensor that it returned counts. */
  kept: number;
  bytes: number;
}

/** Runs `work` and counts the tensors that it leaves behind: nothing collects them but `dispose` and `tf.tidy`. */
export async function tensorsKept<T>(work: () => T | Promise<T>): Promise<TensorsKept<T>> {
  const start = tf.memory();
  const before = start.numTensors;
  const bytes = start.numBytes;
  const result = await work();
  const end = tf.memory();
  return {
    result,
    before,
    after: end.numTensors,
    kept: end.numTensors - before,
    bytes: end.numBytes - bytes,
  };
}
