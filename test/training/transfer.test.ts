import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FeatureDataset } from '../../src/data/features';
import { resnet20_cifar } from '../../src/models/cifarBuilders';
import { setProgress, silentProgress } from '../../src/progress';
import { Random, defaultRandom } from '../../src/random';
import { giveHead, measure, outOfFold, pairedGain, trainHead } from '../../src/training/transfer';

setProgress(silentProgress);

/** Two clouds in 64 dimensions; some labels are wrong. */
function clouds(count: number, seed: number, wrong: readonly number[] = []): FeatureDataset {
  const random = new Random(seed);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
  const rows = Float32Array.from([...labels].flatMap((label) => Array.from({ length: 64 }, (_, k) => random.normal() + (k < 8 ? 4 * label - 2 : 0)))); // prettier-ignore
  for (const index of wrong) labels[index] = 1 - labels[index];
  return new FeatureDataset(rows, labels, { classes: ['one', 'other'] });
}

const rightOf = (rows: ArrayLike<number>, { labels }: FeatureDataset): number[] =>
  [...labels].flatMap((label, i) => (rows[2 * i + 1] > rows[2 * i] === (label === 1) ? [i] : []));

test('a new last layer learns what features hold, alike for one seed, and fits into the network', async () => {
  const [train, held] = [clouds(200, 1), clouds(100, 2)];
  const [tensors, random] = [tf.memory().numTensors, defaultRandom().state];
  const head = await trainHead(train, held, { epochs: 10 });
  assert.deepEqual(defaultRandom().state, random);
  const answers = tf.tidy(() => head.forward(tf.tensor2d(held.features, [100, 64])).dataSync());
  assert.ok(rightOf(answers, held).length > 95);
  const again = await trainHead(train, held, { epochs: 10 });
  assert.deepEqual(again.weight.toState(), head.weight.toState());
  again.dispose();
  const network = resnet20_cifar();
  giveHead(network, head);
  assert.equal(network.fc, head);
  network.dispose();
  assert.equal(tf.memory().numTensors, tensors);
});

test('pictures are judged by layers that did not see them: wrong labels stand out', async () => {
  const wrong = [3, 50, 121];
  const train = clouds(150, 3, wrong);
  const tensors = tf.memory().numTensors;
  const probabilities = await outOfFold(train, { epochs: 10 });
  assert.equal(tf.memory().numTensors, tensors);
  assert.equal(probabilities.length, 300);
  const missed = [...train.labels.keys()].filter((i) => !rightOf(probabilities, train).includes(i));
  for (const index of wrong) assert.ok(missed.includes(index), String(index));
  assert.ok(missed.length < 12, missed.join());
});

test('answers are counted by what they are and what they were taken for', () => {
  const measured = measure([0, 0, 1, 2], [0, 1, 1, 0], 3);
  assert.deepEqual(measured.confusion, [[1, 1, 0], [0, 1, 0], [1, 0, 0]]); // prettier-ignore
  assert.deepEqual([measured.pictures, measured.right], [4, 2]);
});

test('a gain on the same pictures has the standard error of their differences', () => {
  // 10 pictures: 3 won, 1 lost. The variance of -1, 0 and 1 so often is 0.4 - 0.2 ** 2.
  const labels = Array<number>(10).fill(1);
  const { gain, error } = pairedGain(labels, [0, 0, 0, 1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 1, 1, 1, 1, 1, 1]);
  assert.ok(Math.abs(gain - 0.2) < 1e-12);
  assert.ok(Math.abs(error - Math.sqrt(0.36 / 10)) < 1e-12);
  assert.deepEqual(pairedGain(labels, labels, labels), { gain: 0, error: 0 });
});
