import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Schedule, cosineLR, multiStepLR, oneCycleLR } from '../../src/training/schedules';
import { golden } from '../golden/training';

function compare(schedule: Schedule, expected: readonly number[], what: unknown): void {
  expected.forEach((rate, step) => {
    const actual = schedule(step, expected.length);
    const close = Math.abs(actual - rate) < 1e-8 * 0.2 + 1e-7 * rate;
    assert.ok(close, `${JSON.stringify(what)}, step ${step}: ${actual}, torch has ${rate}`);
  });
}

test("one cycle's rates are torch's at every step, whatever the settings", () => {
  for (const { options, rates } of golden['one cycle']) compare(oneCycleLR(0.2, options), rates, options);
});

test("multi step's rates are torch's at every step, whatever the settings", () => {
  for (const { milestones, gamma, rates } of golden['multi step']) {
    const parts = milestones.map((milestone) => milestone / rates.length);
    compare(multiStepLR(0.1, parts, gamma), rates, milestones);
  }
  // 0.07 * 100 is 7.000000000000001
  for (let total = 1; total <= 200; total++) {
    for (let drop = 1; drop < total; drop++) {
      const schedule = multiStepLR(1, [drop / total]);
      assert.deepEqual([schedule(drop - 1, total), schedule(drop, total)], [1, 0.1], `${drop} of ${total}`);
    }
  }
  assert.deepEqual([multiStepLR(1, [0.07])(6, 100), multiStepLR(1, [0.07])(7, 100)], [1, 0.1]);
});

test("cosine's rates are torch's at every step, whatever the settings", () => {
  for (const { minLr, rates } of golden.cosine) compare(cosineLR(0.1, minLr), rates, minLr);
});

test('no schedule gives anything but numbers: phases of no length, where torch divides by zero, are at their end', () => {
  for (const pctStart of [0, 0.1, 0.25, 0.5, 1]) {
    for (let total = 1; total <= 20; total++) {
      const rates = Array.from({ length: total }, (_, step) => oneCycleLR(0.1, { pctStart })(step, total));
      assert.ok(
        rates.every((rate) => rate > 0 && rate <= 0.1 + 1e-12),
        `${pctStart}, ${total}: ${rates}`,
      );
    }
  }
  assert.equal(oneCycleLR(0.1, { pctStart: 0.1 })(0, 10), 0.1);
});

test('nonsense is refused when a schedule is made', () => {
  for (const [make, words] of [
    [() => cosineLR(NaN), /cosineLR: lr must be a number from 0, not NaN/],
    [() => cosineLR(-1), /cosineLR: lr must be a number from 0, not -1/],
    [() => cosineLR(1, Infinity), /cosineLR: minLr must be a number from 0, not Infinity/],
    [() => multiStepLR(0.1, [0.5, NaN]), /multiStepLR: a milestone must be a number from 0 to 1, not NaN/],
    [() => multiStepLR(0.1, [30]), /a milestone must be a number from 0 to 1, not 30/],
    [() => multiStepLR(0.1, [0.5], -1), /multiStepLR: gamma must be a number from 0, not -1/],
    [() => oneCycleLR(NaN), /oneCycleLR: maxLr must be a number from 0, not NaN/],
    [() => oneCycleLR(1, { pctStart: 1.1 }), /oneCycleLR: pctStart must be a number from 0 to 1, not 1\.1/],
    [() => oneCycleLR(1, { divFactor: 0 }), /oneCycleLR: divFactor must be a number above 0, not 0/],
    [() => oneCycleLR(1, { finalDivFactor: -2 }), /finalDivFactor must be a number above 0, not -2/],
  ] as const)
    assert.throws(make, words);
});
