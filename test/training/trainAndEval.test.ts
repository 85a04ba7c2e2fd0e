import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import * as tf from '@tensorflow/tfjs-node';
import { DataLoader } from '../../src/data/loader';
import { Linear } from '../../src/nn/layers';
import { backend } from '../../src/ops/backend';
import { BasicBlock, ResNet } from '../../src/models/resnet';
import { onForward } from '../../src/nn/hooks';
import { GroupNorm } from '../../src/nn/norm';
import { setProgress, silentProgress } from '../../src/progress';
import { type Loss, evaluate } from '../../src/training/evaluate';
import type { EpochRecord } from '../../src/training/history';
import { Halves, ThreeClasses, lossFunc, makeNet, numbers, run, unreadable } from './small';

setProgress(silentProgress);

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
    assert.deepEqual(first.model.stateDict(), second.model.stateDict());
    first.model.dispose();
    second.model.dispose();
  });

  it('runs steps and batches as graphs, to the same bits as op by op', async () => {
    const native = backend();
    const { binding } = native;
    let functions = 0;
    const executeOp: typeof binding.executeOp = (op, ...rest) => {
      if (op.startsWith('captured_')) functions += 1;
      return binding.executeOp(op, ...rest);
    };
    native.binding = Object.create(binding, { executeOp: { value: executeOp } }) as typeof binding;
    try {
      // 70 pictures to train on: four batches of 16 and one of 6; each kind is recorded twice,
      // and once more in each later epoch; each evaluation records two of its four batches
      const both = [];
      for (const capture of [true, false]) {
        const options = { capture, schedule: (step: number) => 0.02 / (step + 1) };
        const { model, history } = await run(3, options, makeNet(), new Halves(70, 1), new Halves(64, 99));
        both.push([numbers(history), model.stateDict()]);
        model.dispose();
        if (capture) assert.equal(functions, 2 + 3 + 3 + 3 * 2);
      }
      assert.equal(functions, 14, 'none more');
      assert.deepEqual(both[0], both[1]);
    } finally {
      native.binding = binding;
    }
  });

  it('sees what onEpoch changes in a variable around the loss', async () => {
    const both = [];
    for (const capture of [true, false]) {
      let scale = 1;
      const scaled: Loss = { forward: (outputs, labels) => tf.mul(lossFunc.forward(outputs, labels), scale) };
      const onEpoch = (): void => void (scale /= 2);
      const { model, history } = await run(3, { capture, onEpoch }, makeNet(), undefined, undefined, scaled);
      both.push([numbers(history), model.stateDict()]);
      model.dispose();
    }
    assert.deepEqual(both[0], both[1]);
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

  it('shows the history to its watcher, and ends it also when training fails', async () => {
    const lengths: (number | 'finished')[] = [];
    const watch = {
      update: (history: readonly EpochRecord[]) => void lengths.push(history.length),
      finish: () => void lengths.push('finished'),
    };
    const net = makeNet();
    await run(2, { watch }, net);
    const failed = new Error('failed');
    const onStep = (step: number): void => {
      if (step === 6) throw failed;
    };
    const tensors = tf.memory().numTensors;
    await assert.rejects(run(2, { watch, onStep }, net), failed);
    assert.equal(tf.memory().numTensors, tensors, 'gradients are freed');
    assert.deepEqual(lengths, [1, 2, 'finished', 1, 'finished']);
    net.dispose();
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

  it('says what is wrong when the classes do not fit or no picture comes', async () => {
    const net = makeNet();
    const [two, three] = [new Halves(32, 1), new ThreeClasses(32, 1)];
    const misfit = /2 outputs, the data 3 classes: replace its last layer/;
    await assert.rejects(run(1, {}, net, three, three), misfit);
    await assert.rejects(evaluate(net, lossFunc, new DataLoader(three)), misfit);
    await assert.rejects(run(1, {}, net, unreadable), /training loader gave no pictures/);
    await assert.rejects(run(1, {}, net, two, unreadable), /evaluate: the loader gave no pictures/);
    net.dispose();
  });

  it('says what is so when the loss is no number: weights, pictures, the network, or a rate too high', async () => {
    const before = makeNet();
    const start = before.stateDict();
    const nan = new Halves(32, 1);
    nan.get = (index) => {
      const sample = new Halves(32, 1).get(index);
      return index === 17
        ? { ...sample, image: { ...sample.image, data: sample.image.data.map(() => NaN) } }
        : sample;
    };
    const two = new Halves(32, 1);
    const broken = makeNet();
    const { forward } = Linear.prototype;
    broken.linear.forward = (x) => tf.tidy(() => forward.call(broken.linear, x).mul(Infinity));
    const [nanWeight, infiniteWeight, nanStatistic] = [makeNet(), makeNet(), makeNet()];
    nanWeight.linear.bias.assign(tf.tensor1d([NaN, 0]));
    infiniteWeight.conv1.weight.assign(tf.fill([3, 3, 3, 4], Infinity));
    nanStatistic.bn1.runningVar.assign(tf.fill([4], NaN));
    for (const [net, train, held, words] of [
      [
        nanWeight,
        two,
        two,
        /^trainAndEval: linear\.bias is not finite before the first step: initialize the model/,
      ],
      [infiniteWeight, two, two, /conv1\.weight is not finite before the first step/],
      [nanStatistic, two, two, /bn1\.running_var is not finite before the first step/],
      [
        makeNet(),
        nan,
        two,
        /^The pictures of step \d \(epoch 1\) hold values that are not finite: look at the data/,
      ],
      [makeNet(), two, nan, /^evaluate: the pictures after the first 16 hold values that are not finite/],
      [
        broken,
        two,
        two,
        /^The loss became NaN at step 1 .*: no step had been made, and weights and pictures are num/,
      ],
    ] as const) {
      await assert.rejects(run(1, {}, net, train, held), (error: Error) => {
        assert.match(error.message, words);
        assert.doesNotMatch(error.message, /learning rate/);
        return true;
      });
      net.dispose();
    }
    const high = makeNet();
    const explode = { schedule: () => 1e30 };
    await assert.rejects(
      run(1, explode, high),
      /^Error: The loss became .* at step 2 \(epoch 1\): lower the learning rate/,
    );
    const late = makeNet();
    const spoil = (step: number): void => {
      if (step === 7) late.linear.bias.assign(tf.tensor1d([NaN, 0])); // steps are a graph by now
    };
    await assert.rejects(run(3, { onStep: spoil }, late), /The loss became NaN at step 8 \(epoch 2\)/);
    late.dispose();
    const other = makeNet();
    const onStep = (step: number): void => {
      if (step === 4) other.bn1.runningVar.assign(tf.fill([4], NaN)); // only evaluation sees it
    };
    await assert.rejects(
      run(1, { onStep }, other),
      /became NaN on the evaluation pictures after epoch 1: lower/,
    );
    assert.deepEqual(before.stateDict(), start);
    [before, high, other].forEach((net) => net.dispose());
  });

  it('counts the first epoch as the best where nothing is ever right', async () => {
    const net = makeNet();
    net.linear.weight.assign(tf.zeros([2, 8]));
    net.linear.bias.assign(tf.tensor1d([5, 0]));
    const right = new Halves(32, 99);
    right.get = (index) => ({ ...new Halves(32, 99).get(index), label: 1 });
    const { history, bestAcc, bestEpoch } = await run(
      2,
      { schedule: () => 0 },
      net,
      new Halves(32, 1),
      right,
    );
    assert.deepEqual([history.map(({ valAcc }) => valAcc), bestAcc, bestEpoch], [[0, 0], 0, 1]);
    net.dispose();
  });
});

describe('evaluate', () => {
  it('gives the same as a graph and op by op, fused or not', async () => {
    const [plain, hooked] = [makeNet(), makeNet()];
    const seen: string[] = [];
    onForward(hooked, (name) => void seen.push(name)); // so it can't be fused, nor be a graph
    const groups = new ResNet(BasicBlock, [1, 1, 1, 1], {
      numClasses: 2,
      normLayer: (channels) => new GroupNorm(4, channels),
    });
    const { mock: log } = mock.method(console, 'log');
    for (const net of [plain, groups]) {
      const [graph, ops] = [
        await evaluate(net, lossFunc, new DataLoader(new Halves(50, 3), { batchSize: 8 })),
        await evaluate(net, lossFunc, new DataLoader(new Halves(50, 3), { batchSize: 8 }), {
          capture: false,
        }),
      ];
      assert.deepEqual(graph, ops);
    }
    assert.equal(log.callCount(), 0, 'nothing had to run op by op');
    log.restore();
    await evaluate(hooked, lossFunc, new DataLoader(new Halves(50, 3), { batchSize: 8 }));
    assert.equal(seen.filter((name) => name === '').length, 7);
    [plain, hooked, groups].forEach((net) => net.dispose());
  });

  it('leaves the mode of each module and the weights alone', async () => {
    const net = makeNet();
    net.layer1.eval(); // as somebody may have frozen it
    const modes = net.modules().map(({ training }) => training);
    const before = net.stateDict().get('bn1.running_mean')!.data.slice();
    const { predictions, labels, accuracy } = await evaluate(
      net,
      lossFunc,
      new DataLoader(new Halves(20, 3), { batchSize: 16 }),
    );
    assert.deepEqual(
      net.modules().map(({ training }) => training),
      modes,
    );
    assert.deepEqual(net.stateDict().get('bn1.running_mean')!.data, before);
    assert.equal(predictions.length, 20);
    assert.equal(accuracy, predictions.filter((p, i) => p === labels[i]).length / 20);
    net.dispose();
  });
});
