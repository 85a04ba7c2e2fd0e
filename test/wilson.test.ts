import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wilsonInterval } from '../src/wilson';

test('at the ends of Wilson’s interval, what came out is 1.96 standard errors away', () => {
  for (const [right, of] of [
    [295, 355],
    [8, 10],
    [1, 3],
    [0, 20],
    [20, 20],
  ]) {
    const [low, high] = wilsonInterval(right, of);
    assert.ok(0 <= low && low <= right / of && right / of <= high && high <= 1, `${right} of ${of}`);
    for (const end of [low, high]) {
      if (end === 0 || end === 1) assert.equal(right / of, end);
      else assert.ok(Math.abs(Math.abs(right / of - end) / Math.sqrt((end * (1 - end)) / of) - 1.96) < 1e-9);
    }
  }
});

test('its values are those of the formula, computed apart', () => {
  const [low, high] = wilsonInterval(295, 355);
  assert.ok(Math.abs(low - 0.788505) < 1e-6 && Math.abs(high - 0.86638) < 1e-6);
  assert.deepEqual(wilsonInterval(0, 0), [0, 1]);
  assert.throws(() => wilsonInterval(3, 2), /right must be an integer from 0 to 2, not 3/);
});
