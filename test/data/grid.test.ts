import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { denormalize, makeGrid } from '../../src/data/grid';
import { Normalize, ToTensor } from '../../src/data/transforms';
import { floatImage, floatsOf, golden, largestDifference, picture } from './golden';

/** The batch that data.py puts into its grids // [n, 3, 4, 3] */
function inputs(n: number): tf.Tensor4D {
  const { data } = new ToTensor().forward(picture(3, 4));
  const images = Array.from({ length: n }, (_, i) => [
    ...data.map((v) => Math.fround(Math.fround(Math.fround(v * (i + 1)) / 3) - 0.2 * i)),
  ]);
  return tf.tensor4d(images.flat(), [n, 3, 4, 3]);
}

test('torchvision’s grids: rows, borders, a single image; no tensor stays', () => {
  for (const entry of golden.grids) {
    const batch = inputs(entry.n);
    const before = tf.memory().numTensors;
    const grid = makeGrid(batch, entry.options);
    assert.equal(tf.memory().numTensors, before);
    batch.dispose();
    assert.deepEqual([grid.height, grid.width], [entry.height, entry.width]);
    assert.ok(largestDifference(grid.data, floatsOf(entry)) < 1e-6, JSON.stringify(entry.options));
  }
});

test('denormalize undoes Normalize', () => {
  const mean = [0.485, 0.456, 0.406];
  const std = [0.229, 0.224, 0.225];
  const image = new ToTensor().forward(picture(5, 6));
  const back = denormalize(new Normalize(mean, std).forward(image), mean, std);
  assert.ok(largestDifference(back.data, image.data) < 1e-6);
  assert.deepEqual(
    Array.from(denormalize(floatImage(1, 1, [1, -1, 0]), [1, 2, 3], [2, 2, 2]).data),
    [3, 0, 3],
  );
});

test('nothing to show and wrong shapes are named', () => {
  for (const shape of [
    [0, 2, 2, 3],
    [1, 2, 2, 1],
  ] as const) {
    const batch = tf.zeros<tf.Rank.R4>([...shape]);
    assert.throws(
      () => makeGrid(batch),
      new RegExp(`\\[N, height, width, 3\\], .*not \\[${shape.join()}\\]`),
    );
    batch.dispose();
  }
  const batch = inputs(2);
  assert.throws(() => makeGrid(batch, { nrow: 0 }), /nrow must be an integer from 1, not 0/);
  batch.dispose();
});
