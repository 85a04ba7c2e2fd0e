import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import * as tar from 'tar';
import { projectRoot } from '../../src/locations';

const script = join(__dirname, '..', '..', 'data-scripts', 'commands', 'data.js');
let data: string;
beforeEach(() => (data = mkdtempSync(join(tmpdir(), 'commands-'))));
afterEach(() => rmSync(data, { recursive: true, force: true }));

function command(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, RESNET_WORKBOOK_DATA: join(data, 'sets'), INIT_CWD: data };
  return spawnSync(process.execPath, [script, ...args], { env, encoding: 'utf8' });
}

test('each command has --help and --dry-run, and a dry run writes nothing', () => {
  assert.match(command('--help').stdout, /drawings .*\n.*photos .*\n.*cifar10 .*\n.*cifar100 .*\n.*weights /);
  for (const name of ['drawings', 'photos', 'cifar10', 'cifar100', 'weights']) {
    const help = command(name, '--help');
    assert.equal(help.status, 0);
    assert.match(help.stdout, new RegExp(`^npm run data -- ${name}.*--dry-run`, 's'));
    const dry = command(name, ...(name === 'weights' ? ['resnet101'] : []), '--dry-run');
    assert.equal(dry.status, 0, dry.stderr);
    assert.match(dry.stdout, /^Would /);
  }
  assert.ok(!existsSync(join(data, 'sets')));
});

test('a wrong word is answered with the right ones, without a stack', () => {
  for (const [args, expected] of [
    [['pictures'], /There is no command pictures/],
    [['drawings', '--frm'], /Unknown option '--frm'/],
    [['cifar10', '--from', 'nowhere'], /There is no .*nowhere/],
    [['weights', 'resnet35'], /no weights for resnet35.*resnet34/],
    [['weights'], /npm run data -- weights resnet34/],
  ] as const) {
    const { status, stdout, stderr } = command(...args);
    assert.notEqual(status, 0);
    assert.match(stdout + stderr, expected);
    assert.doesNotMatch(stderr, /^ +at /m);
  }
});

test('CIFAR-10 is taken from a folder and from an archive; anything else is refused', async () => {
  const inner = join(data, 'cifar-10-batches-bin');
  mkdirSync(inner);
  const names = [
    'data_batch_1',
    'data_batch_2',
    'data_batch_3',
    'data_batch_4',
    'data_batch_5',
    'test_batch',
  ];
  // Some noise, for an archive that grows more than a thousandfold is taken for a bomb.
  const noise = randomBytes(100_000);
  for (const [i, name] of names.entries())
    writeFileSync(join(inner, `${name}.bin`), Buffer.concat([noise, Buffer.alloc(30_630_000, i)]));
  const target = join(data, 'sets', 'cifar-10-batches-bin');
  for (const from of ['cifar-10-batches-bin', 'c.tar.gz']) {
    if (from === 'c.tar.gz')
      await tar.create({ file: join(data, from), gzip: true, cwd: data }, ['cifar-10-batches-bin']);
    rmSync(target, { recursive: true, force: true });
    const { status, stderr } = command('cifar10', '--from', from);
    assert.equal(status, 0, stderr);
    assert.deepEqual(readdirSync(join(data, 'sets')), ['cifar-10-batches-bin']);
    for (const [i, name] of names.entries()) {
      const bytes = readFileSync(join(target, `${name}.bin`));
      assert.ok(
        bytes.length === 30_730_000 && bytes.indexOf(noise) === 0 && bytes[bytes.length - 1] === i,
        name,
      );
    }
  }
  rmSync(target, { recursive: true });
  writeFileSync(join(inner, 'test_batch.bin'), 'short');
  assert.match(command('cifar10', '--from', '.').stderr, /test_batch\.bin is not of 30730000 bytes/);
  assert.ok(!existsSync(target));
});

test('weights that are not the published ones are refused', () => {
  writeFileSync(join(data, 'resnet101-cd907fc2.pth'), 'not these');
  const { status, stderr } = command('weights', 'resnet101', '--from', '.');
  assert.equal(status, 1);
  assert.match(
    stderr,
    /is not torchvision's resnet101-cd907fc2\.pth: its SHA-256 does not begin with cd907fc2/,
  );
});

const photographs = resolve(
  projectRoot(),
  process.env.RESNET_WORKBOOK_SHARED ?? '../shared',
  'data/cat_dog_ants_bees',
);
const absent = existsSync(photographs) ? false : `no photographs in ${photographs}`;

test('real photographs are arranged in the counts of the article', { skip: absent }, () => {
  const { status, stdout, stderr } = command('photos', '--from', photographs);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /951 photographs \(130\/222\/123\/121 to train on, 100\/102\/70\/83 to evaluate\)/);
  assert.match(stdout, /Left out, .*imageNotFound\.gif/);
  const first = join('eval', '3_bees', readdirSync(join(photographs, 'eval', '3_bees'))[0]);
  assert.deepEqual(readFileSync(join(data, 'sets', 'photos', first)), readFileSync(join(photographs, first)));
  assert.match(command('photos').stdout, /The photographs are there/);
});
