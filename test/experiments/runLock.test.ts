import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RunLock } from '../../data-scripts/commands/experiments/runLock';

const QUICK = { beatMs: 50, deadAfterMs: 600, settleMs: 100 };
const silent = { say: () => undefined, onLost: () => undefined, ...QUICK };

function fileFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'lock-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'run', 'lock.json');
}

/** A process that takes the lock, says so, and holds it until it is killed. */
async function holder(file: string): Promise<ChildProcess> {
  const module = join(__dirname, '..', '..', 'data-scripts', 'commands', 'experiments', 'runLock.js');
  const script = `
    const { RunLock } = require(${JSON.stringify(module)});
    const options = ${JSON.stringify(QUICK)};
    RunLock.take(${JSON.stringify(file)}, { ...options, say() {}, onLost: (taker) => { console.log('lost to ' + taker); process.exit(1); } })
      .then(() => { console.log('taken'); setInterval(() => {}, 1000); });`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child;
}

test('a lock is held by one process; another waits, says for whom, and gets it when it is released', async (t) => {
  const file = fileFor(t);
  const first = await RunLock.take(file, silent);
  const said: string[] = [];
  let second: RunLock | undefined;
  const taking = RunLock.take(file, { ...silent, say: (line) => said.push(line) }).then(
    (lock) => (second = lock),
  );
  await sleep(3 * QUICK.deadAfterMs); // it beats, and so is not taken for dead
  assert.equal(second, undefined);
  assert.match(said.join(), new RegExp(`^Waiting for process ${process.pid} on `));
  first.release();
  (await taking).release();
  assert.deepEqual(readdirSync(join(file, '..')), []);
});

test('the lock of a process that was killed is taken over at once on its machine', async (t) => {
  const file = fileFor(t);
  const child = await holder(file);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  const start = performance.now();
  const lock = await RunLock.take(file, { ...silent, deadAfterMs: 60_000 });
  assert.ok(performance.now() - start < 5_000);
  lock.release();
});

test("another machine's lock is taken over once its beat stands still, and only then", async (t) => {
  const file = fileFor(t);
  (await RunLock.take(file, silent)).release();
  const other = { host: 'elsewhere', pid: process.pid, id: 'theirs', beat: 0 };
  writeFileSync(file, JSON.stringify(other));
  const beats = setInterval(() => writeFileSync(file, JSON.stringify({ ...other, beat: ++other.beat })), 100);
  let lock: RunLock | undefined;
  const taking = RunLock.take(file, silent).then((taken) => (lock = taken));
  await sleep(3 * QUICK.deadAfterMs);
  assert.equal(lock, undefined);
  clearInterval(beats);
  (await taking).release();
});

test('a holder that slept until its lock was taken ends its work', async (t) => {
  const file = fileFor(t);
  const child = await holder(file);
  t.after(() => child.kill('SIGKILL'));
  child.kill('SIGSTOP');
  const lock = await RunLock.take(file, silent);
  let said = '';
  child.stdout?.on('data', (text: Buffer) => (said += text.toString()));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGCONT');
  assert.equal(await ended, 1);
  assert.match(said, new RegExp(`^lost to process ${process.pid} on `));
  assert.match(readFileSync(file, 'utf8'), new RegExp(`"pid":${process.pid}`), 'it did not take it back');
  lock.release();
});

test('of many that find an abandoned lock one gets it', async (t) => {
  const file = fileFor(t);
  (await RunLock.take(file, silent)).release();
  writeFileSync(file, JSON.stringify({ host: 'elsewhere', pid: 1, id: 'theirs', beat: 7 }));
  let holding = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      const lock = await RunLock.take(file, silent);
      most = Math.max(most, ++holding);
      await sleep(100);
      holding -= 1;
      lock.release();
    }),
  );
  assert.equal(most, 1);
});
