import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import * as tf from '@tensorflow/tfjs-node';
import type { Dataset, Sample } from '../../src/data/dataset';
import { DataLoader } from '../../src/data/loader';
import { CifarResNet } from '../../src/models/cifar';
import { CrossEntropyLoss } from '../../src/nn/loss';
import { setProgress, silentProgress } from '../../src/progress';
import { Random, manualSeed } from '../../src/random';
import { evaluate } from '../../src/training/evaluate';
import { Adam } from '../../src/training/optimizers';
import { cosineLR } from '../../src/training/schedules';
import { type EpochRecord, type TrainOptions, trainAndEval } from '../../src/training/trainAndEval';

setProgress(silentProgress);
const lossFunc = new CrossEntropyLoss();

/** Noise whose left or right half is brighter: class 0 or 1. */
class Halves implements Dataset {
  readonly classes: readonly string[] = ['left', 'right'];

  constructor(
    readonly length: number,
    private readonly seed: number,
  ) {}

  get(index: number): Sample {
    const random = new Random(this.seed, index);
    const label = index % 2;
    const data = Float32Array.from({ length: 8 * 8 * 3 }, (_, i) => {
      const right = Math.floor(i / 3) % 8 >= 4;
      return random.normal() * 0.5 + (right === (label === 1) ? 1 : 0);
    });
    return { image: { data, height: 8, width: 8, channels: 3 }, label };
  }
}

class ThreeClasses extends Halves {
  override readonly classes = ['left', 'right', 'neither'];
}

const makeNet = (): CifarResNet => {
  manualSeed(1);
  return new CifarResNet(8, { numClasses: 2, widths: [4, 4, 8] });
};

async function run(
  epochs: number,
  options: TrainOptions = {},
  net = makeNet(),
  train: Dataset = new Halves(64, 1),
) {
  const optimizer = new Adam(net.parameters(), { lr: 1e-2 });
  const loaders = [
    new DataLoader(train, { batchSize: 16, shuffle: true, seed: 2 }),
    new DataLoader(new Halves(32, 99), { batchSize: 16 }),
  ] as const;
  try {
    return await trainAndEval(net, epochs, lossFunc, optimizer, ...loaders, { log: false, ...options });
  } finally {
    optimizer.dispose();
  }
}

/** What repeats exactly; times do not. */
const numbers = (history: readonly EpochRecord[]) =>
  history.map(({ trainLoss, trainAcc, valLoss, valAcc }) => [trainLoss, trainAcc, valLoss, valAcc]);

describe('trainAndEval', () => {
  it('learns, and records each epoch', async () => {
    const { history, bestAcc, bestEpoch, interrupted, model } = await run(6);
    assert.equal(history.length, 6);
    assert.ok(
      history[5].trainLoss < history[0].trainLoss / 2,
      `loss ${history[0].trainLoss} -> ${history[5].trainLoss}`,
    );
    assert.ok(bestAcc > 0.9, `accuracy ${bestAcc}`);
    assert.equal(history[bestEpoch - 1].valAcc, bestAcc);
    assert.equal(interrupted, false);
    model.dispose();
  });

  it('leaves the model with the weights that evaluated best', async () => {
    // the rate explodes in the second half, so the last weights are not the best
    const { model, bestAcc, history } = await run(6, { schedule: (step) => (step < 12 ? 1e-2 : 3) });
    assert.ok(history[5].valAcc < bestAcc);
    const { accuracy } = await evaluate(
      model,
      lossFunc,
      new DataLoader(new Halves(32, 99), { batchSize: 16 }),
    );
    assert.equal(accuracy, bestAcc);
    assert.equal(model.training, false);
    model.dispose();
  });

  it('gives the same curve for the same seed', async () => {
    const [first, second] = [await run(2), await run(2)];
    assert.deepEqual(numbers(first.history), numbers(second.history));
    first.model.dispose();
    second.model.dispose();
  });

  it('keeps no tensor, in a step or in the whole', async () => {
    const before = tf.memory().numTensors;
    const counts: number[] = [];
    const { model } = await run(2, { onStep: () => void counts.push(tf.memory().numTensors) });
    assert.equal(new Set(counts).size, 1, `tensors after each step: ${counts.join(' ')}`);
    model.dispose();
    assert.equal(tf.memory().numTensors, before);
  });

  it('stops early when a callback says so', async () => {
    const { history, model } = await run(5, { onEpoch: (soFar) => soFar.length < 2 });
    assert.equal(history.length, 2);
    model.dispose();
  });

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
    await assert.rejects(run(3, { checkpoint }, other), /The state dict does not fit the module/);
    rmSync(folder, { recursive: true });
    [first.model, whole.model, resumed.model, other].forEach((model) => model.dispose());
  });

  it('is stopped by SIGINT within a step, and keeps what was learnt', async () => {
    const steps: number[] = [];
    const onStep = (step: number): void => {
      steps.push(step);
      if (step === 6) process.kill(process.pid, 'SIGINT'); // in the second epoch of four steps
    };
    const { interrupted, history, model } = await run(50, { onStep });
    assert.equal(interrupted, true);
    assert.equal(history.length, 1);
    assert.ok(steps.length <= 8, `steps after the interrupt: ${steps.length - 6}`);
    model.dispose();
  });

  it('says what is wrong when the classes do not fit or the loss is no number', async () => {
    const net = makeNet();
    await assert.rejects(run(1, {}, net, new ThreeClasses(32, 1)), /2 outputs, the data 3 classes/);
    const before = net.stateDict().get('conv1.weight')!.data.slice();
    net.linear.bias.assign(tf.tensor1d([NaN, 0]));
    await assert.rejects(
      run(1, {}, net),
      /The loss became NaN at step 1 \(epoch 1\): lower the learning rate/,
    );
    assert.deepEqual(net.stateDict().get('conv1.weight')!.data, before, 'no step was made with it');
    net.dispose();
  });
});

describe('evaluate', () => {
  it('leaves the mode and the weights alone', async () => {
    const net = makeNet();
    const before = net.stateDict().get('bn1.running_mean')!.data.slice();
    const { predictions, labels, accuracy } = await evaluate(
      net,
      lossFunc,
      new DataLoader(new Halves(20, 3), { batchSize: 16 }),
    );
    assert.equal(net.training, true);
    assert.deepEqual(net.stateDict().get('bn1.running_mean')!.data, before);
    assert.equal(predictions.length, 20);
    assert.equal(accuracy, predictions.filter((p, i) => p === labels[i]).length / 20);
    net.dispose();
  });
});
