import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ProgressState,
  formatNumber,
  formatSeconds,
  progressText,
  reported,
  setProgress,
  silentProgress,
  startProgress,
  terminalProgress,
} from '../src/progress';

const state: ProgressState = {
  label: 'Epoch 1/10 <training>',
  unit: 'images',
  done: 1200,
  total: 2000,
  elapsed: 30,
  values: { loss: 0.4132 },
  finished: false,
};

function stream(isTTY: boolean) {
  const out = new PassThrough() as unknown as NodeJS.WriteStream & PassThrough;
  out.isTTY = isTTY;
  out.columns = 60;
  // From Node 26 on, a read gives one piece of what was written, not all of it.
  const text = (): string => {
    const piece = out.read() as Buffer | null;
    return piece === null ? '' : piece.toString() + text();
  };
  return { out, text };
}

test('a way to report can be put back', () => {
  const before = setProgress(silentProgress);
  assert.equal(setProgress(before), silentProgress);
  assert.equal(setProgress(before), before);
});

test('times and numbers in words', () => {
  assert.deepEqual([0.84, 42, 59.9, 185, 3720].map(formatSeconds), [
    '0.8 s',
    '42 s',
    '1 min 00 s',
    '3 min 05 s',
    '1 h 02 min',
  ]);
  assert.deepEqual([0.41321, 12.044, 1203.6, 7, 0, 0.00001234].map(formatNumber), [
    '0.4132',
    '12.04',
    '1,204',
    '7',
    '0',
    '1.2e-5',
  ]);
});

test('the line says what, how far, how long, how fast and how well', () => {
  assert.equal(
    progressText(state),
    'Epoch 1/10 <training>: 1,200/2,000, 20 s left, 40 images/s, loss 0.4132',
  );
  const stopped = { ...state, finished: true, stopped: 'interrupted' };
  assert.equal(
    progressText(stopped),
    'Epoch 1/10 <training>: stopped at 1,200/2,000 (interrupted), 30 s, 40 images/s, loss 0.4132',
  );
});

test('work that is over at once shows nothing; work that will take long shows itself early', async () => {
  const { out, text } = stream(true);
  const quick = terminalProgress(10, { label: 'quick' }, out);
  for (let i = 1; i <= 10; i++) quick.update(i);
  quick.done();
  assert.equal(text(), '');
  const slow = terminalProgress(1000, { label: 'slow', unit: 'steps' }, out);
  await sleep(30);
  slow.update(1, { loss: 2.5 });
  assert.match(text(), /^\r\x1b\[Kslow: 1\/1,000, \d+ s left, [\d.]+ steps\/s, loss 2\.500$/);
  slow.update(2);
  assert.equal(text(), '', 'no second drawing within 200 ms');
  slow.stop('interrupted');
  slow.update(3);
  slow.done();
  assert.match(text(), /^\r\x1b\[Kslow: stopped at 2\/1,000 \(interrupted\), .*\n$/);
});

test('a log file gets whole lines, and few', async () => {
  const { out, text } = stream(false);
  const progress = terminalProgress(1000, {}, out);
  await sleep(30);
  for (let i = 1; i <= 1000; i++) progress.update(i);
  progress.done();
  const lines = text().split('\n');
  assert.equal(lines.length, 3); // the first, the last, and nothing after the last line's end
  assert.match(lines[1], /^1,000\/1,000, /);
});

test('a long line is cut to the terminal, so that it does not wrap', async () => {
  const { out, text } = stream(true);
  const progress = terminalProgress(1000, { label: 'x'.repeat(200) }, out);
  await sleep(20);
  progress.update(1);
  progress.stop();
  assert.ok(
    text()
      .split('\r')
      .every((line) => line.replace(/\x1b\[K|\n/g, '').length <= 59),
  );
});

test('work that is reported ends its report, and says why it failed', async () => {
  const said: unknown[][] = [];
  const progress = {
    update() {},
    done: () => void said.push(['done']),
    stop: (reason?: string) => void said.push(['stop', reason]),
  };
  assert.equal(await reported(progress, async () => 42), 42);
  const failed = new Error('no more pictures');
  await assert.rejects(
    reported(progress, async () => {
      throw failed;
    }),
    failed,
  );
  assert.deepEqual(said, [['done'], ['stop', 'no more pictures']]);
});

test('a total that is no number is refused', () => {
  assert.throws(() => startProgress(NaN), /total must be a number of units/);
});
