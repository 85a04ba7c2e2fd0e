import * as tf from '@tensorflow/tfjs-node';
import { toFloat32 } from '../../src/state/convert';
import type { Module } from '../../src/nn/module';
import type { Parameter, StateBuffer } from '../../src/nn/parameter';
import type { StateTensor } from '../../src/state/stateDict';

/*
 * Numbers that TypeScript and Python make alike (formula.py has the same), so that no weights are stored. All are in
 * torch's layout; a float32 product of two float32 numbers is rounded once on either side.
 */

/** FNV-1a, 32 bits. */
function seedOf(name: string): number {
  let h = 0x811c9dc5;
  for (const byte of Buffer.from(name)) h = Math.imul(h ^ byte, 0x01000193);
  return h;
}

/** float32 numbers in [-1, 1) that look random: the i-th is a hash of the name and of i (murmur3's finalizer). */
export function uniform(name: string, size: number): Float32Array {
  const seed = seedOf(name);
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    let x = (Math.imul(i, 2654435761) + seed) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    x ^= x >>> 16;
    values[i] = (x >>> 8) * 2 ** -23 - 1;
  }
  return values;
}

function affine(u: Float32Array, scale: number, shift: number): Float32Array {
  const factor = Math.fround(scale);
  for (let i = 0; i < u.length; i++) u[i] = Math.fround(u[i] * factor) + shift;
  return u;
}

/** A parameter or buffer by its name and torch's shape, of a size that keeps activations between 0.1 and 100. */
export function value(name: string, shape: readonly number[]): StateTensor {
  const last = name.split('.').at(-1);
  if (last === 'num_batches_tracked') return { dtype: 'int64', shape: [], data: BigInt64Array.of(3n) };
  const size = shape.reduce((product, n) => product * n, 1);
  const u = uniform(name, size);
  const make = (scale: number, shift: number): StateTensor => ({
    dtype: 'float32',
    shape,
    data: affine(u, scale, shift),
  });
  if (shape.length > 1) {
    // He's for convolutions; half of its variance for the last layer
    const fanIn = size / shape[0];
    return make(Math.sqrt((shape.length === 4 ? 6 : 3) / fanIn), 0);
  }
  if (last === 'running_var') return make(0.5, 1);
  if (last === 'weight') {
    // small in the last normalizations of a block: what blocks add up amplifies rounding
    if (name.includes('.bn3.')) return make(0.0625, 0.125);
    return name.includes('.bn2.') ? make(0.125, 0.5) : make(0.25, 1);
  }
  return make(0.125, 0);
}

/** Gives every parameter and buffer its value, or those of one kind alone. */
export function fill<M extends Module>(model: M, kind?: typeof Parameter | typeof StateBuffer): M {
  for (const [name, tensor] of model.namedTensors()) {
    if (kind && !(tensor instanceof kind)) continue;
    tensor.fromTorch(toFloat32(value(name, tensor.torchShape)));
  }
  return model;
}

/** A batch by its name: made as torch's [N, C, H, W], returned as [N, H, W, C]. */
export function pictures(name: string, shape: readonly [number, number, number, number], scale = 1): tf.Tensor4D {
  const size = shape.reduce((product, n) => product * n, 1);
  return tf.tidy(() =>
    tf.tensor4d(affine(uniform(name, size), scale, 0), [...shape]).transpose<tf.Tensor4D>([0, 2, 3, 1]),
  );
}

/** Values in torch's layout in a few numbers, as in formula.py: norm, product with a random vector, three elements. */
export function summary(values: ArrayLike<number>, name: string): number[] {
  const probe = uniform(`probe ${name}`, values.length);
  let [squares, product] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    squares += values[i] ** 2;
    product += values[i] * probe[i];
  }
  const picks = [0, Math.floor(values.length / 3), values.length - 1];
  return [Math.sqrt(squares), product, ...picks.map((i) => values[i])];
}

/** A gradient's values in torch's layout. */
export function gradientOf(parameter: Parameter): Float32Array {
  const gradient = parameter.grad;
  if (gradient === null) throw new Error('The parameter has no gradient.');
  const torch = parameter.layout === 'filter' ? tf.transpose(gradient, [3, 2, 0, 1]) : gradient.clone();
  const values = torch.dataSync<'float32'>(); // not in tf.tidy, which would search the array for tensors
  torch.dispose();
  return values;
}

/** The largest difference, as a part of the largest expected number. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} numbers, expected ${expected.length}`);
  let [difference, largest] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  return Number.isNaN(difference) ? Infinity : difference / largest;
}
