import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { Interrupted, breathe, withInterrupt } from '../src/interrupt';

/** Sent from within the work, so that it never comes before the work listens, however slow the machine. */
const interruptSoon = () => setTimeout(() => process.kill(process.pid, 'SIGINT'), 5);

test('an interrupt stops a loop that breathes, and nobody else hears it', async () => {
  let heard = 0;
  const other = () => {
    heard++;
  };
  process.on('SIGINT', other);
  try {
    let steps = 0;
    const work = withInterrupt(async (signal) => {
      for (;;) {
        await breathe(signal);
        if (steps++ === 0) interruptSoon(); // not before: a busy machine may take its time for the first
      }
    });
    await assert.rejects(work, Interrupted);
    const counted = steps;
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.ok(counted > 0);
    assert.equal(steps, counted, 'nothing runs on');
    assert.equal(heard, 0);
    assert.deepEqual(process.listeners('SIGINT'), [other]);
  } finally {
    process.off('SIGINT', other);
  }
});

test('work that returns keeps its result', async () => {
  const result = await withInterrupt(async (signal) => {
    interruptSoon();
    while (!signal.aborted) await breathe();
    return 'what was learnt';
  });
  assert.equal(result, 'what was learnt');
  assert.equal(process.listenerCount('SIGINT'), 0);
});

test('work within work is stopped by one interrupt, and errors of its own pass through', async () => {
  const nested = withInterrupt(() =>
    withInterrupt(async (signal) => {
      interruptSoon();
      for (;;) await breathe(signal);
    }),
  );
  await assert.rejects(nested, Interrupted);
  await assert.rejects(
    withInterrupt(async () => {
      throw new Error('own');
    }),
    /own/,
  );
  assert.equal(process.listenerCount('SIGINT'), 0);
});

test('work that does not listen is ended by a second interrupt', async () => {
  const code = `const { withInterrupt } = require(${JSON.stringify(join(__dirname, '../src/interrupt'))});
    withInterrupt(() => new Promise((r) => { setTimeout(r, 10000); console.log('working'); }));`;
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.on('exit', (_code, signal) => resolve(signal)));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.kill('SIGINT');
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(child.exitCode ?? child.signalCode, null, 'the first only asks');
  child.kill('SIGINT');
  assert.equal(await ended, 'SIGINT');
});

test('an interrupt prints as one line', () => {
  assert.equal(
    inspect(new Interrupted(12.34)),
    'Interrupted after 12.3 s. Nothing is running on; the cell can be run again.',
  );
});
