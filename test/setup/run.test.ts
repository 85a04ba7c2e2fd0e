import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { isAlive, load, root, temporary, until, type RunModule } from './scripts';

const posix = { skip: process.platform === 'win32' ? 'process groups are POSIX' : false };
const runUrl = JSON.stringify(path.join(root, 'data-scripts/lib/run.mjs'));

test('arguments reach the program as they are, and both streams come back', async () => {
  const { run } = await load<RunModule>('data-scripts/lib/run.mjs');
  const odd = ['a b', '$HOME', '"quoted"', '; echo no', '*'];
  const script = 'process.stdout.write(JSON.stringify(process.argv.slice(1))); console.error("to stderr")';
  const lines: string[] = [];
  const result = await run(process.execPath, ['-e', script, ...odd], { onLine: (line) => lines.push(line) });
  assert.deepEqual(JSON.parse(result.stdout), odd);
  assert.equal(result.stderr, 'to stderr\n');
  assert.deepEqual(lines, ['to stderr']); // the other has no end of line
});

test('a failure names the command, the status and the end of what it said', async () => {
  const { run } = await load<RunModule>('data-scripts/lib/run.mjs');
  const script = 'for (let i = 0; i < 40; i++) console.log("line", i); process.exit(3)';
  await assert.rejects(run(process.execPath, ['-e', script]), (error: Error & { status: number }) => {
    assert.equal(error.status, 3);
    assert.match(error.message, /^node -e .*: ended with exit status 3\n/);
    assert.match(error.message, /line 39$/);
    assert.doesNotMatch(error.message, /line 5\n/);
    return true;
  });
  const any = await run(process.execPath, ['-e', 'process.exit(4)'], { anyStatus: true });
  assert.equal(any.status, 4);
  await assert.rejects(run('no-such-program-here', []), /no-such-program-here: not found/);
});

test('a time-out ends the program and what it started', posix, async () => {
  const { run } = await load<RunModule>('data-scripts/lib/run.mjs');
  let pid = 0;
  const onLine = (line: string) => void (pid = Number(line));
  await assert.rejects(
    run('sh', ['-c', 'sleep 60 & echo $!; wait'], { timeoutMs: 500, onLine }),
    /took longer than 0.5 s/,
  );
  assert.ok(pid > 0);
  await until(() => !isAlive(pid), 'the inner program ends');
});

test('Ctrl-C ends the whole tree before the script itself ends, with status 130', posix, async () => {
  const script = `import(${runUrl}).then(({ run }) => run('sh', ['-c', 'sh -c "echo \\$\\$; sleep 60"; true'], { onLine: console.log }))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pid = await new Promise<number>((resolve) =>
    child.stdout.once('data', (data) => resolve(Number(data))),
  );
  assert.ok(isAlive(pid));
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  child.kill('SIGINT');
  assert.equal(await ended, 130);
  await until(() => !isAlive(pid), 'the inner program ends', 1_000);
});

test('of two set-ups at once the second waits for the first', async (t) => {
  const folder = temporary(t);
  const trace = path.join(folder, 'trace');
  const script = `
    import(${JSON.stringify(path.join(root, 'data-scripts/lib/files.mjs'))}).then(({ alone }) => alone('test', async () => {
      const fs = require('node:fs');
      fs.appendFileSync(${JSON.stringify(trace)}, 'in ');
      await new Promise((done) => setTimeout(done, 400));
      fs.appendFileSync(${JSON.stringify(trace)}, 'out ');
    }, ${JSON.stringify(path.join(folder, 'test.lock'))}))`;
  const runs = [0, 1, 2].map(() => {
    const child = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
    return new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  });
  assert.deepEqual(await Promise.all(runs), [0, 0, 0]);
  assert.equal(fs.readFileSync(trace, 'utf8'), 'in out in out in out ');
  assert.deepEqual(fs.readdirSync(folder), ['trace']);
});

test('what a killed set-up left running is ended by the next', posix, async (t) => {
  const folder = temporary(t);
  const lock = path.join(folder, 'test.lock');
  const files = JSON.stringify(path.join(root, 'data-scripts/lib/files.mjs'));
  const script = `
    Promise.all([import(${files}), import(${runUrl})]).then(([{ alone }, { run }]) =>
      alone('test', () => run('sh', ['-c', 'echo $$; sleep 60'], { onLine: console.log }), ${JSON.stringify(lock)}))`;
  const first = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pid = await new Promise<number>((resolve) =>
    first.stdout.once('data', (data) => resolve(Number(data))),
  );
  first.kill('SIGKILL');
  await new Promise((resolve) => first.once('exit', resolve));
  assert.ok(isAlive(pid), 'it outlives the killed set-up');
  const { alone } = await load<{
    alone(name: string, work: () => Promise<void>, lock: string): Promise<void>;
  }>('data-scripts/lib/files.mjs');
  let worked = false;
  await alone('test', async () => void (worked = true), lock);
  assert.ok(worked);
  await until(() => !isAlive(pid), 'the left-over program ends');
  assert.deepEqual(fs.readdirSync(folder), []);
});
