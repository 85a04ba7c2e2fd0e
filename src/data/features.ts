import type * as tf from '@tensorflow/tfjs-node';
import { checkNumber } from '../checkNumber';
import { BatchLoader, type DataLoaderOptions, type HostBatch } from './batchLoader';
import { checkIndex } from './dataset';
import { Fingerprint } from '../fingerprint';

export interface FeatureDatasetOptions {
  /** Names of the classes; a label is a position in this list. */
  classes: readonly string[];
  /** How many augmented views of each picture there are; default 1. */
  views?: number;
  /** Whether they were read from the cache; default false. */
  fromCache?: boolean;
}

/** What a frozen network made of each picture: its features, a row of numbers, in memory. */
export class FeatureDataset {
  /** Number of pictures. */
  readonly length: number;
  readonly classes: readonly string[];
  /** How many augmented views of each picture there are. */
  readonly views: number;
  /** Features of a picture. */
  readonly channels: number;
  readonly fromCache: boolean;

  /**
   * @param features - // [views, length, channels]
   * @param labels - class of each picture // [length]
   * @throws RangeError when the numbers do not fit together, or a label is no class.
   */
  constructor(
    readonly features: Float32Array,
    readonly labels: Int32Array,
    { classes, views = 1, fromCache = false }: FeatureDatasetOptions,
  ) {
    this.length = labels.length;
    this.classes = classes;
    this.views = views;
    this.channels = features.length / (views * labels.length);
    this.fromCache = fromCache;
    checkNumber('FeatureDataset: views', views, { from: 1, integer: true });
    if (!Number.isInteger(this.channels) || this.channels < 1)
      throw new RangeError(
        `FeatureDataset: ${features.length} features are not divided evenly among ${labels.length} pictures in ${views} views.`,
      );
    const strange = labels.findIndex((label) => label < 0 || label >= classes.length);
    if (strange >= 0)
      throw new RangeError(
        `FeatureDataset: picture ${strange} has label ${labels[strange]}; there are ${classes.length} classes, ` +
          `so labels are integers from 0 to ${classes.length - 1}.`,
      );
  }

  fingerprint(): string {
    return new Fingerprint().add([this.features, this.labels, this.classes, this.views]).digest();
  }

  /** Some of the pictures, in the order given, with all their views. */
  subset(indices: readonly number[]): FeatureDataset {
    for (const index of indices) checkIndex(index, this.length);
    const { channels, views, classes } = this;
    const features = new Float32Array(views * indices.length * channels);
    for (let view = 0; view < views; view++)
      indices.forEach((index, i) =>
        features.set(this.row(index, view), (view * indices.length + i) * channels),
      );
    const labels = Int32Array.from(indices, (index) => this.labels[index]);
    return new FeatureDataset(features, labels, { classes, views });
  }

  /** The features of one view of a picture, without a copy // [channels] */
  row(index: number, view: number): Float32Array {
    const start = (view * this.length + index) * this.channels;
    return this.features.subarray(start, start + this.channels);
  }
}

/**
 * Batches of features // float32 [N, channels], labels // int32 [N]
 *
 * Epoch `e` sees view `e` of each picture, and after the last view the first again. With the seed of a `DataLoader`
 * the pictures come in that loader's order.
 */
export class FeatureLoader extends BatchLoader<tf.Tensor2D> {
  constructor(
    override readonly dataset: FeatureDataset,
    options: DataLoaderOptions = {},
  ) {
    super(dataset, options);
  }

  protected assemble(indices: readonly number[], epoch: number): HostBatch {
    const { channels, views, labels } = this.dataset;
    const data = new Float32Array(indices.length * channels);
    indices.forEach((index, i) => data.set(this.dataset.row(index, epoch % views), i * channels));
    return {
      data,
      labels: Int32Array.from(indices, (index) => labels[index]),
      shape: [indices.length, channels],
    };
  }
}
