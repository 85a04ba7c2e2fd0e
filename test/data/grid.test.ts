import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { denormalize, makeGrid } from '../../src/data/grid';
import type { ImageArray } from '../../src/data/image';
import { Normalize, ToTensor } from '../../src/data/transforms';
import { floatImage, floatsOf, golden, largestDifference, picture } from './golden';

/** The images that data.py puts into its grids. */
function inputs(n: number): ImageArray[] {
  const image = new ToTensor().forward(picture(3, 4));
  return Array.from({ length: n }, (_, i) => ({
    ...image,
    data: image.data.map((v) => Math.fround(Math.fround(Math.fround(v * (i + 1)) / 3) - 0.2 * i)),
  }));
}

test('torchvision’s grids: rows, borders, a single image', () => {
  for (const entry of golden.grids) {
    const grid = makeGrid(inputs(entry.n), entry.options);
    assert.deepEqual([grid.height, grid.width], [entry.height, entry.width]);
    assert.ok(largestDifference(grid.data, floatsOf(entry)) < 1e-6, JSON.stringify(entry.options));
  }
});

test('a batch gives the same grid as its images, and no tensor stays', () => {
  const images = inputs(5);
  const before = tf.memory().numTensors;
  const batch = tf.tensor4d(Float32Array.from(images.flatMap(({ data }) => [...data])), [5, 3, 4, 3]);
  assert.deepEqual(makeGrid(batch, { nrow: 2 }), makeGrid(images, { nrow: 2 }));
  batch.dispose();
  assert.equal(tf.memory().numTensors, before);
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

test('nothing to show, mixed sizes and wrong shapes are named', () => {
  assert.throws(() => makeGrid([]), /there is no image/);
  assert.throws(
    () => makeGrid([floatImage(1, 1, [0, 0, 0]), floatImage(1, 2, [0, 0, 0, 0, 0, 0])]),
    /got 1x1 and 1x2/,
  );
  assert.throws(() => makeGrid(inputs(2), { nrow: 0 }), /nrow is an integer from 1, not 0/);
  const grey = tf.zeros<tf.Rank.R4>([1, 2, 2, 1]);
  assert.throws(() => makeGrid(grey), /\[N, height, width, 3\], got \[1,2,2,1\]/);
  grey.dispose();
});
