import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import sharp from 'sharp';
import type { BatchLoader } from '../../../src/data/batchLoader';
import { CIFAR10 } from '../../../src/data/cifar';
import { type Dataset, type Sample, Subset } from '../../../src/data/dataset';
import { type FeatureDataset, FeatureLoader } from '../../../src/data/features';
import type { ImageArray, RgbImage } from '../../../src/data/image';
import { DataLoader } from '../../../src/data/loader';
import {
  cifarEvalTransform,
  cifarTrainTransform,
  evalTransform,
  trainTransform,
} from '../../../src/data/presets';
import type { Transform } from '../../../src/data/transforms';
import { breathe, withInterrupt } from '../../../src/interrupt';
import { cacheRoot } from '../../../src/locations';
import type { CifarResNet } from '../../../src/models/cifar';
import { resnet20x2_cifar } from '../../../src/models/cifarBuilders';
import { ResNet20x2_Cifar_Weights } from '../../../src/models/cifarWeights';
import { Linear } from '../../../src/nn/layers';
import { CrossEntropyLoss, MultiMarginLoss } from '../../../src/nn/loss';
import type { Module } from '../../../src/nn/module';
import { tensorflowVersion } from '../../../src/ops/execute';
import { fastestPrecision } from '../../../src/ops/precision';
import { reported, setProgress, silentProgress, startProgress } from '../../../src/progress';
import { Random, manualSeed } from '../../../src/random';
import { evaluate, type Loss } from '../../../src/training/evaluate';
import { extractFeatures } from '../../../src/training/extractFeatures';
import { Adam } from '../../../src/training/optim';
import { cosineLR } from '../../../src/training/schedules';
import { trainAndEval } from '../../../src/training/trainAndEval';
import { giveHead } from '../../../src/training/transfer';
import { drawJpeg, plan } from '../../drawings/generate';
import { dateAndMachine, writeRecord, writeText } from '../records';

/** Like what the network was trained on, or not: CIFAR-10's photographs beside CIFAR-100's, and the workbook's drawings. */
const PICTURES = ['photographs', 'drawings'] as const;
const BATCH = 32;
const LR = 1e-3;
const HEAD_LR = 1e-2;
const SHORTER_SIDE = 48; // of drawings in memory, of which the transforms make 32x32

/** How large the study is. */
export interface Scale {
  /** Training pictures of each class. */
  perClass: { few: number; many: number };
  /** Pictures of each class to judge by. */
  held: number;
  seeds: readonly number[];
  /** Of fine-tuning and of training from scratch, whatever the number of pictures. */
  steps: number;
  /** Of a layer on features, where a step costs next to nothing. */
  headSteps: number;
}
const FULL: Scale = {
  perClass: { few: 20, many: 400 },
  held: 250,
  seeds: [1, 2, 3],
  steps: 500,
  headSteps: 1000,
};

type Kind = (typeof PICTURES)[number];
type Amount = keyof Scale['perClass'];

/** How one way came out on one choice of training pictures. */
interface WayRun {
  pictures: Kind;
  amount: Amount;
  seed: number;
  way: string;
  /** Part of the held-out pictures that were answered rightly, after the last step. */
  right: number;
}

/** Pictures to train on and to judge by, under the transforms of either. */
interface Pool {
  train: Dataset;
  /** The training pictures as they are judged: nothing about them is random. */
  plain: Dataset;
  held: Dataset;
  labels: readonly number[]; // of `train`
  scale: Scale;
}

/** Pictures in memory, already small. */
class Drawings implements Dataset {
  readonly length: number;

  constructor(
    readonly classes: readonly string[],
    private readonly pictures: readonly { image: RgbImage; label: number }[],
    private readonly transform: Transform,
  ) {
    this.length = pictures.length;
  }

  get(index: number, random: Random): Sample {
    const { image, label } = this.pictures[index];
    return { image: this.transform.forward(image, random) as ImageArray, label };
  }
}

async function drawings(scale: Scale, signal: AbortSignal): Promise<Pool> {
  const names = ['0_cat', '1_dog', '2_ants', '3_bees'];
  const each = (count: number) => Object.fromEntries(names.map((name) => [name, count]));
  const plans = plan({ train: each(scale.perClass.many), eval: each(scale.held) });
  const drawn: { image: RgbImage; label: number }[] = [];
  for (const each of plans) {
    await breathe(signal);
    const { data, info } = await sharp(drawJpeg(each))
      .resize({ width: SHORTER_SIDE, height: SHORTER_SIDE, fit: 'outside' })
      .raw()
      .toBuffer({ resolveWithObject: true });
    const image = {
      data: new Uint8Array(data),
      height: info.height,
      width: info.width,
      channels: 3 as const,
    };
    drawn.push({ image, label: each.keys[1] });
  }
  const count = names.length * scale.perClass.many;
  const [train, held] = [drawn.slice(0, count), drawn.slice(count)];
  const [random, plain] = [trainTransform({ size: 32 }), evalTransform({ size: 32 })];
  return {
    train: new Drawings(names, train, random),
    plain: new Drawings(names, train, plain),
    held: new Drawings(names, held, plain),
    labels: train.map(({ label }) => label),
    scale,
  };
}

function photographs(cifar10: string, scale: Scale): Pool {
  const [random, plain] = [cifarTrainTransform(), cifarEvalTransform()];
  const train = CIFAR10.open(cifar10, { train: true, transform: random });
  const held = CIFAR10.open(cifar10, { train: false, transform: plain });
  return {
    train,
    plain: CIFAR10.open(cifar10, { train: true, transform: plain }),
    held: new Subset(held, ofEachClass([...held.labels], scale.held, 0)),
    labels: [...train.labels],
    scale,
  };
}

/** The first few pictures. */
const glanceAt = ({ length }: { length: number }): number[] => [...Array(Math.min(BATCH, length)).keys()];

/** As many pictures of each class, chosen by the seed. */
function ofEachClass(labels: readonly number[], count: number, seed: number): number[] {
  const order = new Random(seed, -3).permutation(labels.length);
  const taken = new Map<number, number>();
  return order.filter((index) => {
    const before = taken.get(labels[index]) ?? 0;
    taken.set(labels[index], before + 1);
    return before < count;
  });
}

/**
 * Trains for so many steps, or the epochs that have at least as many, and judges the last weights.
 *
 * @param loaders - to train on; a few pictures for what `trainAndEval` reports after each epoch, of which there are many where
 *   pictures are few; and all held-out ones.
 */
async function train(
  model: Module,
  loss: Loss,
  [loader, glance, judge]: readonly BatchLoader[],
  { lr, steps, weightDecay = 0 }: { lr: number; steps: number; weightDecay?: number },
): Promise<number> {
  const optimizer = new Adam(model.parameters(), { lr, weightDecay });
  const precision = model instanceof Linear ? 'float32' : fastestPrecision();
  try {
    const epochs = Math.ceil(steps / loader.length);
    const options = { schedule: cosineLR(lr), keep: 'last' as const, log: false, precision };
    await trainAndEval(model, epochs, loss, optimizer, loader, glance, options);
    return (await evaluate(model, loss, judge, { precision })).accuracy;
  } finally {
    optimizer.dispose();
  }
}

/** A way to come from pictures to a network for their classes. @returns what it gets right on held-out pictures. */
type Way = (pool: Pool, chosen: readonly number[], seed: number) => Promise<number>;

const trained = (): Promise<CifarResNet> => resnet20x2_cifar({ weights: 'WORKBOOK_V1' });

async function onPictures(
  network: CifarResNet,
  pool: Pool,
  chosen: readonly number[],
  seed: number,
): Promise<number> {
  giveHead(network, new Linear(network.fc.inFeatures, pool.held.classes.length));
  const loader = new DataLoader(new Subset(pool.train, chosen), { batchSize: BATCH, shuffle: true, seed });
  const [glance, judge] = [new Subset(pool.held, glanceAt(pool.held)), pool.held].map(
    (data) => new DataLoader(data, { batchSize: 250 }),
  );
  try {
    return await train(network, new CrossEntropyLoss(), [loader, glance, judge], {
      lr: LR,
      steps: pool.scale.steps,
    });
  } finally {
    network.dispose();
  }
}

/** A new last layer on what goes into `before` of the trained network. */
const onFeatures =
  (before: (network: CifarResNet) => Module, loss: Loss, weightDecay: number): Way =>
  async (pool, chosen, seed) => {
    const network = await trained();
    const featuresOf = (data: Dataset): Promise<FeatureDataset> =>
      extractFeatures(network, data, { before: before(network), batchSize: 250, cache: false });
    const [known, held] = [await featuresOf(new Subset(pool.plain, chosen)), await featuresOf(pool.held)];
    network.dispose();
    const head = new Linear(known.channels, known.classes.length);
    const loader = new FeatureLoader(known, { batchSize: BATCH, shuffle: true, seed });
    const [glance, judge] = [held.subset(glanceAt(held)), held].map(
      (data) => new FeatureLoader(data, { batchSize: 250 }),
    );
    try {
      return await train(head, loss, [loader, glance, judge], {
        lr: HEAD_LR,
        steps: pool.scale.headSteps,
        weightDecay,
      });
    } finally {
      head.dispose();
    }
  };

const WAYS: Record<string, Way> = {
  'fine-tuning': async (pool, chosen, seed) => onPictures(await trained(), pool, chosen, seed),
  'feature extraction': onFeatures(({ fc }) => fc, new CrossEntropyLoss(), 1e-4),
  'features, linear SVM': onFeatures(({ fc }) => fc, new MultiMarginLoss(), 1e-3),
  'earlier features, linear SVM': onFeatures(({ layer3 }) => layer3, new MultiMarginLoss(), 1e-3),
  'from scratch': (pool, chosen, seed) => onPictures(resnet20x2_cifar(), pool, chosen, seed),
};

/**
 * Which way to reuse a network is best, in four corners: few or many pictures, like those that it was trained on or unlike
 * them. Each way is tried with three choices of pictures; what is done is kept, so that a stopped call goes on.
 *
 * @param cifar10 - folder of CIFAR-10's binary files.
 * @param restart - forgets what a stopped call had done.
 * @param folder - where the record and what is done go, instead of notebooks/records and .cache.
 * @returns the record's path.
 */
export async function whichWay(
  cifar10: string,
  { restart, scale = FULL, folder }: { restart: boolean; scale?: Scale; folder?: string },
): Promise<string> {
  const kept = join(folder ?? cacheRoot(), 'which-way-runs.json');
  if (restart) rmSync(kept, { force: true });
  const runs = existsSync(kept) ? (JSON.parse(readFileSync(kept, 'utf8')) as WayRun[]) : [];
  const counts: Record<string, { classes: number; held: number }> = {};
  const all = PICTURES.length * Object.keys(scale.perClass).length * scale.seeds.length;
  const left = all * Object.keys(WAYS).length - runs.length;
  const bar = startProgress(left, { label: 'Which way', unit: 'runs' });
  const others = setProgress(silentProgress); // not a bar for each of them
  let done = 0;
  const work = async (signal: AbortSignal): Promise<void> => {
    for (const pictures of PICTURES) {
      const pool = pictures === 'drawings' ? await drawings(scale, signal) : photographs(cifar10, scale);
      counts[pictures] = { classes: pool.held.classes.length, held: pool.held.length };
      for (const [amount, count] of Object.entries(scale.perClass) as [Amount, number][]) {
        for (const seed of scale.seeds) {
          const chosen = ofEachClass(pool.labels, count, seed);
          for (const [way, run] of Object.entries(WAYS)) {
            const name = { pictures, amount, seed, way };
            if (runs.some((each) => isDeepStrictEqual({ ...each, ...name }, each))) continue;
            manualSeed(seed);
            const right = await run(pool, chosen, seed);
            await breathe(signal); // training that was stopped ends early, and is no result
            runs.push({ ...name, right });
            writeText(kept, JSON.stringify(runs));
            bar.update(++done, { pictures, amount, way, right });
          }
        }
      }
    }
  };
  try {
    await reported(bar, () => withInterrupt(work));
  } finally {
    setProgress(others);
  }
  const record = {
    command: 'npm run experiment -- which-way',
    ...dateAndMachine(),
    versions: { node: process.version, tensorflow: tensorflowVersion() },
    network: ResNet20x2_Cifar_Weights.WORKBOOK_V1.toString(),
    precision: fastestPrecision(),
    perClass: scale.perClass,
    pictures: counts,
    steps: scale.steps,
    runs,
  };
  return writeRecord('which-way', record, folder && join(folder, 'which-way.json'));
}
