import assert from 'node:assert/strict';
import { test } from 'node:test';
import { killAndResume } from '../../data-scripts/commands/experiments/killAndResume';
import { STEPS } from '../../data-scripts/commands/experiments/killedRun';

test('a run that is killed three times comes to the same bits as one without a break', async () => {
  const { whole, lives, equal } = await killAndResume(3, 5);
  assert.deepEqual([whole.from, whole.to], [1, STEPS]);
  assert.equal(whole.outcome?.history.length, 5);
  assert.equal(lives.length, 4);
  assert.deepEqual([lives[0].from, lives[3].to], [1, STEPS]);
  for (const [i, { from }] of lives.slice(1).entries()) {
    assert.ok(from >= lives[i].from && from <= lives[i].to + 1, 'nothing is left out');
  }
  assert.ok(lives[3].from > 1, 'it went on, and did not start anew');
  assert.ok(equal);
});
