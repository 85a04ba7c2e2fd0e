import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { projectRoot } from '../../src/locations';
import { SMALL, experiment, makeCifar, outcomes, start, until } from './small';

let folder: string;
let cifar: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'experiment-'));
  cifar = makeCifar(join(folder, 'cifar'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const run = (name: string, ...more: string[]): string[] => [
  ...['degradation', '--kind', 'preact', '--depth', '8', ...SMALL, '--cifar10', cifar, '--threads', '1'],
  ...['--folder', join(folder, name), ...more],
];

test('--help, plans and refusals do not wait for TensorFlow', () => {
  const script = `
    const module_ = require('node:module'), load = module_._load;
    module_._load = (name, ...rest) => { if (/tfjs/.test(name)) throw new Error('loads ' + name); return load(name, ...rest); };
    require(${JSON.stringify(join(projectRoot(), '.build', 'data-scripts', 'commands', 'experiment.js'))});`;
  for (const [args, status, expected] of [
    [['--help'], 0, /sweep +makes many runs/],
    [
      ['sweep', '--dry-run', '--subset', '77', '--depths', '8', '--seeds', '4'],
      0,
      /^3 runs, 0 done.*\n {2}plain-8-77images-seed4\n/,
    ],
    [['degradation', '--kind', 'vgg'], 1, /--kind must be one of plain, resnet, preact, got vgg/],
    [['degradation', '--', '--forceall'], 2, /npm run experiment/],
  ] as const) {
    const result = spawnSync(process.execPath, ['-e', script, '--', 'experiment.js', ...args], {
      encoding: 'utf8',
    });
    assert.match(result.stdout + result.stderr, expected);
    assert.equal(result.status, status, result.stderr);
  }
});

test('a run that is stopped by Ctrl-C, by a cluster and by force goes on to the same bits', async () => {
  const whole = experiment(run('whole'));
  assert.equal(whole.status, 0, whole.stderr);
  const broken = join(folder, 'broken');
  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGKILL', 'SIGKILL'],
  ] as const) {
    const running = start(run('broken'));
    const stage =
      signal === 'SIGINT' ? /Epoch 1\/4: val/ : signal === 'SIGTERM' ? /Epoch 2\/4: val/ : /Epoch 3\/4: val/;
    await until(`${signal}'s moment: ${running.said()}`, () => stage.test(running.said()));
    process.kill(running.child.pid!, signal);
    assert.equal(await running.ended, status, running.said());
    const lock = join(broken, 'runs', 'preact-8-4epochs-batch64-256images-seed1', 'lock.json');
    assert.equal(existsSync(lock), signal === 'SIGKILL', 'only what was killed leaves its lock');
    assert.ok(!existsSync(join(broken, 'records')), 'there is no record yet');
  }
  const last = experiment(run('broken'));
  assert.equal(last.status, 0, last.stderr);
  assert.match(last.stdout, /Going on after [23] epochs/);
  assert.deepEqual(outcomes(broken), outcomes(join(folder, 'whole')));
  const [record] = Object.values(outcomes(broken)) as { weights: string; history: unknown[] }[];
  assert.equal(record.history.length, 4);
  assert.match(record.weights, /^[0-9a-f]{64}$/);
});

test('two that are to make one run make it once, and its record says on how many threads', async () => {
  const args = run('twice', '--seed', '2');
  const both = [start(args), start(args)];
  assert.deepEqual(await Promise.all(both.map(({ ended }) => ended)), [0, 0]);
  const waited = both.filter(({ said }) => /Waiting for process \d+ on /.test(said()));
  assert.equal(waited.length, 1);
  assert.doesNotMatch(waited[0].said(), /Epoch 1\/4/);
  const record = readFileSync(
    join(folder, 'twice', 'records', 'preact-8-4epochs-batch64-256images-seed2.json'),
    'utf8',
  );
  assert.match(record, /"machine": ".*, 1 thread"/);
  assert.doesNotMatch(record, /"inside"/);
});
