import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Assumptions, simulateSweep } from '../../data-scripts/commands/experiments/simulate';
import {
  type SimulationRecord,
  simulationPaths,
  simulationPicture,
  simulationRecord,
} from '../../data-scripts/commands/experiments/simulationRecord';

const GIVEN: Assumptions = {
  runSeconds: [3600],
  runs: 12,
  checkpointSeconds: 60,
  startSeconds: 10,
  startMegabytes: 0,
  checkpointMegabytes: 0,
  diskMegabytesPerSecond: 100,
  submitSeconds: 0,
  askSeconds: 1,
  noticeSeconds: 0,
  repairSeconds: 600,
  retries: 10,
};

test('where nothing fails a sweep takes as long as its runs and starts, on as many nodes as there are', () => {
  const one = simulateSweep(GIVEN, 1, null, 1);
  assert.equal(one.hours, (12 * 3610) / 3600);
  const four = simulateSweep(GIVEN, 4, null, 1);
  assert.equal(four.hours, (3 * 3610) / 3600);
  assert.ok(Math.abs(four.wasted - 10 / 3610) < 1e-9);
  assert.deepEqual([four.restarts, four.failed], [0, 0]);
});

test('a disk that all starts read from serves one after another, and so does the engine', () => {
  const slowDisk = simulateSweep({ ...GIVEN, startMegabytes: 6_000 }, 12, null, 1);
  assert.equal(slowDisk.hours, (12 * 60 + 3610) / 3600);
  assert.equal(slowDisk.diskWait, (60 * (0 + 11)) / 2);
  const slowEngine = simulateSweep({ ...GIVEN, submitSeconds: 30 }, 12, null, 1);
  assert.equal(slowEngine.hours, (12 * 30 + 3610) / 3600);
  assert.ok(Math.abs(slowEngine.engineBusy - 360 / (360 + 3610)) < 1e-9);
});

test('failures cost what was not saved, and more of them cost more', () => {
  const hours = [null, 100, 10, 2].map((rate) => {
    const seeds = Array.from({ length: 20 }, (_, seed) =>
      simulateSweep({ ...GIVEN, runs: 100 }, 5, rate, seed),
    );
    assert.ok(seeds.every(({ failed, wasted }) => failed === 0 && wasted > 0 && wasted < 1));
    return seeds.reduce((sum, each) => sum + each.hours, 0) / 20;
  });
  assert.deepEqual(
    hours,
    [...hours].sort((a, b) => a - b),
  );
  // each failure costs 10 minutes of repair, 10 s of start and half a minute of work: of 2 h some 9 %
  const expected = (hours[0] * (7200 + 600 + 40)) / 7200;
  assert.ok(Math.abs(hours[3] / expected - 1) < 0.05, `${hours[3]} h, expected about ${expected}`);
});

test('without saving a run starts over; when it has used up its retries it has failed', () => {
  const never = simulateSweep({ ...GIVEN, checkpointSeconds: 4000, runs: 3 }, 3, 0.1, 1);
  assert.equal(never.failed, 3);
  assert.equal(never.restarts, 30);
});

test('the recorded table is what its assumptions give, and the picture shows it', () => {
  const paths = simulationPaths();
  const record = JSON.parse(readFileSync(paths.record, 'utf8')) as SimulationRecord;
  assert.deepEqual(simulationRecord(record.assumptions), record, 'anew: npm run experiment -- simulate');
  assert.equal(readFileSync(paths.picture, 'utf8'), simulationPicture(record));
});
