import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coverTest } from '../../src/explain/coverTest';
import { Module } from '../../src/nn/module';
import { Random } from '../../src/random';

/** Says class 1 by how bright the square of 8 x 8 pixels at (8, 16) is; nothing else counts. */
class LooksAtOnePlace extends Module {
  forward(x: tf.Tensor): tf.Tensor2D {
    return tf.tidy(() => {
      const seen = tf.slice(x as tf.Tensor4D, [0, 8, 16, 0], [-1, 8, 8, -1]).mean([1, 2, 3]);
      return tf.stack([tf.zerosLike(seen), seen.mul(4)], 1) as tf.Tensor2D;
    });
  }
}

/** Maps [1, 4, 4] that are 1 at one position. */
const mapAt = (row: number, column: number): tf.Tensor3D =>
  tf.tensor3d([
    Array.from({ length: 4 }, (_, i) => Array.from({ length: 4 }, (_, j) => +(i === row && j === column))),
  ]);

test('covering what a right map marks makes the probability fall, and what a wrong one marks does not', () => {
  const network = new LooksAtOnePlace();
  const x = tf.ones<tf.Rank.R4>([1, 32, 32, 3]);
  const before = tf.memory().numTensors;
  const full = 1 / (1 + Math.exp(-4)) - 0.5; // from sigmoid(4) to that of nothing seen
  const options = { part: 1 / 4, patches: 200 };
  const [right, wrong] = [mapAt(1, 2), mapAt(3, 0)].map((maps) => {
    const falls = coverTest(network, x, maps, [1], options);
    maps.dispose();
    return falls[0];
  });
  assert.ok(Math.abs(right.marked - full) < 1e-6, String(right.marked));
  assert.ok(Math.abs(wrong.marked) < 1e-6, String(wrong.marked));
  // one place in 16 is the right one: 200 draws hit it 12.5 times, with a deviation of 3.4
  assert.ok(Math.abs(right.random - full / 16) < full * 0.06, String(right.random));
  assert.equal(right.random, wrong.random, 'the same seed, the same places');
  assert.ok(network.training, 'its mode is put back');
  assert.equal(tf.memory().numTensors, before);
  x.dispose();
});

test('each picture has its own place and class, also where maps and pictures are not square', () => {
  const network = new LooksAtOnePlace();
  const x = tf.ones<tf.Rank.R4>([2, 24, 48, 3]);
  const maps = tf.tidy(() => {
    const flat = tf.buffer([2, 3, 6]);
    flat.set(1, 0, 1, 2); // rows 8 to 16, columns 16 to 24
    flat.set(1, 1, 0, 0);
    return flat.toTensor() as tf.Tensor3D;
  });
  const falls = coverTest(network, x, maps, [1, 0], { part: 1 / 5, patches: 1, random: new Random(3) });
  assert.ok(falls[0].marked > 0.4);
  assert.ok(Math.abs(falls[1].marked) < 1e-6);
  const opposite = coverTest(network, x, maps, [0, 0], { part: 1 / 5 });
  assert.ok(opposite[0].marked < -0.4, 'what speaks against a class makes its probability rise');
  assert.throws(
    () => coverTest(network, x, maps, [1, 0], { part: 0 }),
    /part must be a number above 0 to 1, not 0/,
  );
  assert.throws(
    () => coverTest(network, x, maps, [1, 0], { patches: 0 }),
    /patches must be an integer from 1/,
  );
  assert.throws(
    () => coverTest(network, x, maps, [1]),
    /2 pictures need as many maps and classes; got 2 and 1/,
  );
  tf.dispose([x, maps]);
});
