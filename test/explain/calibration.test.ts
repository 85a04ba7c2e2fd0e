import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fitTemperature, reliability } from '../../src/explain/calibration';
import { projectRoot } from '../../src/locations';
import { uniform } from '../golden/formula';

/** What explain.py wrote. */
interface Golden {
  temperatures: {
    scale: number;
    labels: number[];
    temperature: number;
    error: number;
    errorWithTemperature: number;
  }[];
}

const { temperatures } = JSON.parse(
  readFileSync(join(projectRoot(), 'test', 'golden', 'explain.json'), 'utf8'),
) as Golden;

for (const { scale, labels, ...expected } of temperatures) {
  test(`logits of size ${scale}: temperature and calibration error are torch's`, () => {
    const logits = tf.tidy(() =>
      tf.tensor2d(uniform(scaleName(scale), 1000), [200, 5]).mul<tf.Tensor2D>(scale),
    );
    const before = tf.memory().numTensors;
    const temperature = fitTemperature(logits, labels);
    assert.ok(Math.abs(temperature / expected.temperature - 1) < 1e-4, `${temperature}`);
    const raw = reliability(logits, labels);
    assert.ok(Math.abs(raw.error - expected.error) < 1e-4, `${raw.error}`);
    const scaled = reliability(logits, labels, { temperature });
    assert.ok(Math.abs(scaled.error - expected.errorWithTemperature) < 1e-4, `${scaled.error}`);
    assert.equal(tf.memory().numTensors, before);
    assert.equal(
      raw.bins.reduce((sum, { pictures }) => sum + pictures, 0),
      200,
    );
    logits.dispose();
  });
}

/** As Python writes the number. */
function scaleName(scale: number): string {
  return `logits ${Number.isInteger(scale) ? scale.toFixed(1) : scale}`;
}

test('bins hold what they say, from the surest to those without pictures', () => {
  const logit = (p: number) => [Math.log(p / (1 - p)), 0];
  const logits = tf.tensor2d([logit(0.95), logit(0.95), logit(0.65), [0, 0], [500, 0]]);
  const { bins, error } = reliability(logits, [0, 1, 0, 0, 0], { bins: 10 });
  const counts = bins.map(({ pictures }) => pictures);
  assert.deepEqual(counts, [0, 0, 0, 0, 1, 0, 1, 0, 0, 3]); // 0.5 is the fifth's, 1 the last's
  assert.ok(Number.isNaN(bins[0].accuracy) && Number.isNaN(bins[0].confidence));
  assert.ok(Math.abs(bins[9].accuracy - 2 / 3) < 1e-6);
  assert.ok(Math.abs(bins[9].confidence - (0.95 + 0.95 + 1) / 3) < 1e-6);
  const expected = (0.5 + 0.35 + 3 * (2.9 / 3 - 2 / 3)) / 5;
  assert.ok(Math.abs(error - expected) < 1e-6, `${error}`);
  logits.dispose();
});

test('where all answers are right, or labels and logits do not fit, it says so', () => {
  const logits = tf.tensor2d([
    [3, 0],
    [0, 1],
  ]);
  assert.ok(Math.abs(fitTemperature(logits, [0, 1]) - 0.01) < 1e-9);
  assert.ok(
    Math.abs(fitTemperature(logits, [1, 0]) - 100) < 1e-6,
    'worse than chance: nothing is to be believed',
  );
  for (const call of [fitTemperature, reliability]) {
    assert.throws(() => call(logits, [0]), /a label for each row of logits; got 1 for \[2,2\]/);
    assert.throws(() => call(logits, [0, 2]), /labels are integers from 0 to 1; got 2/);
    assert.throws(() => call(tf.tensor2d([[NaN, 0]]), [0]), /not all logits are finite/);
  }
  assert.throws(
    () => reliability(logits, [0, 1], { temperature: 0 }),
    /temperature must be a number above 0/,
  );
  assert.throws(() => reliability(logits, [0, 1], { bins: 1.5 }), /bins must be an integer/);
  logits.dispose();
});
