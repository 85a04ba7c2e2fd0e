import type { Random } from '../random';
import { Fingerprint } from '../fingerprint';
import type { Image, ImageArray } from './image';

/** One picture, ready for a network, and the number of its class. */
export interface Sample {
  image: ImageArray;
  label: number;
}

/** A sample, at once or as a promise; null means skipped (`onError: 'skip'`). */
export type Fetched = Sample | null | Promise<Sample | null>;

/** Numbered samples, as `torch.utils.data.Dataset`. */
export interface Dataset {
  /** Number of samples. */
  readonly length: number;
  /** Names of the classes; a sample's label is a position in this list. */
  readonly classes: readonly string[];
  /**
   * Sample number `index`. Random transforms draw from `random` alone, so that equal generators give equal samples.
   * Data in memory is returned at once, data on disk as a promise.
   */
  get(index: number, random: Random): Fetched;
  /**
   * As `get`, with the values written into `into` and returned as the image's `data`, if they are as many: where a data
   * set has this, the loader saves making and copying an array for each picture.
   */
  getInto?(index: number, random: Random, into: Float32Array): Fetched;
  /** What to call sample `index` in an error, for instance its path; `sample 7` where this is missing. */
  describe?(index: number): string;
  /**
   * A hash of all that its samples follow from: pictures, labels, transforms. What is computed from the samples can be
   * kept under it. Missing, or undefined, where a data set cannot say.
   */
  fingerprint?(): string | undefined | Promise<string | undefined>;
}

/** Some samples of a data set, as `torch.utils.data.Subset`. */
export class Subset implements Dataset {
  readonly length: number;
  readonly classes: readonly string[];

  /** @param indices - which samples of `dataset`, in which order. */
  constructor(
    readonly dataset: Dataset,
    readonly indices: readonly number[],
  ) {
    for (const index of indices) checkIndex(index, dataset.length);
    this.length = indices.length;
    this.classes = dataset.classes;
  }

  get(index: number, random: Random): Fetched {
    checkIndex(index, this.length);
    return this.dataset.get(this.indices[index], random);
  }

  getInto(index: number, random: Random, into: Float32Array): Fetched {
    checkIndex(index, this.length);
    return getInto(this.dataset, this.indices[index], random, into);
  }

  describe(index: number): string {
    return describeSample(this.dataset, this.indices[index]);
  }

  async fingerprint(): Promise<string | undefined> {
    const ofAll = await this.dataset.fingerprint?.();
    return ofAll === undefined ? undefined : new Fingerprint().add([ofAll, this.indices]).digest();
  }
}

/** Sample `index`, with its values in `into` where the data set can put them there. */
export function getInto(dataset: Dataset, index: number, random: Random, into: Float32Array): Fetched {
  return dataset.getInto ? dataset.getInto(index, random, into) : dataset.get(index, random);
}

/** Throws unless `index` is an integer in [0, length). */
export function checkIndex(index: number, length: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= length)
    throw new RangeError(`There is no sample ${index}: the data set has ${length}, numbered from 0.`);
}

/**
 * Throws unless a picture has the values that its size says: fewer would leave a batch with those of earlier pictures.
 * @param name - what to call it.
 */
export function checkPixels({ data, height, width, channels }: Image, name: string): void {
  if (![height, width].every((side) => Number.isInteger(side) && side >= 1) || channels !== 3)
    throw new RangeError(
      `${name} has ${height}x${width} pixels in ${channels} channels; it takes at least 1x1 in 3.`,
    );
  if (data.length !== height * width * 3)
    throw new RangeError(
      `${name} has ${data.length} values; ${height}x${width} pixels in 3 channels are ${height * width * 3}.`,
    );
}

/** Throws unless a sample can go into a batch: floats, as many as its size says, and a label that is a class. */
export function checkSample(dataset: Dataset, index: number, { image, label }: Sample): void {
  const name = describeSample(dataset, index);
  checkPixels(image, name);
  if (!(image.data instanceof Float32Array))
    throw new TypeError(`${name} is not a Float32Array: its transform must end with ToTensor or Normalize.`);
  const classes = dataset.classes.length;
  // Checked while it is a number: a label that is no class would give a loss without a target, silently.
  if (!(Number.isInteger(label) && label >= 0 && label < classes))
    throw new RangeError(
      `${name} has label ${label}; the data set has ${classes} classes, so labels are integers from 0 to ${classes - 1}.`,
    );
}

/** Throws unless two data sets have the same classes in the same order: a label would mean one thing here and another there. */
export function checkSameClasses(
  train: { readonly classes: readonly string[] },
  evaluation: { readonly classes: readonly string[] },
): void {
  const [one, other] = [train.classes, evaluation.classes];
  if (one.length === other.length && one.every((name, i) => name === other[i])) return;
  throw new Error(
    `The classes to train on are ${one.join(', ')}, those to evaluate on ${other.join(', ')}: ` +
      'labels would mean different things. Give both the same class folders.',
  );
}

/** What to call a sample in an error. */
export function describeSample(dataset: Dataset, index: number): string {
  return dataset.describe?.(index) ?? `sample ${index}`;
}
