import * as tf from '@tensorflow/tfjs-node';
import { isNative } from './backend';
import { FLOAT, defineOp, executeSingle } from './execute';

/** Zeros before and after, a pair of counts for each axis. */
export type Paddings = [before: number, after: number][];

/** {@link pad} within a kernel, where no gradient is recorded. */
export function padWithZeros(x: tf.Tensor, paddings: Paddings): tf.Tensor {
  if (!isNative()) return tf.pad(x, paddings);
  const pairs = tf.tensor2d(paddings, [paddings.length, 2], 'int32');
  return executeSingle('Pad', { T: FLOAT, Tpaddings: { type: 'int32' } }, [x, pairs]);
}

/** {@link padWithZeros} around the pixels of x [N, H, W, C], equally on all four sides. */
export function padPixels(x: tf.Tensor, padding: number): tf.Tensor {
  return padWithZeros(x, [
    [0, 0],
    [padding, padding],
    [padding, padding],
    [0, 0],
  ]);
}

const runPad = defineOp<{ paddings: Paddings }>('Pad', {
  forward: ({ x }, { paddings }) => [padWithZeros(x, paddings)],
  backward: ([dy], _, { paddings }) => ({
    x: () => {
      const begin = paddings.map(([before]) => before);
      const size = dy.shape.map((n, axis) => n - paddings[axis][0] - paddings[axis][1]);
      return tf.slice(dy, begin, size);
    },
  }),
});

/** Puts zeros before and after along each axis. */
export function pad<T extends tf.Tensor>(x: T, paddings: Paddings): T {
  return runPad({ x }, { paddings })[0] as T;
}
