import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FeatureDataset } from '../../src/data/features';
import { nearestNeighbours } from '../../src/explain/neighbours';
import { uniform } from '../golden/formula';

const dataset = (name: string, length: number, channels: number, views = 1): FeatureDataset =>
  new FeatureDataset(uniform(name, views * length * channels), new Int32Array(length), {
    classes: ['a'],
    views,
  });

test('nearest pictures are those of the largest cosine, worked out one by one', () => {
  const [asked, among] = [dataset('asked', 600, 7), dataset('among', 40, 7, 2)];
  const before = tf.memory().numTensors;
  const found = nearestNeighbours(asked, among, 3);
  assert.equal(tf.memory().numTensors, before);
  assert.equal(found.length, 600);
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  for (const query of [0, 511, 512, 599]) {
    const row = asked.row(query, 0);
    const expected = Array.from({ length: 40 }, (_, index) => {
      const other = among.row(index, 0);
      return { index, similarity: dot(row, other) / Math.sqrt(dot(row, row) * dot(other, other)) };
    });
    expected.sort((a, b) => b.similarity - a.similarity);
    assert.deepEqual(
      found[query].map(({ index }) => index),
      expected.slice(0, 3).map(({ index }) => index),
    );
    found[query].forEach(({ similarity }, i) =>
      assert.ok(Math.abs(similarity - expected[i].similarity) < 1e-5),
    );
  }
  const [self] = nearestNeighbours(among, among, 1);
  assert.equal(self[0].index, 0);
  assert.ok(Math.abs(self[0].similarity - 1) < 1e-6);
});

test('fewer pictures than are asked for, other features and nothing at all are no trouble or named', () => {
  const few = dataset('few', 3, 4);
  assert.equal(nearestNeighbours(few, few)[0].length, 3);
  assert.throws(() => nearestNeighbours(few, few, 4), /k must be an integer from 1 to 3, not 4/);
  assert.throws(
    () => nearestNeighbours(dataset('other', 2, 5), few),
    /5 features of a picture can't be compared with 4/,
  );
  const nothing = new FeatureDataset(new Float32Array(4), new Int32Array(1), { classes: ['a'] });
  assert.equal(Math.abs(nearestNeighbours(nothing, few, 1)[0][0].similarity), 0);
});
