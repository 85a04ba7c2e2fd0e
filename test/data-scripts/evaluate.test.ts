import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { cifar10Folder, projectRoot } from '../../src/locations';

const root = projectRoot();
const shared = resolve(root, process.env.RESNET_WORKBOOK_SHARED ?? '../shared');
const checkpoint = join(shared, 'data/checkpoints/resnet20-12fca82f.th');
const twice = join(root, 'test/golden/checkpoint/wrapped-twice.pth');
const shipped = join(root, 'src/models/pretrained/resnet20_cifar.safetensors');

function evaluate(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const script = join(root, '.build/data-scripts/commands/evaluate.js');
  const preload = join(root, 'data-scripts/kernel/node-compat.cjs');
  return spawnSync(process.execPath, ['-r', preload, script, ...args], {
    encoding: 'utf8',
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' },
  });
}

test('evaluate explains itself, and says in a line what is wrong', () => {
  const help = evaluate('--help');
  assert.equal(help.status, 0);
  for (const option of ['--model', '--checkpoint', '--key', '--cifar10', '--mean', '--json']) {
    assert.ok(help.stdout.includes(option), option);
  }
  for (const [args, message] of [
    [['--model', 'resnet21_cifar'], /^--model must be one of resnet20_cifar, .*; got resnet21_cifar\.$/m],
    [['--checkpoint', shipped], /^--model must be one of .*; it is missing\.$/m],
    [['--model', 'resnet20_cifar'], /^--checkpoint is missing/m],
    [['--model', 'resnet56_cifar', '--checkpoint', shipped], /does not fit the module; nothing was loaded/],
    [['--model', 'resnet20_cifar', '--checkpoint', join(root, 'package.json')], /package\.json/],
    [
      ['--model', 'resnet20_cifar', '--checkpoint', twice],
      /: it holds .*its key, which may be "generator", "ema"$/m,
    ],
    [['--model', 'resnet20_cifar', '--checkpoint', twice, '--key', 'ema'], /does not fit the module/],
    [['--model', 'resnet20_cifar', '--checkpoint', shipped, '--std', '1,0,1'], /--std must be three numbers/],
    [
      ['--model', 'resnet20_cifar', '--checkpoint', shipped, '--cifar10', root],
      /cannot read .*test_batch\.bin/,
    ],
    [['--colour'], /Unknown option '--colour'/],
  ] as const) {
    const { status, stderr } = evaluate(...args);
    assert.equal(status, 1, args.join(' '));
    assert.match(stderr, message);
    assert.ok(!stderr.includes('    at '), 'a stack is not for readers');
  }
});

const missing = [checkpoint, join(cifar10Folder(), 'test_batch.bin')].find((path) => !existsSync(path));

test('a published ResNet-20 is right in 91.73 %', { skip: missing && `no ${missing}` }, () => {
  const { status, stdout, stderr } = evaluate(
    '--model',
    'resnet20_cifar',
    '--checkpoint',
    checkpoint,
    '--json',
  );
  assert.equal(status, 0, stderr);
  const { accuracy, correct, images } = JSON.parse(stdout) as Record<string, number>;
  assert.deepEqual({ accuracy, correct, images }, { accuracy: 91.73, correct: 9173, images: 10_000 });
  assert.match(stderr, /^accuracy 91\.73 %$/m);
});
