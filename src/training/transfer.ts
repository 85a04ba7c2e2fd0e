import * as tf from '@tensorflow/tfjs-node';
import { type FeatureDataset, FeatureLoader } from '../data/features';
import type { Network } from '../models/backbones';
import type { Measured } from '../models/modelCard';
import { Linear } from '../nn/layers';
import { CrossEntropyLoss } from '../nn/loss';
import { setProgress, silentProgress, startProgress } from '../progress';
import { Random, defaultRandom, manualSeed } from '../random';
import { wilsonInterval } from '../wilson';
import { Adam } from './optim';
import { cosineLR } from './schedules';
import { trainAndEval } from './trainAndEval';

export interface HeadOptions {
  /** Default 40: on features they cost moments. */
  epochs?: number;
  /** The first learning rate, of a half cosine down to 0; default 0.01. */
  lr?: number;
  /** Default 32. */
  batchSize?: number;
  /** Decides the first weights and the order of pictures; default 0. */
  seed?: number;
}

/**
 * Trains a new last layer on features of pictures, with Adam and cross-entropy, and keeps the weights of the epoch that did
 * best on the held-out ones.
 *
 * @returns the layer, which the caller disposes of; `giveHead` puts it into the network.
 */
export async function trainHead(
  train: FeatureDataset,
  held: FeatureDataset,
  { epochs = 40, lr = 0.01, batchSize = 32, seed = 0 }: HeadOptions = {},
): Promise<Linear> {
  const random = defaultRandom();
  manualSeed(seed);
  const head = new Linear(train.channels, train.classes.length);
  defaultRandom().state = random.state;
  const optimizer = new Adam(head.parameters(), { lr, weightDecay: 1e-4 });
  const loader = new FeatureLoader(train, { batchSize, shuffle: true, seed });
  const judge = new FeatureLoader(held, { batchSize: 256 });
  try {
    const options = { schedule: cosineLR(lr), log: false };
    await trainAndEval(head, epochs, new CrossEntropyLoss(), optimizer, loader, judge, options);
    return head;
  } catch (error) {
    head.dispose();
    throw error;
  } finally {
    optimizer.dispose();
  }
}

/** Gives a network another last layer, and frees the one that it had. */
export function giveHead(network: Network, head: Linear): void {
  const { fc } = network;
  network.fc = head;
  fc.dispose();
}

/**
 * What each picture is taken for by a last layer that was trained on the others: the pictures are dealt into folds, and each
 * fold is judged by a layer that saw the rest. So labels of training pictures can be doubted too (Northcutt et al. 2021,
 * arXiv:1911.00068), and all of them tell how good the features are.
 *
 * @param folds - default 5, or as many as there are pictures.
 * @returns probabilities // [length, classes]
 */
export async function outOfFold(
  features: FeatureDataset,
  options: HeadOptions = {},
  folds = Math.min(5, features.length),
): Promise<Float32Array> {
  const { length, classes, channels } = features;
  const result = new Float32Array(length * classes.length);
  const dealt = new Random(options.seed ?? 0, -2).permutation(length);
  const progress = startProgress(folds, { label: 'Judging in folds', unit: 'folds' });
  const before = setProgress(silentProgress); // not a bar for each
  try {
    for (let fold = 0; fold < folds; fold++) {
      const asked = dealt.filter((_, i) => i % folds === fold);
      const rest = features.subset(dealt.filter((_, i) => i % folds !== fold));
      // the layer's best epoch is chosen on its own pictures: those asked about must have no say in it
      const head = await trainHead(rest, rest, options);
      tf.tidy(() => {
        const rows = asked.flatMap((index) => [...features.row(index, 0)]);
        const probabilities = tf
          .softmax(head.forward(tf.tensor2d(rows, [asked.length, channels])))
          .dataSync();
        asked.forEach((index, i) => {
          const row = probabilities.subarray(i * classes.length, (i + 1) * classes.length);
          result.set(row, index * classes.length);
        });
      });
      head.dispose();
      progress.update(fold + 1);
    }
    progress.done();
  } finally {
    progress.stop();
    setProgress(before);
  }
  return result;
}

/** Counts answers: how many are right, with Wilson's interval, and what was taken for what. */
export function measure(labels: readonly number[], answers: readonly number[], classes: number): Measured {
  const confusion = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0));
  labels.forEach((label, i) => (confusion[label][answers[i]] += 1));
  const right = confusion.reduce((sum, row, i) => sum + row[i], 0);
  return { pictures: labels.length, right, interval: wilsonInterval(right, labels.length), confusion };
}

/**
 * By how much one way of answering is better than another on the same pictures, and the standard error of that, both as
 * shares. Only the pictures that one of them answers rightly and the other doesn't make a difference.
 */
export function pairedGain(
  labels: readonly number[],
  before: readonly number[],
  after: readonly number[],
): { gain: number; error: number } {
  const count = labels.length;
  const changes = labels.map((label, i) => Number(after[i] === label) - Number(before[i] === label));
  const gain = changes.reduce((sum, change) => sum + change, 0) / count;
  const changed = changes.filter((change) => change !== 0).length / count;
  return { gain, error: Math.sqrt((changed - gain ** 2) / count) };
}
