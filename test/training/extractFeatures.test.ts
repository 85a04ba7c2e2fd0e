import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it, mock } from 'node:test';
import * as tf from '@tensorflow/tfjs-node';
import sharp from 'sharp';
import { type Dataset, Subset } from '../../src/data/dataset';
import { FeatureDataset, FeatureLoader } from '../../src/data/features';
import { ImageFolder } from '../../src/data/imageFolder';
import type { Image } from '../../src/data/image';
import type { BatchLoader } from '../../src/data/batchLoader';
import { DataLoader } from '../../src/data/loader';
import { evalTransform, trainTransform } from '../../src/data/presets';
import { Compose, type Transform } from '../../src/data/transforms';
import { Interrupted } from '../../src/interrupt';
import { CifarResNet } from '../../src/models/cifar';
import { BasicBlock, ResNet } from '../../src/models/resnet';
import { Linear } from '../../src/nn/layers';
import type { Module } from '../../src/nn/module';
import { CrossEntropyLoss } from '../../src/nn/loss';
import { FrozenBatchNorm2d } from '../../src/nn/norm';
import { fastestPrecision } from '../../src/ops/precision';
import { setProgress, silentProgress } from '../../src/progress';
import { Random, manualSeed } from '../../src/random';
import { evaluate } from '../../src/training/evaluate';
import { type ExtractOptions, extractFeatures } from '../../src/training/extractFeatures';
import { Adam } from '../../src/training/optim';
import type { EpochRecord } from '../../src/training/history';
import { trainAndEval } from '../../src/training/trainAndEval';
import { relativeError } from '../golden/formula';

setProgress(silentProgress);
const SIZE = 16; // height and width of what goes into the networks, in pixels
const lossFunc = new CrossEntropyLoss();
const root = mkdtempSync(join(tmpdir(), 'features-'));
const pictures = join(root, 'pictures');
const cache = join(root, 'cache');
const logged = mock.method(console, 'log', () => undefined).mock;
const said = () => logged.calls.map(({ arguments: [line] }) => String(line)).join('\n');

before(() => writePictures());
beforeEach(() => {
  rmSync(cache, { recursive: true, force: true });
  logged.resetCalls();
});
after(() => rmSync(root, { recursive: true }));

/** Ten noisy pictures a class; those of the second are brighter on their right. */
async function writePictures(): Promise<void> {
  for (const label of [0, 1]) {
    mkdirSync(join(pictures, `class ${label}`), { recursive: true });
    for (let i = 0; i < 10; i++) {
      const random = new Random(7, label, i);
      const side = 20 + i;
      const pixels = Uint8Array.from({ length: side * side * 3 }, (_, k) => {
        const right = Math.floor(k / 3) % side >= side / 2;
        return random.integer(128) + (right && label === 1 ? 127 : 0);
      });
      const image = sharp(pixels, { raw: { width: side, height: side, channels: 3 } });
      writeFileSync(join(pictures, `class ${label}`, `${i}.png`), await image.png().toBuffer());
    }
  }
}

const folder = (transform = evalTransform({ size: SIZE }), path = pictures) =>
  new ImageFolder(path, { transform, threads: false });
const augmented = () => folder(trainTransform({ size: SIZE }));

function smallNet(seed = 3): CifarResNet {
  manualSeed(seed);
  return new CifarResNet(8, { numClasses: 2, widths: [4, 4, 8] });
}

/** A network that computes the same in training and in evaluation mode. */
function frozenNet(): ResNet {
  manualSeed(3);
  const normLayer = (channels: number) => new FrozenBatchNorm2d(channels);
  const net = new ResNet(BasicBlock, [1, 1, 1, 1], { numClasses: 2, normLayer });
  return net.requiresGrad(false, (name) => !name.startsWith('fc.'));
}

/** How often the network ran while features were extracted. */
async function runs(net: CifarResNet, dataset: Dataset, options: ExtractOptions = {}): Promise<number> {
  const { mock: forward } = mock.method(net.avgpool, 'forward');
  await extractFeatures(net, dataset, { cache, ...options });
  forward.restore();
  return forward.callCount();
}

describe('extractFeatures', () => {
  it('gives what goes into the last layer: the same logits as the whole network', async () => {
    const tensors = tf.memory().numTensors;
    const net = smallNet();
    net.layer2.eval(); // a mode of its own
    const features = await extractFeatures(net, folder(), { cache: false, batchSize: 8 });
    assert.deepEqual(
      [features.length, features.views, features.channels, features.classes],
      [20, 1, 8, ['class 0', 'class 1']],
    );
    assert.deepEqual([net.training, net.layer1.training, net.layer2.training], [true, true, false]);
    const [whole, head] = [
      await evaluate(net, lossFunc, new DataLoader(folder(), { batchSize: 8 })),
      await evaluate(net.fc, lossFunc, new FeatureLoader(features, { batchSize: 8 })),
    ];
    assert.deepEqual(head, whole);
    net.dispose();
    assert.equal(tf.memory().numTensors, tensors);
  });

  it('gives the same as a graph and op by op', async () => {
    const net = smallNet();
    for (const before of [net.fc, net.layer3]) {
      const [graph, ops] = [
        await extractFeatures(net, augmented(), { cache: false, before, batchSize: 3, views: 2 }),
        await extractFeatures(net, augmented(), {
          cache: false,
          before,
          batchSize: 3,
          views: 2,
          capture: false,
        }),
      ];
      assert.deepEqual(graph.features, ops.features);
    }
    assert.equal(said(), '', 'nothing had to run op by op');
    net.dispose();
  });

  it('averages the feature maps that go into an earlier layer', async () => {
    const net = smallNet().eval();
    const features = await extractFeatures(net, folder(), { cache: false, before: net.layer3 });
    for await (const [inputs] of new DataLoader(folder(), { batchSize: 20 })) {
      const expected = tf.tidy(() => {
        const stem = net.relu.forward(net.bn1.forward(net.conv1.forward(inputs)));
        return net.layer2.forward(net.layer1.forward(stem)).mean([1, 2]).dataSync();
      });
      assert.ok(relativeError(features.features, expected) < 1e-6);
    }
    const stranger = new Linear(8, 2);
    await assert.rejects(
      extractFeatures(net, folder(), { cache: false, before: stranger }),
      /did not use the module given as `before`/,
    );
    await assert.rejects(extractFeatures(stranger, folder()), /no layer named fc/);
    stranger.dispose();
    net.dispose();
  });

  it('trains a head as the frozen network in front of it would, on the same augmented pictures', async () => {
    const epochs = 3;
    const seed = 11;
    const curve = (history: EpochRecord[]) =>
      history.flatMap(({ trainLoss, trainAcc, valLoss, valAcc }) => [trainLoss, trainAcc, valLoss, valAcc]);
    const net = frozenNet();
    const start = net.fc.stateDict();
    const features = await extractFeatures(net, augmented(), { cache: false, views: epochs, seed });
    const held = await extractFeatures(net, folder(), { cache: false });
    const order = { batchSize: 6, shuffle: true, seed };
    const fit = async (model: Module, head: Linear, train: BatchLoader, heldOut: BatchLoader) => {
      const optimizer = new Adam(head.parameters(), { lr: 1e-2 });
      const options = { log: false, keep: 'last' } as const;
      const { history } = await trainAndEval(model, epochs, lossFunc, optimizer, train, heldOut, options);
      optimizer.dispose();
      return history;
    };
    const plain = await fit(
      net,
      net.fc,
      new DataLoader(augmented(), order),
      new DataLoader(folder(), { batchSize: 20 }),
    );
    const head = new Linear(net.fc.inFeatures, 2);
    head.loadStateDict(start);
    const cached = await fit(
      head,
      head,
      new FeatureLoader(features, order),
      new FeatureLoader(held, { batchSize: 20 }),
    );
    assert.ok(relativeError(curve(cached), curve(plain)) < 1e-4, `${curve(cached)} and ${curve(plain)}`);
    const [ours, theirs] = [head, net.fc].map((each) => each.weight.value.dataSync<'float32'>());
    assert.ok(relativeError(ours, theirs) < 1e-4);
    net.dispose();
    head.dispose();
  });

  it('reads what was kept without running the network, and gives the same numbers', async () => {
    const net = smallNet();
    const first = await extractFeatures(net, augmented(), { cache, views: 2, seed: 5 });
    const { mock: forward } = mock.method(net.avgpool, 'forward');
    const second = await extractFeatures(net, augmented(), { cache, views: 2, seed: 5 });
    assert.equal(forward.callCount(), 0);
    assert.deepEqual([first.fromCache, second.fromCache], [false, true]);
    assert.deepEqual([second.features, second.labels, second.views], [first.features, first.labels, 2]);
    assert.notDeepEqual(first.row(0, 0), first.row(0, 1), 'the views differ');

    // neither another last layer, nor another network with the same weights, nor a copy of the pictures matters
    const [twin, copy] = [smallNet(), join(root, 'copy')];
    twin.fc.weight.assign(tf.ones([2, 8]));
    cpSync(pictures, copy, { recursive: true });
    assert.equal(await runs(twin, folder(trainTransform({ size: SIZE }), copy), { views: 2, seed: 5 }), 0);
    rmSync(copy, { recursive: true });
    net.dispose();
    twin.dispose();
  });

  it('runs the network again when a weight, a setting, a transform or a file is another', async () => {
    const net = smallNet();
    const all = async (dataset: Dataset = folder(), options: ExtractOptions = {}) =>
      runs(net, dataset, { batchSize: 20, ...options });
    assert.equal(await all(), 1);
    assert.equal(await all(), 0);
    assert.equal(await all(folder(evalTransform({ size: SIZE + 1 }))), 1, 'size');
    const darker = (factor: number) => ({
      forward: (image: Image) => ({ ...image, data: image.data.map((x) => x * factor) }) as Image,
      factor,
    });
    const own = (factor: number) => folder(new Compose([evalTransform({ size: SIZE }), darker(factor)]));
    assert.deepEqual([await all(own(0.5)), await all(own(0.5)), await all(own(0.25))], [1, 0, 1], 'own');
    assert.equal(await all(new Subset(folder(), [3, 4, 15])), 1, 'subset');
    assert.equal(await all(folder(), { views: 2 }), 2, 'views');
    assert.equal(await all(folder(), { seed: 1 }), 1, 'seed');
    assert.equal(await all(folder(), { before: net.layer3 }), 1, 'layer');

    net.bn1.runningMean.assign(tf.fill([4], 0.125));
    assert.deepEqual([await all(), await all()], [1, 0], 'a statistic');
    Object.assign(net.conv1, { stride: 2 });
    assert.deepEqual([await all(), await all()], [1, 0], 'a stride, with the same weights');
    const file = join(pictures, 'class 0', '3.png');
    const bytes = readFileSync(file);
    writeFileSync(file, readFileSync(join(pictures, 'class 1', '3.png')));
    assert.equal(await all(), 1, "a file's contents");
    writeFileSync(file, bytes);
    assert.equal(await all(), 0, 'the old file is back');
    net.dispose();
  });

  it(
    'computes in bfloat16 when asked, and keeps that apart',
    { skip: fastestPrecision() === 'bfloat16' ? false : 'the processor has no bfloat16' },
    async () => {
      const net = smallNet();
      for (const before of [net.fc, net.layer3]) {
        const [exact, rounded] = [
          await extractFeatures(net, folder(), { cache, before }),
          await extractFeatures(net, folder(), { cache, before, precision: 'bfloat16' }),
        ];
        assert.equal(rounded.fromCache, false);
        const error = relativeError(rounded.features, exact.features);
        assert.ok(error > 0 && error < 0.05, `off by ${error}`);
      }
      net.dispose();
    },
  );

  it('computes damaged features anew, and says so', async () => {
    const net = smallNet();
    const whole = await extractFeatures(net, folder(), { cache });
    const [name] = readdirSync(cache);
    const file = join(cache, name);
    const bytes = readFileSync(file);
    const flipped = Buffer.from(bytes);
    flipped[bytes.length - 1] ^= 1;
    const header = Buffer.alloc(64, 0xff);
    for (const [damaged, reason] of [
      [bytes.subarray(0, bytes.length - 4), /bytes follow the header/],
      [flipped, /its checksum is another/],
      [header, /found 64 bytes/],
      [Buffer.alloc(0), /found 0 bytes/],
    ] as const) {
      logged.resetCalls();
      writeFileSync(file, damaged);
      const again = await extractFeatures(net, folder(), { cache });
      assert.equal(again.fromCache, false);
      assert.deepEqual(again.features, whole.features);
      assert.match(said(), /cannot be used .*; they are computed anew/);
      assert.match(said(), reason);
      assert.deepEqual(readFileSync(file), bytes, 'mended');
    }
    net.dispose();
  });

  it('keeps nothing of data that cannot say what they hold, or when the folder cannot be written', async () => {
    const net = smallNet();
    const source = folder();
    const dataset: Dataset = {
      length: source.length,
      classes: source.classes,
      get: (index, random) => source.get(index, random),
    };
    assert.equal(await runs(net, dataset), 1);
    assert.equal(await runs(net, new Subset(dataset, [1, 2])), 1);
    assert.throws(() => readdirSync(cache), /ENOENT/);
    writeFileSync(cache, 'a file where the folder should be');
    const features = await extractFeatures(net, folder(), { cache });
    assert.equal(features.length, 20);
    assert.match(said(), /The features are not kept for the next time: /);
    net.dispose();
  });

  it('refuses pictures that hold NaN, which the fused network would lose', async () => {
    const net = smallNet();
    const blank = {
      forward: (image: Image): Image => ({ ...image, data: image.data.map(() => NaN) }) as Image,
    };
    const dataset = folder(new Compose([evalTransform({ size: SIZE }), blank]));
    await assert.rejects(
      extractFeatures(net, dataset, { cache: false, batchSize: 8 }),
      /extractFeatures: the pictures after the first 0 hold values that are not finite/,
    );
    net.dispose();
  });

  it('keeps nothing under a transform that cannot be told from another, and says so', async () => {
    class Hidden {
      #factor: number;
      constructor(factor: number) {
        this.#factor = factor;
      }
      forward(image: Image): Image {
        return { ...image, data: image.data.map((x) => x * this.#factor) } as Image;
      }
    }
    class Looked {
      constructor(private readonly factors: ReadonlyMap<string, number>) {}
      forward(image: Image): Image {
        return { ...image, data: image.data.map((x) => x * (this.factors.get('factor') ?? 1)) } as Image;
      }
    }
    const net = smallNet();
    const own = (transform: Transform) => folder(new Compose([evalTransform({ size: SIZE }), transform]));
    for (const factor of [1, 2]) {
      assert.equal(await runs(net, own(new Hidden(factor))), 1);
      assert.match(
        said(),
        /features are not kept for the next time: the private fields \(#\) of Hidden cannot be seen/,
      );
      assert.throws(() => readdirSync(cache), /ENOENT/);
    }
    const looked = (factor: number) => own(new Looked(new Map([['factor', factor]])));
    assert.deepEqual(
      [await runs(net, looked(1)), await runs(net, looked(2)), await runs(net, looked(1))],
      [1, 1, 0],
    );
    net.dispose();
  });

  it('is stopped by SIGINT, and then leaves neither a file nor a tensor', async () => {
    const net = smallNet();
    const tensors = tf.memory().numTensors;
    const computed = net.avgpool.forward.bind(net.avgpool);
    const { mock: forward } = mock.method(net.avgpool, 'forward', (x: tf.Tensor) => {
      if (forward.callCount() === 2) process.kill(process.pid, 'SIGINT');
      return computed(x);
    });
    await assert.rejects(extractFeatures(net, folder(), { cache, batchSize: 2 }), Interrupted);
    assert.ok(forward.callCount() <= 5, `${forward.callCount()} of 10 batches`);
    assert.throws(() => readdirSync(cache), /ENOENT/);
    assert.equal(net.training, true);
    assert.equal(tf.memory().numTensors, tensors);
    net.dispose();
  });
});

describe('FeatureLoader', () => {
  const dataset = new FeatureDataset(
    Float32Array.from({ length: 24 }, (_, i) => i), // two views of six pictures, two features each
    Int32Array.of(0, 1, 0, 1, 0, 1),
    { classes: ['a', 'b'], views: 2 },
  );

  it('hands out the views in turn, in the order of a DataLoader with its seed', async () => {
    const tensors = tf.memory().numTensors;
    const loader = new FeatureLoader(dataset, { batchSize: 4 });
    const epochs: number[][] = [];
    for (let epoch = 0; epoch < 3; epoch++) {
      const values: number[] = [];
      for await (const [inputs, labels] of loader) {
        assert.deepEqual([inputs.shape[1], inputs.shape[0]], [2, labels.shape[0]]);
        values.push(...inputs.dataSync());
      }
      epochs.push(values);
    }
    assert.deepEqual(epochs[0], [...Array(12).keys()]);
    assert.deepEqual(
      epochs[1],
      epochs[0].map((value) => value + 12),
    );
    assert.deepEqual(epochs[2], epochs[0]);
    assert.equal(tf.memory().numTensors, tensors);
  });

  it('takes some of the pictures, in any order, with all their views', () => {
    const some = dataset.subset([4, 1]);
    assert.deepEqual([...some.labels], [0, 1]);
    assert.deepEqual([...some.features], [8, 9, 2, 3, 20, 21, 14, 15]);
    assert.deepEqual([some.views, some.channels, some.classes], [2, 2, dataset.classes]);
    assert.throws(() => dataset.subset([6]), RangeError);
  });

  it('refuses numbers that do not fit together', () => {
    const make = (features: number, labels: number[], views = 1) =>
      new FeatureDataset(new Float32Array(features), Int32Array.from(labels), { classes: ['a', 'b'], views });
    assert.throws(() => make(7, [0, 1]), /7 features are not divided evenly among 2 pictures in 1 views/);
    assert.throws(() => make(4, []), /not divided evenly/);
    assert.throws(() => make(4, [0, 2]), /picture 1 has label 2; there are 2 classes/);
    assert.throws(() => make(4, [0, 1], 0), /views must be an integer from 1, not 0/);
  });
});
