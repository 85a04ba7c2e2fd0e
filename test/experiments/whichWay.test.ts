import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-node';
import { type Scale, whichWay } from '../../data-scripts/commands/experiments/whichWay';
import { setProgress, silentProgress } from '../../src/progress';
import { makeCifar } from './small';

const folder = mkdtempSync(join(tmpdir(), 'which-way-'));
after(() => rmSync(folder, { recursive: true, force: true }));

interface WaysRecord {
  runs: { pictures: string; amount: string; seed: number; way: string; right: number }[];
  pictures: Record<string, { classes: number; held: number }>;
}

test('every way is tried in every corner, and a stopped study goes on where it was', async () => {
  void setProgress(silentProgress);
  const cifar = makeCifar(join(folder, 'cifar'));
  const scale: Scale = { perClass: { few: 1, many: 2 }, held: 2, seeds: [1], steps: 2, headSteps: 60 };
  const before = tf.memory().numTensors;
  const path = await whichWay(cifar, { restart: false, scale, folder });
  assert.equal(tf.memory().numTensors, before);
  const { runs, pictures } = JSON.parse(readFileSync(path, 'utf8')) as WaysRecord;
  const which = runs.map(({ pictures, amount, seed, way }) => [pictures, amount, seed, way].join());
  assert.equal(new Set(which).size, 2 * 2 * 5);
  assert.deepEqual(pictures, {
    photographs: { classes: 10, held: 20 },
    drawings: { classes: 4, held: 8 },
  });
  for (const { right } of runs) assert.ok(right >= 0 && right <= 1);
  // its pictures tell their classes by brightness: features of two of each must be worth more than guessing
  const onFeatures = runs.filter(
    (run) => run.pictures === 'photographs' && run.amount === 'many' && run.way.startsWith('feature'),
  );
  for (const { way, right } of onFeatures) assert.ok(right > 0.2, `${way}: ${right}`);

  const kept = join(folder, 'which-way-runs.json');
  writeFileSync(kept, JSON.stringify(runs.slice(0, -1)));
  await whichWay(cifar, { restart: false, scale, folder });
  assert.deepEqual((JSON.parse(readFileSync(path, 'utf8')) as WaysRecord).runs, runs);
  const { mtimeMs } = statSync(kept);
  await whichWay(cifar, { restart: false, scale, folder });
  assert.equal(statSync(kept).mtimeMs, mtimeMs, 'nothing was left to do');
});
