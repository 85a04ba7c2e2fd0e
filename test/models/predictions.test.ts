import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topPredictions } from '../../src/models/predictions';

test('the likeliest classes come first, with their softmax', () => {
  const logits = tf.tensor2d([
    [Math.log(1), Math.log(6), Math.log(3)],
    [9, 0, 0],
  ]);
  const before = tf.memory().numTensors;
  const [first, second] = topPredictions(logits, ['cat', 'dog', 'ant'], 2);
  assert.equal(tf.memory().numTensors, before);
  assert.deepEqual(
    first.map(({ category }) => category),
    ['dog', 'ant'],
  );
  first.forEach(({ probability }, i) => assert.ok(Math.abs(probability - [0.6, 0.3][i]) < 1e-6));
  assert.equal(second[0].category, 'cat');
  assert.equal(topPredictions(logits, ['cat', 'dog', 'ant'])[0].length, 3);
  assert.throws(
    () => topPredictions(logits, ['cat', 'dog']),
    /expected \[N, 2\], a logit a category, got \[2, 3\]/,
  );
  logits.dispose();
});
