import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cacheRoot } from '../../src/locations';
import { SMALL, experiment, makeCifar, outcomes, start, underWay, until } from './small';
import { SlurmCluster, withoutSlurm } from './slurmCluster';

const skip =
  withoutSlurm() ||
  (existsSync(join(cacheRoot(), 'snakemake', '.complete'))
    ? false
    : 'no Snakemake: the first npm run experiment -- sweep installs it');

test(
  'on Slurm a sweep survives a killed run, a cancelled job and a node that dies, to the same bits',
  { skip },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'slurm-sweep-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const cifar = makeCifar(join(folder, 'cifar'));
    const sweep = (name: string): string[] => [
      ...['sweep', '--kinds', 'resnet,preact', '--depths', '8', '--seeds', '1-2', ...SMALL, '--epochs', '8'],
      ...['--cifar10', cifar, '--folder', join(folder, name)],
    ];
    const whole = experiment([...sweep('whole'), '--jobs', '2']);
    assert.equal(whole.status, 0, whole.stdout + whole.stderr);

    const slurm = await SlurmCluster.start();
    t.after(() => slurm.stop());
    const broken = join(folder, 'broken');
    const without = [
      '--slurm-no-account',
      '--slurm-status-command',
      'squeue',
      '--seconds-between-status-checks',
      '2',
    ];
    const running = start(
      [...sweep('broken'), '--on', 'slurm', '--jobs', '2', '--', ...without],
      slurm.inside,
    );
    const again = async (
      what: string,
      fault: (run: { name: string; pid: number }) => void,
    ): Promise<void> => {
      const [run] = await until(
        `${what}: ${running.said()}`,
        () => underWay(broken).length > 0 && underWay(broken),
      );
      fault(run);
      await until(`a new attempt after ${what}: ${running.said()}`, () =>
        underWay(broken).some(({ name, pid }) => name === run.name && pid !== run.pid),
      );
      t.diagnostic(`${what}: ${run.name} goes on`);
    };
    const jobOf = (name: string): string =>
      slurm
        .ask('squeue', '-h', '-o', '%A %k')
        .split('\n')
        .find((line) => line.includes(name))
        ?.split(' ')[0] ?? '';

    await again('SIGKILL', ({ pid }) => process.kill(pid, 'SIGKILL'));
    await again('scancel', ({ name }) => void slurm.ask('scancel', jobOf(name)));
    await again('a dead node', ({ name }) => {
      const node = slurm.ask('squeue', '-h', '-j', jobOf(name), '-o', '%N');
      slurm.killNode(node);
      setTimeout(() => slurm.startNode(node), 40_000);
    });
    assert.equal(await running.ended, 0, running.said());
    assert.deepEqual(outcomes(broken), outcomes(join(folder, 'whole')));
    const logs = readdirSync(join(broken, 'logs')).map((file) =>
      readFileSync(join(broken, 'logs', file), 'utf8'),
    );
    const said = logs.join('');
    assert.match(said, /Going on after/);
    const attempts = said.match(/: 8 epochs of 256 images/g)?.length ?? 0;
    assert.ok(attempts >= 7, `4 runs and 3 faults, ${attempts} attempts`);
  },
);
