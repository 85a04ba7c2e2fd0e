import * as tf from '@tensorflow/tfjs-node';
import { join } from 'node:path';
import { checkNumber } from '../checkNumber';
import type { Dataset } from '../data/dataset';
import { FeatureDataset } from '../data/features';
import { DataLoader } from '../data/loader';
import { cacheRoot } from '../locations';
import { breathe, withInterrupt } from '../interrupt';
import { fuseIfPossible } from '../models/fuse';
import { observe } from '../nn/hooks';
import { evalForNow } from '../nn/mode';
import { Module } from '../nn/module';
import { capture } from '../ops/capture';
import { type Precision, toFloat32, withPrecision } from '../ops/precision';
import { reported, startProgress } from '../progress';
import { mustBeFinite } from './checks';
import { featureFile, readFeatures, writeFeatures } from './featureCache';

export interface ExtractOptions {
  /** The features are what goes into this module; default the model's last layer, `fc`. */
  before?: Module;
  /**
   * How often each picture is looked at, each time transformed anew; default 1. View `v` is what a `DataLoader` with the
   * same seed makes of the picture in epoch `v`, so as many views as epochs are what training from pictures would see.
   */
  views?: number;
  /** Decides random transforms, as a `DataLoader`'s; default 0. */
  seed?: number;
  /** Pictures that go through the network together; default 32. */
  batchSize?: number;
  /** What convolutions are computed in, as for `trainAndEval`; default 'float32'. */
  precision?: Precision;
  /** Whether batches run as a graph where they can (see `capture`); default true. The numbers are the same. */
  capture?: boolean;
  /** Folder to keep features in; default `.cache/features` in the project's root. False: neither read nor kept. */
  cache?: string | false;
  /** What stands beside the progress bar; default "Extracting features". */
  label?: string;
}

/**
 * Runs a frozen network once over pictures and keeps what goes into its last layer. A new last layer can then be trained
 * on these features in moments (see `FeatureLoader`), where training from pictures runs the network anew each epoch.
 *
 * The network runs in evaluation mode, so batch normalization uses its running statistics; its mode is put back. Feature
 * maps [N, H, W, C] are averaged over positions.
 *
 * Features are kept on disk, under a hash of what they follow from: the network's weights and code (`before` excepted),
 * the pictures' names and contents, the transforms, the number of views, the seed and the precision. Of data sets without
 * a `fingerprint` nothing is kept, nor (with a message) where something cannot be told from another: see `Fingerprint`.
 *
 * @throws Interrupted when the reader stops it; nothing is kept then.
 */
export async function extractFeatures(
  model: Module,
  dataset: Dataset,
  options: ExtractOptions = {},
): Promise<FeatureDataset> {
  const { views = 1, seed = 0, batchSize = 32, precision = 'float32' } = options;
  const { label = 'Extracting features', cache = join(cacheRoot(), 'features') } = options;
  checkNumber('extractFeatures: views', views, { from: 1, integer: true });
  const before = options.before ?? lastLayer(model);
  const settings = { views, seed, precision };
  const file = cache === false ? undefined : await featureFile(cache, model, before, dataset, settings);
  const kept = file && readFeatures(file, views, dataset.classes);
  if (kept) return kept;

  const rows: Float32Array[] = [];
  const labels: number[] = [];
  const progress = startProgress(views * dataset.length, { label, unit: 'images' });
  const fused = before === (model as { fc?: unknown }).fc ? fuseIfPossible(model, precision) : undefined;
  const restore = evalForNow(model);
  const look = capture(
    [model, fused?.weights],
    (inputs: tf.Tensor) =>
      fused ? fused.features(inputs) : withPrecision(precision, () => inputOf(before, model, inputs)),
    { enabled: options.capture },
  );
  const work = async (signal: AbortSignal): Promise<void> => {
    const loader = new DataLoader(dataset, { batchSize, seed, signal });
    let images = 0;
    for (let view = 0; view < views; view++) {
      loader.epoch = view;
      for await (const [inputs, targets] of loader) {
        await breathe(signal);
        mustBeFinite(inputs, `extractFeatures: the pictures after the first ${images}`);
        const seen = look(inputs);
        rows.push(seen.dataSync<'float32'>());
        seen.dispose();
        if (view === 0) labels.push(...targets.dataSync());
        progress.update((images += targets.shape[0]));
      }
    }
  };
  try {
    await reported(progress, () => withInterrupt(work));
  } finally {
    look.dispose();
    fused?.dispose();
    restore();
  }
  if (labels.length === 0) throw new Error('extractFeatures: the data set gave no pictures.');
  const features = new Float32Array(rows.reduce((sum, { length }) => sum + length, 0));
  let position = 0;
  for (const batch of rows) {
    features.set(batch, position);
    position += batch.length;
  }
  const result = new FeatureDataset(features, Int32Array.from(labels), { classes: dataset.classes, views });
  if (file) writeFeatures(file, result);
  return result;
}

/** Both families of networks, torchvision's and the CIFAR nets, have it. */
function lastLayer(model: Module): Module {
  const { fc } = model as { fc?: unknown };
  if (fc instanceof Module) return fc;
  throw new Error(
    'extractFeatures: the model has no layer named fc; say with `before` what the features go into.',
  );
}

/** What goes into `layer` when the model sees `inputs`, maps averaged over positions; the caller's // [N, channels] */
function inputOf(layer: Module, model: Module, inputs: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const { input } = observe(model, layer, inputs, '`before`');
    return input.rank === 4 ? tf.mean(toFloat32(input), [1, 2]) : input;
  });
}
