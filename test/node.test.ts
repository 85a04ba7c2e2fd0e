import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { projectRoot } from '../src/locations';

// What the library relies on in Node, each in a process of its own and as the notebooks' kernel starts it. Node has
// changed such things between versions: npm test -- --node 26 runs this on another.

const root = projectRoot();
const folder = mkdtempSync(join(tmpdir(), 'node-'));
after(() => rmSync(folder, { recursive: true }));

function node(
  script: string,
  ...options: string[]
): { stdout: string; stderr: string; status: number | null } {
  const preload = ['-r', join(root, 'data-scripts/kernel/node-compat.cjs')];
  return spawnSync(process.execPath, ['--no-deprecation', ...preload, ...options, '-e', script], {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000, // of a process that does not end by itself
    env: { ...process.env, NODE_OPTIONS: '', FOLDER: folder },
  });
}

const POOL = `
  const { decodeInPool } = require('./.build/src/data/decode/pool');
  const { Random } = require('./.build/src/random');
  const job = (name, steps = [], into) =>
    ({ path: process.env.FOLDER + '/' + name, maxPixels: 1e6, steps, random: new Random(0).state, into });`;

test('transfer lists: a decoded picture crosses from its thread, whoever owns its memory', async () => {
  const picture = sharp({ create: { width: 31, height: 17, channels: 3, background: '#204060' } });
  for (const kind of ['jpeg', 'png'] as const)
    await picture
      .clone()
      [kind]()
      .toFile(join(folder, `a.${kind}`));
  writeFileSync(
    join(folder, 'a.pgm'),
    Buffer.concat([Buffer.from('P5 3 2 255\n'), Buffer.from([1, 2, 3, 4, 5, 6])]),
  );
  const { stdout, stderr } = node(`${POOL}
    const { splitTransform } = require('./.build/src/data/decode/job');
    const { Compose, Normalize, ToTensor } = require('./.build/src/data/transforms');
    const { steps } = splitTransform(new Compose([new ToTensor(), new Normalize([0, 0, 0], [1, 1, 1])]));
    const shared = new Float32Array(new SharedArrayBuffer(31 * 17 * 3 * 4));
    Promise.all([job('a.jpeg'), job('a.png'), job('a.pgm'), job('a.png', steps), job('a.png', steps, shared)].map(decodeInPool))
      .then((results) => console.log(results.map(({ image: { data, height, width } }) =>
        [data.constructor.name, data.length === height * width * 3, data.buffer === shared.buffer].join(' ')).join(', ')));`);
  const sharps = 'Uint8Array true false';
  const expected = [sharps, sharps, sharps, 'Float32Array true false', 'Float32Array true true'];
  assert.equal(stdout.trim(), expected.join(', '), stderr);
});

test('worker start: options that a worker refuses, and scripts that the process was started with, stay out of it', () => {
  const { stdout, stderr } = node(
    `${POOL}
    console.log('started');
    decodeInPool(job('a.png')).then(({ image }) => console.log(image.width));`,
    '--max-old-space-size=2000',
    '--expose-gc',
    '--stack-trace-limit=20',
  );
  assert.equal(stdout, 'started\n31\n', stderr);
});

test('timers and handles: a process ends by itself when its work is done, not before', () => {
  const { status, stdout, stderr } = node(`${POOL}
    const { startProgress } = require('./.build/src/progress');
    startProgress(10, { label: 'never ended' });
    const { breathe } = require('./.build/src/interrupt');
    decodeInPool(job('a.png')).then(async () => { await breathe(); console.log('done'); });`);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /done/);
});

test('file handles: what is opened is closed, also after a refusal', () => {
  const { stdout, stderr } = node(
    `const fs = require('node:fs');
    const { saveSafetensors } = require('./.build/src/checkpoint/safetensors');
    const { loadCheckpoint } = require('./.build/src/checkpoint/load');
    const { decodeImage } = require('./.build/src/data/decode/decode');
    const { download } = require('./.build/src/data/download');
    const http = require('node:http');
    const file = process.env.FOLDER + '/weights.safetensors';
    const open = () => fs.readdirSync(process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd').length;
    (async () => {
      await decodeImage(process.env.FOLDER + '/a.png'); // starts sharp's threads
      const server = http.createServer((request, response) => {
        if (request.url === '/short') { response.writeHead(200, { 'content-length': 9 }); response.end('short'); response.socket.destroy(); }
        else response.end('whole');
      }).listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      const url = 'http://127.0.0.1:' + server.address().port;
      const get = (name) => download({ url: url + name }, process.env.FOLDER + name + '.bin', { retries: 0 }).then(() => 'got', () => 'refused');
      await get('/whole');
      const before = open();
      const data = new Float32Array([1, 2]);
      for (let i = 0; i < 5; i++) {
        saveSafetensors(file, new Map([['a', { dtype: 'float32', shape: [2], data }]]));
        loadCheckpoint(file);
        try { loadCheckpoint(process.env.FOLDER + '/a.png'); } catch {}
        await decodeImage(process.env.FOLDER + '/none').catch(() => {});
        await get('/whole' + i); await get('/short');
      }
      gc();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await new Promise((resolve) => setTimeout(resolve, 100));
      console.log(open() <= before ? 'all closed' : before + ' open before, ' + open() + ' after');
    })();`,
    '--expose-gc',
    '--trace-warnings',
  );
  assert.equal(stdout.trim().split('\n').pop(), 'all closed', stderr);
  assert.doesNotMatch(stderr, /garbage collection|Warning/);
});
