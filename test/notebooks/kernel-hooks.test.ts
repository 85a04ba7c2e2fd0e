import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { root, temporaryFolder, until } from './project';

const hooks = path.join(root, 'data-scripts', 'kernel', 'hooks.cjs');

const running = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

for (const [doing, code] of [
  ['waits for a cell', 'setInterval(() => {}, 1000)'],
  ['runs an endless loop', 'while (true);'],
  ['is inside a call that does not return', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)'],
]) {
  test(`a kernel that ${doing} ends when the program that started it was killed`, async (t) => {
    const folder = temporaryFolder();
    const ready = path.join(folder, 'ready'); // written when the hooks have been loaded
    const kernelCode = `require('node:fs').mkdirSync(${JSON.stringify(ready)}); ${code};`;
    // As jupyter_client does it: the kernel gets a session of its own.
    const parent = spawn(process.execPath, [
      '-e',
      `const kernel = require('node:child_process').spawn(
         process.execPath, ['-r', ${JSON.stringify(hooks)}, '-e', ${JSON.stringify(kernelCode)}],
         { detached: true, stdio: 'ignore' },
       );
       console.log(kernel.pid);`,
    ]);
    const kernel = await new Promise<number>((resolve) =>
      parent.stdout.once('data', (text) => resolve(Number(text))),
    );
    t.after(() => {
      if (running(kernel)) process.kill(kernel, 'SIGKILL');
      fs.rmSync(folder, { recursive: true });
    });
    await until(() => fs.existsSync(ready), 30);
    assert.ok(running(kernel));
    parent.kill('SIGKILL');
    await until(() => !running(kernel), 10);
    assert.ok(!running(kernel), 'it is still there');
  });
}

test('the thread that looks for that program loads nothing, and does not keep a kernel from ending', (t) => {
  const folder = temporaryFolder();
  t.after(() => {
    fs.rmSync(folder, { recursive: true });
  });
  const preload = path.join(folder, 'preload.cjs');
  fs.writeFileSync(preload, `require('node:fs').writeSync(1, 'loaded ')`);
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['-r', hooks, '-r', preload, '-e', `setTimeout(() => console.log('ended'), 1000)`],
    {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: `-r ${JSON.stringify(preload)}` },
      timeout: 20_000,
    },
  );
  assert.equal(stdout, 'loaded ended\n', stderr); // once, though named twice: by this thread
});

test('the sockets that are files bear the names that a client looks for', (t) => {
  const folder = temporaryFolder();
  t.after(() => {
    fs.rmSync(folder, { recursive: true });
  });
  // As tslab binds them, and as jupyter_client then connects to them.
  const asks = `
    const { Reply, Request } = require('zeromq');
    (async () => {
      const [reply, request] = [new Reply(), new Request({ receiveTimeout: 5000 })];
      await reply.bind('ipc://${folder}/kernel:1');
      request.connect('ipc://${folder}/kernel-1');
      await request.send('there?');
      await reply.send(await reply.receive());
      console.log(String(await request.receive()));
      process.exit();
    })();`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-r', hooks, '-e', asks], {
    cwd: root,
    encoding: 'utf8',
    timeout: 20_000,
  });
  assert.equal(stdout.trim(), 'there?', stderr);
});

const sendsMany = (count: number, options: string, early: boolean): string => `
  const { Pull, Push } = require('zeromq');
  (async () => {
    const push = new Push(${options});
    await push.bind('tcp://127.0.0.1:*');
    const pull = new Pull({ receiveHighWaterMark: 0 });
    const sent = [];
    const start = () => { for (let n = 0; n < ${count}; n++) sent.push(push.send(String(n))); };
    if (${early}) start(); // nobody is there to receive them
    pull.connect(push.lastEndpoint);
    if (${!early}) { await push.send('ready'); await pull.receive(); start(); }
    const received = [];
    while (received.length < ${count}) received.push(String(await pull.receive()));
    await Promise.all(sent);
    console.log(received.join() === [...Array(${count}).keys()].join() ? 'all in order' : received.join());
    process.exit();
  })();`;

for (const [what, count, options, early] of [
  ['messages that find the socket full', 4, '{ sendHighWaterMark: 1 }', true],
  ['more messages at once than zeromq takes', 1500, '{ sendHighWaterMark: 0 }', false],
] as const) {
  test(`${what} wait their turn`, () => {
    const run = (args: string[]): SpawnSyncReturns<string> =>
      spawnSync(process.execPath, [...args, '-e', sendsMany(count, options, early)], {
        cwd: root,
        encoding: 'utf8',
        timeout: 20_000,
      });
    assert.match(run([]).stderr, /busy writing/); // what zeromq does by itself
    const { stdout, stderr } = run(['-r', hooks]);
    assert.equal(stdout.trim(), 'all in order', stderr);
  });
}
