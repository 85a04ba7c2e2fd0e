import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
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
