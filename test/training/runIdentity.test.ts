import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, mock } from 'node:test';
import * as tf from '@tensorflow/tfjs-node';
import { loadCheckpoint } from '../../src/checkpoint/load';
import { readSafetensorsMetadata, saveSafetensors } from '../../src/checkpoint/safetensors';
import type { DataLoaderOptions } from '../../src/data/batchLoader';
import type { Dataset } from '../../src/data/dataset';
import { DataLoader } from '../../src/data/loader';
import { Linear, ReLU } from '../../src/nn/layers';
import { CrossEntropyLoss, MultiMarginLoss } from '../../src/nn/loss';
import { Module } from '../../src/nn/module';
import type { Parameter } from '../../src/nn/parameter';
import { manualSeed } from '../../src/random';
import { setProgress, silentProgress } from '../../src/progress';
import type { Loss } from '../../src/training/evaluate';
import { Adam, type Optimizer, SGD } from '../../src/training/optim';
import { cosineLR, multiStepLR } from '../../src/training/schedules';
import { type TrainOptions, type TrainResult, trainAndEval } from '../../src/training/trainAndEval';
import { pretendBfloat16 } from '../ops/pretendBfloat16';
import { Halves, numbers } from './small';

setProgress(silentProgress);
pretendBfloat16();

class Net extends Module {
  readonly fc: Linear;
  readonly relu = new ReLU();
  readonly head: Linear;
  constructor(
    readonly slope = 1,
    width = 4,
  ) {
    super();
    this.fc = new Linear(8 * 8 * 3, width);
    this.head = new Linear(width, 2);
  }
  forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => this.head.forward(this.relu.forward(this.fc.forward(x.reshape([x.shape[0], -1])))));
  }
}
class Deeper extends Net {
  readonly more = new Linear(2, 2);
  override forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => this.more.forward(super.forward(x)));
  }
}
class Scaled implements Loss {
  private readonly inner = new CrossEntropyLoss();
  constructor(private readonly factors: ReadonlyMap<string, number>) {}
  forward(outputs: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
    return tf.tidy(() => this.inner.forward(outputs, labels).mul<tf.Scalar>(this.factors.get('factor') ?? 1));
  }
}

/** All that a run is made of; each test changes one thing of it. */
interface Setup {
  net: () => Module;
  freeze: (name: string) => boolean;
  optimizer: (parameters: Parameter[]) => Optimizer;
  loss: Loss;
  epochs: number;
  train: Dataset;
  trainLoader: DataLoaderOptions;
  held: Dataset;
  heldLoader: DataLoaderOptions;
  options: TrainOptions;
}
const setup: Setup = {
  net: () => new Net(),
  freeze: () => false,
  optimizer: (parameters) => new Adam(parameters, { lr: 1e-2 }),
  loss: new CrossEntropyLoss(),
  epochs: 3,
  train: new Halves(30, 1),
  trainLoader: { batchSize: 8, shuffle: true, seed: 2 },
  held: new Halves(16, 9),
  heldLoader: { batchSize: 8 },
  options: {},
};

/** Stands for an error in the reader's callback, or for a killed process. */
const killed = new Error('killed');
const killAt =
  (at: number) =>
  (step: number): void => {
    if (step === at) throw killed;
  };

interface Started {
  net: Module;
  optimizer: Optimizer;
  loader: DataLoader;
  finish(): Promise<TrainResult>;
  dispose(): void;
}

function start(change: Partial<Setup> = {}, options: TrainOptions = {}): Started {
  const all = { ...setup, ...change };
  manualSeed(5);
  const net = all.net().requiresGrad(true);
  net.requiresGrad(false, all.freeze);
  const optimizer = all.optimizer(net.parameters());
  const loader = new DataLoader(all.train, all.trainLoader);
  const held = new DataLoader(all.held, all.heldLoader);
  const every = { log: false, ...all.options, ...options };
  return {
    net,
    optimizer,
    loader,
    finish: () => trainAndEval(net, all.epochs, all.loss, optimizer, loader, held, every),
    dispose: () => {
      optimizer.dispose();
      net.dispose();
    },
  };
}

const folder = mkdtempSync(join(tmpdir(), 'identity-'));
const checkpoint = { path: join(folder, 'run.safetensors'), everySeconds: 0 };
after(() => rmSync(folder, { recursive: true }));

/** Begins a run, kills it in its second epoch, and returns the file that it left. */
async function begin(change: Partial<Setup> = {}): Promise<Buffer> {
  rmSync(checkpoint.path, { force: true });
  const run = start(change, { checkpoint, onStep: killAt(7) });
  await assert.rejects(run.finish(), killed);
  run.dispose();
  return readFileSync(checkpoint.path);
}

const scheduled = (schedule: TrainOptions['schedule']): Partial<Setup> => ({ options: { schedule } });
const sgd: Partial<Setup> = { optimizer: (ps) => new SGD(ps, { momentum: 0.9 }) };
const scaled = (factor: number): Partial<Setup> => ({ loss: new Scaled(new Map([['factor', factor]])) });
const loaded = (options: DataLoaderOptions): Partial<Setup> => ({
  trainLoader: { ...setup.trainLoader, ...options },
});
const held = (options: DataLoaderOptions): Partial<Setup> => ({
  heldLoader: { ...setup.heldLoader, ...options },
});

/** What is another when the run is called again, what the error says, and how the run was begun if not as usual. */
const REFUSED: [what: string, change: Partial<Setup>, words: RegExp, begun?: Partial<Setup>][] = [
  ['a model with another layer', { net: () => new Deeper() }, /model: Net \(\w{8}\), now Deeper/],
  ['a wider model', { net: () => new Net(1, 5) }, /\(model: Net \(\w{8}\), now Net \(\w{8}\)\)/],
  ['a model with another setting', { net: () => new Net(2) }, /\(model: Net /],
  [
    'other frozen parameters',
    { freeze: (name) => name.startsWith('fc.') },
    /trained parameters: 4 of 4 \(\w+\), now 2 of 4/,
  ],
  [
    'other parameters handed to the optimizer',
    { optimizer: (ps) => new Adam(ps.slice(0, 2), { lr: 1e-2 }) },
    /trained parameters: 4 of 4 \(\w+\), now 2 of 4/,
  ],
  ['another optimizer', { optimizer: (ps) => new SGD(ps, { lr: 1e-2 }) }, /optimizer: Adam .*, now SGD /],
  ['another learning rate', { optimizer: (ps) => new Adam(ps) }, /learning rate: 0\.01, now 0\.001/],
  [
    'another weight decay',
    { optimizer: (ps) => new Adam(ps, { lr: 1e-2, weightDecay: 1e-4 }) },
    /optimizer: Adam \{"weightDecay":0,.*, now Adam \{"weightDecay":0\.0001/,
  ],
  [
    'other betas',
    { optimizer: (ps) => new Adam(ps, { lr: 1e-2, betas: [0.8, 0.999] }) },
    /"beta1":0\.9,.*"beta1":0\.8/,
  ],
  ['another eps', { optimizer: (ps) => new Adam(ps, { lr: 1e-2, eps: 1e-4 }) }, /"eps":1e-8.*"eps":0\.0001/],
  ['another momentum', { optimizer: (ps) => new SGD(ps, { momentum: 0.8 }) }, /0\.9.*0\.8/, sgd],
  [
    'Nesterov instead of plain momentum',
    { optimizer: (ps) => new SGD(ps, { momentum: 0.9, nesterov: true }) },
    /"nesterov":false.*"nesterov":true/,
    sgd,
  ],
  ['another loss', { loss: new MultiMarginLoss() }, /loss: CrossEntropyLoss .*, now MultiMarginLoss /],
  [
    'another label smoothing',
    { loss: new CrossEntropyLoss({ labelSmoothing: 0.1 }) },
    /loss: CrossEntropyLoss \{"labelSmoothing":0\} .*, now CrossEntropyLoss \{"labelSmoothing":0\.1\}/,
  ],
  ["a reader's own loss with another factor", scaled(3), /loss: Scaled .*, now Scaled /, scaled(2)],
  ['a schedule where there was none', scheduled(() => 1e-2), /learning rate: 0\.01, now scheduled/],
  [
    'another schedule',
    scheduled(cosineLR(2e-2)),
    /the schedule gives other rates/,
    scheduled(cosineLR(1e-2)),
  ],
  [
    'a schedule that differs only in what is to come',
    scheduled(multiStepLR(1e-2, [0.9], 0.5)),
    /the schedule gives other rates/,
    scheduled(multiStepLR(1e-2, [0.9], 0.1)),
  ],
  [
    'another number of epochs, where the schedule depends on it',
    { ...scheduled(cosineLR(1e-2)), epochs: 5 },
    /epochs: 3, now 5, for which its schedule gives other rates to the steps already made/,
    scheduled(cosineLR(1e-2)),
  ],
  ['another precision', { options: { precision: 'bfloat16' } }, /precision: float32, now bfloat16/],
  ['the last weights instead of the best', { options: { keep: 'last' } }, /keep: best, now last/],
  ['a smaller batch', loaded({ batchSize: 5 }), /training batchSize: 8, now 5/],
  ['a larger batch', loaded({ batchSize: 16 }), /training batchSize: 8, now 16/],
  ['another seed', loaded({ seed: 3 }), /training seed: 2, now 3/],
  ['another order', loaded({ shuffle: false }), /training shuffle: true, now false/],
  ['dropLast', loaded({ dropLast: true }), /training dropLast: false, now true/],
  ['other pictures', { train: new Halves(30, 4) }, /training data: 30 samples of 2 classes \(\w+\), now 30 /],
  ['more pictures', { train: new Halves(32, 1) }, /training data: 30 samples .*, now 32 samples/],
  ['other pictures to evaluate', { held: new Halves(16, 8) }, /evaluation data: 16 samples/],
  ['another batch size to evaluate', held({ batchSize: 4 }), /evaluation batchSize: 8, now 4/],
  ['another seed to evaluate', held({ seed: 1 }), /evaluation seed: 0, now 1/],
  ['another order to evaluate', held({ shuffle: true }), /evaluation shuffle: false, now true/],
  ['dropLast to evaluate', held({ dropLast: true }), /evaluation dropLast: false, now true/],
];

/** What may be another. */
const ALLOWED: [what: string, change: Partial<Setup>][] = [
  ['nothing', {}],
  ['prefetch', { ...loaded({ prefetch: 0 }), ...held({ prefetch: 5 }) }],
  ['callbacks, and what is printed', { options: { onEpoch: () => true, log: false } }],
  ['a copy of the data', { train: new Halves(30, 1), held: new Halves(16, 9) }],
  [
    'the weights that the model has',
    {
      net: () => {
        manualSeed(77);
        return new Net();
      },
    },
  ],
];

describe('a saved run', () => {
  let file: Buffer;
  before(async () => {
    file = await begin();
  });

  for (const [what, change, words, begun] of REFUSED) {
    it(`refuses ${what}, and changes nothing`, async () => {
      const saved = begun ? await begin(begun) : file;
      writeFileSync(checkpoint.path, saved);
      const again = start(change, { checkpoint });
      const state = () => [
        again.net.stateDict(),
        again.optimizer.stateDict(),
        again.optimizer.lr,
        again.net.parameters().map(({ requiresGrad }) => requiresGrad),
        again.loader.state,
      ];
      const untouched = state();
      const tensors = tf.memory().numTensors;
      await assert.rejects(again.finish(), (error: Error) => {
        assert.match(error.message, words);
        assert.match(
          error.message,
          /run\.safetensors belongs to another run \(.*\)\. Hand over the same again, or /,
        );
        assert.ok(!error.message.includes('\n'));
        return true;
      });
      assert.deepEqual(state(), untouched);
      assert.deepEqual(readFileSync(checkpoint.path), saved);
      assert.equal(tf.memory().numTensors, tensors);
      again.dispose();
    });
  }

  for (const [what, change] of ALLOWED) {
    it(`goes on to the same bits where ${what} may be another`, async () => {
      const whole = start();
      const expected = await whole.finish();
      writeFileSync(checkpoint.path, file);
      const again = start(change, { checkpoint });
      const result = await again.finish();
      assert.deepEqual(numbers(result.history), numbers(expected.history));
      assert.deepEqual(again.net.stateDict(), whole.net.stateDict());
      whole.dispose();
      again.dispose();
    });
  }

  it('goes on for more or fewer epochs where the schedule gives the steps made the same rates', async () => {
    for (const [epochs, schedule] of [
      [5, undefined],
      [2, undefined],
      [5, () => 1e-2],
      [4, (step: number) => 1e-2 / (1 + step)],
    ] as const) {
      await begin({ options: { schedule } });
      const [whole, again] = [{}, { checkpoint }].map((more) =>
        start({ epochs, options: { schedule } }, more),
      );
      const [expected, result] = [await whole.finish(), await again.finish()];
      assert.deepEqual(numbers(result.history), numbers(expected.history));
      assert.deepEqual(again.net.stateDict(), whole.net.stateDict());
      assert.equal(result.history.length, epochs);
      whole.dispose();
      again.dispose();
    }
  });

  it('goes on to the same bits where callbacks have changed the rate and what is frozen', async () => {
    const change: Partial<Setup> = { freeze: (name) => name.startsWith('fc.') };
    const runWith = async (more: TrainOptions, killStep?: number): Promise<Started> => {
      const cell: { run?: Started } = {};
      cell.run = start(change, {
        ...more,
        onStep: killAt(killStep ?? -1),
        onEpoch: (history) => {
          cell.run!.optimizer.lr *= 0.5;
          if (history.length === 1) cell.run!.net.requiresGrad(true);
        },
      });
      const done = cell.run.finish();
      await (killStep === undefined ? done : assert.rejects(done, killed));
      return cell.run;
    };
    rmSync(checkpoint.path, { force: true });
    const whole = await runWith({});
    const first = await runWith({ checkpoint }, 7);
    const again = await runWith({ checkpoint });
    assert.deepEqual(again.net.stateDict(), whole.net.stateDict());
    assert.deepEqual(again.optimizer.stateDict(), whole.optimizer.stateDict());
    assert.equal(again.optimizer.lr, whole.optimizer.lr);
    [whole, first, again].forEach((run) => run.dispose());
  });

  it('says what it cannot tell from another: data without a fingerprint, a model with private fields', async () => {
    class Private extends Net {
      #factor = 2;
      override forward(x: tf.Tensor): tf.Tensor {
        return tf.tidy(() => super.forward(x).mul(this.#factor));
      }
    }
    const untold: Dataset = {
      length: 30,
      classes: ['left', 'right'],
      get: (index) => new Halves(30, 1).get(index),
    };
    const { mock: log } = mock.method(console, 'log', () => undefined);
    rmSync(checkpoint.path);
    const run = start({ net: () => new Private(), train: untold, epochs: 1 }, { checkpoint, log: true });
    await run.finish();
    const lines = log.calls.map(({ arguments: [line] }) => String(line));
    log.restore();
    const will = 'If this run is taken up with another';
    assert.ok(
      lines.includes(`${will} set of training data, that will not be noticed: it has no fingerprint`),
    );
    assert.ok(
      lines.some((line) => line.startsWith(`${will} model, that will not be noticed: the private fields`)),
    );
    run.dispose();
  });

  it('refuses a file that does not say what its run depends on', async () => {
    writeFileSync(checkpoint.path, file);
    const state = JSON.parse(readSafetensorsMetadata(checkpoint.path).run) as Record<string, unknown>;
    const dict = loadCheckpoint(checkpoint.path);
    for (const missing of ['identity', 'changed', 'frozen', 'loader', 'metrics', 'bestAcc']) {
      const less = { ...state, [missing]: missing === 'changed' ? null : undefined };
      saveSafetensors(checkpoint.path, dict, { metadata: { run: JSON.stringify(less) } });
      const again = start({}, { checkpoint });
      await assert.rejects(again.finish(), /is no training run: .* Name another file/, missing);
      again.dispose();
    }
  });

  it('refuses a damaged file before anything is changed', async () => {
    writeFileSync(checkpoint.path, file);
    const { run } = readSafetensorsMetadata(checkpoint.path);
    const dict = loadCheckpoint(checkpoint.path);
    for (const part of ['optimizer.steps', 'optimizer.0.0', 'model.fc.weight']) {
      const less = new Map([...dict].filter(([name]) => name !== part));
      saveSafetensors(checkpoint.path, less, { metadata: { run } });
      const again = start({}, { checkpoint });
      const before = [again.net.stateDict(), again.optimizer.stateDict()];
      await assert.rejects(again.finish(), /does not fit/);
      assert.deepEqual([again.net.stateDict(), again.optimizer.stateDict()], before);
      again.dispose();
    }
  });

  it('is not begun with nonsense', async () => {
    for (const epochs of [1.5, -1, NaN, Infinity]) {
      const run = start({ epochs });
      await assert.rejects(run.finish(), /trainAndEval: epochs must be an integer from 0, not /);
      run.dispose();
    }
    for (const everySeconds of [NaN, -1]) {
      const run = start({}, { checkpoint: { ...checkpoint, everySeconds } });
      await assert.rejects(run.finish(), /checkpoint\.everySeconds must be a number from 0, not /);
      run.dispose();
    }
  });
});
