import type * as tf from '@tensorflow/tfjs-node';
import { type Precision, castToBfloat16, castToFloat32, hasBfloat16, isBfloat16 } from './bfloat16';
import { defineOp } from './execute';

export type { Precision } from './bfloat16';

let current: Precision = 'float32';

/** The precision in which convolutions are computed at the moment. */
export function precision(): Precision {
  return current;
}

/** What this machine trains fastest in: bfloat16 where the processor multiplies it, else float32. */
export function fastestPrecision(): Precision {
  return hasBfloat16() ? 'bfloat16' : 'float32';
}

type NotPromise<T> = [T] extends [never] ? unknown : T extends PromiseLike<unknown> ? never : unknown;

/**
 * Runs a function with convolutions in a precision, like `torch.autocast('cpu', torch.bfloat16)`. With 'bfloat16' the first
 * convolution casts its input and all of them cast their filters (weights stay float32). Normalization (its statistics in
 * float32), relu and max pooling give what they are given; a sum is bfloat16 where both sides are, else float32, as torch
 * promotes types; global average pooling and `Linear` compute in float32. Gradients of weights are float32.
 *
 * @param run - a synchronous function: from its first `await` on, an asynchronous one would run in the precision of others.
 * @throws Error where {@link hasBfloat16} says no: it would be computed slower than float32, or not at all.
 */
export function withPrecision<T>(wanted: Precision, run: (() => T) & NotPromise<T>): T {
  if (wanted === 'bfloat16' && !hasBfloat16()) {
    throw new Error(
      "precision 'bfloat16': this processor does not multiply bfloat16 (Linux lists none of avx512_bf16, amx_bf16, " +
        "bf16), or TensorFlow may not use that here. Use 'float32', or fastestPrecision() to choose by machine.",
    );
  }
  const before = current;
  current = wanted;
  try {
    const result = run();
    if (!(result instanceof Promise)) return result;
    result.catch(() => undefined); // the error below is the one to be read
    throw new TypeError(
      'withPrecision takes no asynchronous function: from its first await on it would run in float32. ' +
        'Call withPrecision inside it, around the forward pass.',
    );
  } finally {
    current = before;
  }
}

const runToBfloat16 = defineOp<object>('ToBfloat16', {
  forward: ({ x }) => [castToBfloat16(x)],
  backward: ([dy]) => ({ x: () => toFloat32(dy) }),
});

const runToFloat32 = defineOp<object>('ToFloat32', {
  forward: ({ x }) => [castToFloat32(x)],
  backward: ([dy]) => ({ x: () => toBfloat16(dy) }),
});

/** x in bfloat16; x itself if it is already. */
export function toBfloat16<T extends tf.Tensor>(x: T): T {
  return isBfloat16(x) ? x : (runToBfloat16({ x }, {})[0] as T);
}

/** x in float32; x itself if it is already. */
export function toFloat32<T extends tf.Tensor>(x: T): T {
  return isBfloat16(x) ? (runToFloat32({ x }, {})[0] as T) : x;
}

/** x in the number format of another tensor. */
export function inTypeOf<T extends tf.Tensor>(other: tf.Tensor, x: T): T {
  return isBfloat16(other) ? toBfloat16(x) : toFloat32(x);
}
