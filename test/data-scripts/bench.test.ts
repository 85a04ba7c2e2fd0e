import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-node';
import sharp from 'sharp';
import { profile } from '../../data-scripts/commands/bench/profile';
import { Turns } from '../../data-scripts/commands/bench/turns';
import { projectRoot } from '../../src/locations';
import { backend } from '../../src/ops/backend';
import { conv2d } from '../../src/ops/conv2d';
import { picture } from '../data/golden';

const root = projectRoot();
const scratch = mkdtempSync(join(tmpdir(), 'bench-'));
after(() => rmSync(scratch, { recursive: true }));

function bench(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const script = join(root, '.build/data-scripts/commands/bench.js');
  const preload = join(root, 'data-scripts/kernel/node-compat.cjs');
  return spawnSync(process.execPath, ['-r', preload, script, ...args], {
    encoding: 'utf8',
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3', INIT_CWD: scratch },
  });
}

test('bench explains itself, and says in a line what is wrong', () => {
  const help = bench('--help');
  assert.equal(help.status, 0);
  for (const option of ['data', '--torch', '--pictures', '--rounds', '--steps', '--record'])
    assert.ok(help.stdout.includes(option), option);
  for (const [args, message] of [
    [[], /What is to be timed/],
    [['date'], /What is to be timed/],
    [['data', '--rounds', '0'], /^--rounds must be a whole number from 1, got 0\.$/m],
    [['data', '--steps', 'few'], /^--steps must be a whole number from 0, got few\.$/m],
    [['data', '--colour'], /Unknown option '--colour'/],
    [['data', '--pictures', 'nowhere'], /cannot open the folder .*nowhere/],
  ] as const) {
    const { status, stderr } = bench(...args);
    assert.equal(status, 1, args.join(' '));
    assert.match(stderr, message);
    assert.ok(!stderr.includes('    at '), 'a stack is not for readers');
  }
});

test('without torchvision bench times our side alone, on any pictures, and writes where it is told', async () => {
  for (const name of ['ants/a.jpg', 'ants/b.jpg', 'bees/c.jpg', 'bees/d.png']) {
    mkdirSync(join(scratch, 'pictures', name, '..'), { recursive: true });
    const { data } = picture(60, 80);
    const image = sharp(data, { raw: { width: 80, height: 60, channels: 3 } });
    const file = await (name.endsWith('png') ? image.png() : image.jpeg()).toBuffer();
    writeFileSync(join(scratch, 'pictures', name), file);
  }
  const args = ['--pictures', 'pictures', '--rounds', '1', '--steps', '0', '--record', 'records/one.json'];
  const { status, stdout, stderr } = bench('data', ...args);
  assert.equal(status, 0, stderr);
  const record = JSON.parse(readFileSync(join(scratch, 'records/one.json'), 'utf8')) as {
    images: number;
    ours: { imagesPerSecond: number; rounds: { images: number }[] };
    transforms: { name: string; imagesPerSecond: number }[];
  };
  assert.equal(record.images, 4);
  assert.deepEqual(
    record.ours.rounds.map(({ images }) => images),
    [4],
  );
  assert.ok(record.ours.imagesPerSecond > 0);
  assert.equal(record.transforms.length, 9);
  for (const { name, imagesPerSecond } of record.transforms) {
    assert.ok(imagesPerSecond > 0, name);
    assert.match(stdout, new RegExp(`^${name} +\\d+$`, 'm'));
  }
  for (const missing of ['torchvision', 'ratio', 'fineTuning']) assert.ok(!(missing in record), missing);
});

test('a profile names the ops that a step ran and leaves the backend as it was', () => {
  const { binding } = backend();
  const parts = tf.tidy(() => {
    const x = tf.ones<tf.Rank.R4>([4, 32, 32, 16]);
    const filter = tf.ones<tf.Rank.R4>([3, 3, 16, 16]);
    return profile(() => {
      conv2d(x, filter, { stride: 1, padding: 1, dilation: 1, groups: 1 });
    });
  });
  assert.ok(parts.Conv2D > 0, JSON.stringify(parts));
  assert.deepEqual(Object.keys(parts).sort(), ['Conv2D', 'between ops', 'other ops']);
  assert.ok(Object.values(parts).every((time) => time >= 0));
  assert.throws(() =>
    profile(() => {
      throw new Error('stop');
    }),
  );
  assert.equal(backend().binding, binding);
});

test('turns go round among those who want them, however long one takes, and after the last to leave', async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const work = async (name: string, times: number, milliseconds: number): Promise<void> => {
    for (let i = 0; i < times; i++) {
      const end = await turns.take();
      seen.push(name);
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      seen.push(name);
      end();
    }
  };
  await Promise.all([work('a', 3, 2), work('b', 2, 8), work('c', 1, 1)]);
  assert.equal(seen.join(''), 'aabbccaabbaa');
});

test("the article's job is torch's in its own way and in each precision of ours, an epoch at a time in turns", async () => {
  const { data } = picture(60, 80);
  for (const name of ['train/a/1.png', 'train/b/2.png', 'eval/a/3.png', 'eval/b/4.png']) {
    mkdirSync(join(scratch, 'job', name, '..'), { recursive: true });
    await sharp(data, { raw: { width: 80, height: 60, channels: 3 } }).toFile(join(scratch, 'job', name));
  }
  // Stands in for torch: says how it was started, as versions, and that an epoch took a second.
  const peer = join(scratch, 'peer.mjs');
  writeFileSync(
    peer,
    `#!${process.execPath}
const way = JSON.parse(process.argv.at(-1));
console.log(JSON.stringify({ versions: { [way.name]: \`\${way.channelsLast} \${way.autocast}\` } }));
process.stdin.on('data', () => console.log(JSON.stringify({ epoch: 1, seconds: 1, valAcc: 0.5 })));
process.stdin.on('end', () => process.exit());
`,
    { mode: 0o755 },
  );
  const args = ['--torch', peer, '--pictures', 'job', '--epochs', '1', '--record', 'job.json'];
  const { status, stdout, stderr } = bench('article', ...args);
  assert.equal(status, 0, stderr);
  const { ours, torch, versions } = JSON.parse(readFileSync(join(scratch, 'job.json'), 'utf8')) as {
    ours: Record<string, { history: unknown[] }>;
    torch: Record<string, { seconds: number }>;
    versions: Record<string, string>;
  };
  const precisions = Object.keys(ours);
  assert.deepEqual(Object.keys(torch), ['article', ...precisions]);
  assert.ok(precisions.includes('float32'));
  assert.equal(versions.article, 'false false');
  for (const precision of precisions) {
    assert.equal(ours[precision].history.length, 1);
    assert.equal(versions[precision], `true ${precision === 'bfloat16'}`);
    assert.match(stdout, new RegExp(`^ours, ${precision} .* of torch's time in ${precision}$`, 'm'));
  }
  assert.match(stdout, /^torch, the article's way +1 s, best accuracy 50.0 %$/m);
});
