import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { cacheRoot } from '../../src/locations';
import { recordsFolder } from '../../data-scripts/commands/records';
import { SMALL, experiment, makeCifar, outcomes, start, underWay, until } from './small';

const withoutEngine = existsSync(join(cacheRoot(), 'snakemake', '.complete'))
  ? false
  : 'no Snakemake: the first npm run experiment -- sweep installs it';

let folder: string;
let cifar: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'sweep-'));
  cifar = makeCifar(join(folder, 'cifar'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const sweep = (name: string, ...more: string[]): string[] => [
  ...['sweep', '--kinds', 'plain,preact', '--depths', '8', '--seeds', '1', ...SMALL, '--cifar10', cifar],
  ...['--jobs', '2', '--folder', join(folder, name), ...more],
];

/** The processes that one has started, and those that they have. */
function descendants(pid: number): number[] {
  const table = execFileSync('ps', ['-e', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] =>
    table.filter(([, of]) => of === parent).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}

test(
  'a sweep goes on after a killed run, Ctrl-C and a killed engine, to the same bits',
  { skip: withoutEngine },
  async () => {
    const pictureAge = statSync(join(recordsFolder(), 'degradation.svg')).mtimeMs;
    const whole = experiment(sweep('whole'));
    assert.equal(whole.status, 0, whole.stdout + whole.stderr);
    assert.match(whole.stdout, /^2 runs, 0 done/);
    assert.match(whole.stdout, /2 of 2 runs have a record/);

    const broken = join(folder, 'broken');
    const first = start(sweep('broken'));
    const [killed] = await until('a run', () => underWay(broken).length > 0 && underWay(broken));
    process.kill(killed.pid, 'SIGKILL');
    await until('it to be started again', () =>
      underWay(broken).some(({ name, pid }) => name === killed.name && pid !== killed.pid),
    );
    process.kill(-first.child.pid!, 'SIGINT'); // as a terminal does: to all of the group
    assert.notEqual(await first.ended, 0);
    assert.deepEqual(underWay(broken), [], 'no run goes on');

    const second = start(sweep('broken'));
    await until('a run', () => underWay(broken).length > 0);
    const runs = new Set(underWay(broken).map(({ pid }) => pid));
    for (const pid of [second.child.pid!, ...descendants(second.child.pid!)])
      if (!runs.has(pid)) process.kill(pid, 'SIGKILL');
    await second.ended;
    assert.ok(underWay(broken).length > 0, 'runs go on without the engine');

    const third = start(sweep('broken'));
    assert.equal(await third.ended, 0, third.said());
    assert.match(third.said(), /2 of 2 runs have a record/);
    assert.deepEqual(outcomes(broken), outcomes(join(folder, 'whole')));
    assert.equal(experiment(sweep('broken')).stdout, '2 runs, 2 done.\n');
    assert.equal(
      statSync(join(recordsFolder(), 'degradation.svg')).mtimeMs,
      pictureAge,
      "the README's picture stays",
    );
  },
);

test(
  'a run that fails stops no other, and is named with where its log lies',
  { skip: withoutEngine },
  async () => {
    const failing = [
      'sweep',
      '--kinds',
      'plain',
      '--depths',
      '8',
      '--seeds',
      '3',
      '--cifar10',
      cifar,
      '--folder',
      join(folder, 'bad'),
    ];
    const { status, stdout } = experiment([
      ...failing,
      '--epochs',
      '1',
      '--subset',
      '256',
      '--lr',
      '1e30',
      '--',
      '--retries',
      '1',
    ]);
    assert.equal(status, 1);
    assert.match(
      stdout,
      /0 of 1 runs have a record.*\nWithout: plain-8-1epochs-lr1e\+30-256images-seed3\. Their logs lie in /,
    );
    const log = join(folder, 'bad', 'logs', 'plain-8-1epochs-lr1e+30-256images-seed3.log');
    assert.equal(
      readFileSync(log, 'utf8').match(/: 1 epochs of 256 images/g)?.length,
      2,
      'each attempt is in it',
    );
  },
);
