import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { root } from './project';

const running = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('a kernel ends when the program that started it was killed', async () => {
  // As jupyter_client does it: the kernel gets a session of its own.
  const hooks = path.join(root, 'data-scripts', 'kernel-hooks.cjs');
  const parent = spawn(process.execPath, [
    '-e',
    `const kernel = require('node:child_process').spawn(
       process.execPath, ['-r', ${JSON.stringify(hooks)}, '-e', 'setInterval(() => {}, 1000)'],
       { detached: true, stdio: 'ignore' },
     );
     console.log(kernel.pid);`,
  ]);
  const kernel = await new Promise<number>((resolve) =>
    parent.stdout.once('data', (text) => resolve(Number(text))),
  );
  await wait(1000); // the hooks have been loaded
  assert.ok(running(kernel));
  parent.kill('SIGKILL');
  for (let tries = 0; running(kernel) && tries < 100; tries++) await wait(100);
  assert.ok(!running(kernel), 'it is still there');
});

test('messages that find the socket full wait their turn', () => {
  const hooks = path.join(root, 'data-scripts', 'kernel-hooks.cjs');
  const script = `
    const { Pull, Push } = require('zeromq');
    (async () => {
      const push = new Push({ sendHighWaterMark: 1 });
      await push.bind('tcp://127.0.0.1:*');
      const sent = [1, 2, 3, 4].map((n) => push.send(String(n))); // nobody is there to receive them
      const pull = new Pull();
      pull.connect(push.lastEndpoint);
      const received = [];
      while (received.length < 4) received.push(String(await pull.receive()));
      await Promise.all(sent);
      console.log(received.join());
      process.exit();
    })();`;
  const run = (args: string[]): SpawnSyncReturns<string> =>
    spawnSync(process.execPath, [...args, '-e', script], { cwd: root, encoding: 'utf8', timeout: 20_000 });
  assert.match(run([]).stderr, /busy writing/); // what zeromq does by itself
  const { stdout, stderr } = run(['-r', hooks]);
  assert.equal(stdout.trim(), '1,2,3,4', stderr);
});
