import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs, { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, it, mock } from 'node:test';
import * as tf from '@tensorflow/tfjs-node';
import { saveSafetensors } from '../../src/checkpoint/safetensors';
import { CifarResNet } from '../../src/models/cifar';
import { setProgress, silentProgress } from '../../src/progress';
import { cosineLR } from '../../src/training/schedules';
import { makeNet, numbers, run } from './small';

setProgress(silentProgress);

describe('a training run that saves itself', () => {
  for (const stop of [1, 5, 6, 10]) {
    it(`goes on to the same bits when it was stopped after step ${stop} of 12`, async () => {
      const whole = await run(3, { schedule: cosineLR(1e-2) });
      const folder = mkdtempSync(join(tmpdir(), 'run-'));
      const checkpoint = { path: join(folder, 'run.safetensors'), everySeconds: 0 };
      const killed = new Error('killed');
      const onStep = (step: number): void => {
        if (step === stop + 1) throw killed; // step `stop` was the last to be saved
      };
      const first = makeNet();
      await assert.rejects(run(3, { schedule: cosineLR(1e-2), checkpoint, onStep }, first), killed);
      first.dispose();

      const steps: number[] = [];
      const resumed = await run(3, {
        schedule: cosineLR(1e-2),
        checkpoint,
        onStep: (step) => void steps.push(step),
      });
      rmSync(folder, { recursive: true });
      assert.equal(steps[0], stop + 1);
      assert.deepEqual(numbers(resumed.history), numbers(whole.history));
      assert.deepEqual(resumed.model.stateDict(), whole.model.stateDict());
      whole.model.dispose();
      resumed.model.dispose();
    });
  }

  it('goes on from an interrupt, and refuses the file of another model', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'run-'));
    const checkpoint = { path: join(folder, 'run.safetensors') };
    const onStep = (step: number): void => {
      if (step === 6) process.kill(process.pid, 'SIGINT');
    };
    const first = await run(3, { checkpoint, onStep });
    assert.ok(first.interrupted);
    const [whole, resumed] = [await run(3), await run(3, { checkpoint })];
    assert.deepEqual(numbers(resumed.history), numbers(whole.history));
    const other = new CifarResNet(14, { numClasses: 2, widths: [4, 4, 8] });
    await assert.rejects(run(3, { checkpoint }, other), /belongs to another run \(model: CifarResNet /);
    rmSync(folder, { recursive: true });
    [first.model, whole.model, resumed.model, other].forEach((model) => model.dispose());
  });

  it("goes on to the same bits from an interrupt at an epoch's last step", async () => {
    const folder = mkdtempSync(join(tmpdir(), 'run-'));
    const checkpoint = { path: join(folder, 'run.safetensors') };
    const onStep = (step: number): void => {
      if (step === 8) process.kill(process.pid, 'SIGINT'); // of 4 an epoch
    };
    const first = await run(3, { checkpoint, onStep });
    assert.ok(first.interrupted);
    const [whole, resumed] = [await run(3), await run(3, { checkpoint })];
    rmSync(folder, { recursive: true });
    assert.deepEqual(numbers(resumed.history), numbers(whole.history));
    assert.deepEqual(resumed.model.stateDict(), whole.model.stateDict());
    [first.model, whole.model, resumed.model].forEach((model) => model.dispose());
  });

  it('keeps the last checkpoint whose weights were numbers', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'run-'));
    const checkpoint = { path: join(folder, 'run.safetensors'), everySeconds: 0 };
    const net = makeNet();
    const onStep = (step: number): void => {
      if (step === 3) net.linear.bias.assign(tf.tensor1d([0, Infinity]));
    };
    await assert.rejects(
      run(2, { checkpoint, onStep }, net),
      /linear\.bias holds numbers that are not finite: lower the learning rate\. .*run\.safetensors stays as it was/,
    );
    const [whole, resumed] = [await run(2), await run(2, { checkpoint })];
    assert.deepEqual(resumed.model.stateDict(), whole.model.stateDict());
    rmSync(folder, { recursive: true });
    [net, whole.model, resumed.model].forEach((model) => model.dispose());
  });

  it('removes what a killed process left half-written, and nothing else', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'run-'));
    const checkpoint = { path: join(folder, 'run.safetensors') };
    const { pid: dead } = spawnSync(process.execPath, ['--version']);
    const names = [
      `.run.safetensors.${dead}.1700000000000.tmp`,
      `.run.safetensors.${process.pid}.1700000000000.tmp`, // this process runs
      `.other.safetensors.${dead}.1700000000000.tmp`,
      'run.safetensors.tmp',
    ];
    names.forEach((name) => fs.writeFileSync(join(folder, name), ''));
    const { model } = await run(1, { checkpoint });
    assert.deepEqual(readdirSync(folder).sort(), [...names.slice(1), 'run.safetensors'].sort());
    rmSync(folder, { recursive: true });
    model.dispose();
  });

  it('refuses a file that is no training run', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'run-'));
    const checkpoint = { path: join(folder, 'run.safetensors') };
    const net = makeNet();
    for (const metadata of [undefined, { run: '{}' }, { run: '{"history": []' }, { run: 'null' }]) {
      saveSafetensors(checkpoint.path, net.stateDict(), { metadata });
      await assert.rejects(run(1, { checkpoint }, net), /is no training run: .* Name another file/);
    }
    rmSync(folder, { recursive: true });
    net.dispose();
  });
});

describe('a full disk', () => {
  const full = /cannot write .*run\.safetensors: the disk is full; free some space/;

  /** Trains into a file until the disk is full; the file must then be whole, and training go on from it. */
  async function fillUp(path: string, fill: () => void, free: () => void): Promise<void> {
    const checkpoint = { path, everySeconds: 0 };
    const net = makeNet();
    const onStep = (step: number): void => {
      if (step === 6) fill();
    };
    await assert.rejects(run(3, { checkpoint, onStep }, net), full);
    assert.deepEqual(readdirSync(dirname(path)), [basename(path)], 'nothing half-written is left');
    free();
    const steps: number[] = [];
    const [whole, resumed] = [
      await run(3),
      await run(3, { checkpoint, onStep: (step) => void steps.push(step) }),
    ];
    assert.equal(steps[0], 6, 'the last checkpoint was of step 5');
    assert.deepEqual(resumed.model.stateDict(), whole.model.stateDict());
    [net, whole.model, resumed.model].forEach((model) => model.dispose());
  }

  it('ends a run with one error, and the last checkpoint is whole', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'run-'));
    const noSpace = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    });
    let written = 0;
    const write = fs.writeSync as (...args: unknown[]) => number;
    const fill = (): void =>
      void mock.method(fs, 'writeSync', (...args: unknown[]) => {
        if (++written === 5) throw noSpace; // in the middle of the file
        return write(...args);
      });
    await fillUp(join(folder, 'run.safetensors'), fill, () => mock.restoreAll());
    rmSync(folder, { recursive: true });
  });

  it('does so too when the disk is really full', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'disk-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
    } catch {
      rmSync(folder, { recursive: true });
      return t.skip('no small disk can be mounted here: that takes root');
    }
    try {
      const runFolder = join(folder, 'run');
      mkdirSync(runFolder);
      const rest = join(folder, 'rest');
      const fill = (): void => {
        try {
          fs.writeFileSync(rest, Buffer.alloc(2 ** 20));
        } catch {
          // as far as it goes
        }
      };
      await fillUp(join(runFolder, 'run.safetensors'), fill, () => rmSync(rest));
    } finally {
      execFileSync('umount', [folder]);
      rmSync(folder, { recursive: true });
    }
  });
});
