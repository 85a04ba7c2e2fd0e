import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Schedule, constantLR, cosineLR, multiStepLR, oneCycleLR } from '../../src/training/schedules';
import { golden } from '../golden/layers';

const SCHEDULES: Record<keyof typeof golden.schedules, Schedule> = {
  'one cycle': oneCycleLR(0.2),
  'one cycle, options': oneCycleLR(0.2, { pctStart: 0.2, divFactor: 10, finalDivFactor: 100 }),
  'multi step': multiStepLR(0.1, [0.5, 0.75]),
  cosine: cosineLR(0.1, 0.001),
};

for (const [name, schedule] of Object.entries(SCHEDULES)) {
  test(`the learning rates of ${name} are torch's at every step`, () => {
    const expected = golden.schedules[name as keyof typeof golden.schedules];
    expected.forEach((rate, step) => {
      const actual = schedule(step, expected.length);
      assert.ok(
        Math.abs(actual - rate) < 1e-8 * 0.2 + 1e-7 * rate,
        `step ${step}: ${actual}, torch has ${rate}`,
      );
    });
  });
}

test('constantLR stays', () => {
  assert.deepEqual(
    [0, 5, 9].map((step) => constantLR(0.3)(step, 10)),
    [0.3, 0.3, 0.3],
  );
});
