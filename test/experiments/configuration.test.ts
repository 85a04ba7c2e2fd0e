import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseArgs } from 'node:util';
import {
  type RunConfiguration,
  TRAINING_OPTIONS,
  argumentsOf,
  configurations,
  counts,
  runName,
} from '../../data-scripts/commands/experiments/configuration';
import { planText, secondsOf } from '../../data-scripts/commands/experiments/sweep';
import { recordOf, runRecords } from '../../data-scripts/commands/experiments/runRecord';

const of = (...args: string[]): RunConfiguration[] =>
  configurations(parseArgs({ args, options: TRAINING_OPTIONS }).values, ['resnet'], [20], [1]);

test("a run's name holds whatever makes it another run", () => {
  const [usual] = of();
  assert.equal(runName(usual), 'resnet-20-seed1');
  const others: Partial<RunConfiguration>[] = [
    { kind: 'plain', shortcut: 'none' },
    { kind: 'preact' },
    { data: 'cifar100' },
    { depth: 56 },
    { shortcut: 'B' },
    { shortcut: 'C' },
    { width: 2 },
    { seed: 2 },
    { epochs: 16 },
    { schedule: 'steps' },
    { lr: 0.1 },
    { momentum: 0.8 },
    { weightDecay: 0 },
    { batchSize: 64 },
    { subset: 256 },
    { precision: 'bfloat16' },
    { schedule: 'steps', lr: 0.1 },
  ];
  assert.deepEqual(
    new Set(others.flatMap((other) => Object.keys(other))),
    new Set(Object.keys(usual)),
    'every field is tried',
  );
  const names = [usual, ...others.map((other) => ({ ...usual, ...other }))].map(runName);
  assert.equal(new Set(names).size, names.length, names.join(', '));
  assert.ok(names.includes('resnet-20-16epochs-seed1'));
});

test('the arguments of a run make the same run', () => {
  for (const options of [
    [],
    ['--paper'],
    ['--width', '2', '--batch', '64', '--shortcut', 'B', '--lr', '0.05'],
  ]) {
    for (const kind of ['plain', 'resnet', 'preact']) {
      const { values } = parseArgs({ args: options, options: TRAINING_OPTIONS });
      const [run] = configurations(values, [kind], [20], [3]);
      const [, , , , ...rest] = argumentsOf(run);
      const again = parseArgs({
        args: rest,
        options: { ...TRAINING_OPTIONS, seed: { type: 'string', default: '0' } },
      }).values;
      assert.deepEqual(configurations(again, [kind], [20], [Number(again.seed)]), [run]);
    }
  }
});

test('what no run can be made of is refused by the name of its option', () => {
  assert.deepEqual(counts('seeds', '1-3,7,2'), [1, 2, 3, 7]);
  for (const text of ['', '0', '3-1', '1-2-3x', 'a', '1-9999999'])
    assert.throws(() => counts('seeds', text), /--seeds/);
  assert.throws(() => of('--lr', '0'), /--lr must be a positive number, got 0/);
  assert.throws(() => of('--lr', 'Infinity'), /--lr/);
  assert.throws(() => of('--batch', '1.5'), /--batch must be a whole number from 1, got 1.5/);
  assert.throws(() => of('--shortcut', 'D'), /--shortcut must be one of A, B, C, got D/);
  const { values } = parseArgs({ args: [], options: TRAINING_OPTIONS });
  assert.throws(() => configurations(values, ['resnet'], [21], [1]), /6n \+ 2.*got 21/);
  assert.throws(() => configurations(values, ['vgg'], [20], [1]), /plain, resnet, preact, got vgg/);
});

test('the recorded runs are found by their configurations', () => {
  const records = runRecords();
  assert.ok(records.length >= 4);
  for (const record of records) assert.deepEqual(recordOf(record.configuration), record);
  assert.equal(recordOf({ ...records[0].configuration, epochs: 164 }), undefined);
});

test('a sweep says how many runs are done, and how long the others take by the records', () => {
  const [run] = of('--epochs', '10');
  const record = { ...runRecords()[0], configuration: run };
  record.history = Array.from({ length: 10 }, () => ({ ...record.history[0], seconds: 360 }));
  const deep = { ...run, depth: 38 }; // 37 layers with filters for 19
  assert.equal(secondsOf(run, [record]), 3600);
  assert.ok(Math.abs(secondsOf(deep, [record])! - (3600 * 37) / 19) < 1e-6);
  assert.equal(secondsOf(run, []), undefined);
  assert.equal(
    planText(4, [run, run, deep], [record], 2),
    '4 runs, 1 done; the other 3 take about 3.9 h of computing, 2.0 h with 2 at a time, by one record.',
  );
  assert.equal(planText(4, [run], [], 2), '4 runs, 3 done; no record says how long the other 1 take.');
  assert.equal(planText(4, [], [], 2), '4 runs, 4 done.');
});
