import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../random';
import { CIFAR100_LAYOUT, CIFAR10_LAYOUT, type CifarLayout, SIDE, VALUES } from './cifarLayout';
import { checkIndex, type Dataset, type Sample } from './dataset';
import { Fingerprint } from '../fingerprint';
import type { RgbImage } from './image';
import { applyToTensor, ToTensor, type Transform } from './transforms';

const PIXELS = SIDE * SIDE;

export interface CifarOptions {
  /** The 50,000 training images (default) or the 10,000 test images. */
  train?: boolean;
  /** Applied to each picture by `get`; its last step must give floats. Default: `ToTensor` alone. */
  transform?: Transform;
}

/**
 * The CIFAR-10 data set (Krizhevsky 2009) from its published binary version, held in memory (154 MB to train).
 * https://www.cs.toronto.edu/~kriz/cifar.html
 */
export class CIFAR10 implements Dataset {
  protected static readonly layout: CifarLayout = CIFAR10_LAYOUT;

  readonly length: number;

  protected constructor(
    readonly classes: readonly string[],
    /** All images, 8-bit // [length, 32, 32, 3] */
    readonly images: Uint8Array,
    /** Class of each image, counted from 0 // [length] */
    readonly labels: Uint8Array,
    /** Applied by `get`; may be replaced at any time. */
    public transform: Transform,
  ) {
    this.length = labels.length;
  }

  /**
   * Reads and checks the files.
   * @param root - the folder that holds `cifar-10-batches-bin` (`cifar-100-binary`), or that folder itself.
   * @throws when a file is missing, has another size than its records, or a label above the last class.
   */
  static open(root: string, { train = true, transform = new ToTensor() }: CifarOptions = {}): CIFAR10 {
    const { layout } = this;
    const inside = join(root, layout.folder);
    const folder = existsSync(inside) ? inside : root;
    const files = train ? layout.train : layout.test;
    const perFile = train ? layout.records.train : layout.records.test;
    const classes = namesOf(layout, folder);
    const images = new Uint8Array(files.length * perFile * VALUES);
    const labels = new Uint8Array(files.length * perFile);
    files.forEach((file, i) => {
      const part = { images: images.subarray(i * perFile * VALUES), labels: labels.subarray(i * perFile) };
      readRecords(join(folder, file), perFile, layout, classes.length, part);
    });
    return new this(classes, images, labels, transform);
  }

  /** Image `index` as it was published, without a copy. */
  picture(index: number): RgbImage {
    checkIndex(index, this.length);
    const data = this.images.subarray(index * VALUES, (index + 1) * VALUES); // [32, 32, 3]
    return { data, height: SIDE, width: SIDE, channels: 3 };
  }

  fingerprint(): string {
    return new Fingerprint().add([this.images, this.labels, this.transform]).digest();
  }

  get(index: number, random: Random): Sample {
    return { image: applyToTensor(this.transform, this.picture(index), random), label: this.labels[index] };
  }
}

/** CIFAR-100: as many images of the same size, in a hundred classes ("fine labels"), read in the same way. */
export class CIFAR100 extends CIFAR10 {
  protected static override readonly layout: CifarLayout = CIFAR100_LAYOUT;
}

function readFile(path: string, { name, command }: CifarLayout): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Error(`${name}: cannot read ${path}. "${command}" fetches the data set.`, { cause: error });
  }
}

function namesOf(layout: CifarLayout, folder: string): readonly string[] {
  const { name, classes } = layout;
  if (!('file' in classes)) return classes;
  const path = join(folder, classes.file);
  const names = readFile(path, layout).toString('utf8').split(/\s+/).filter(Boolean);
  if (new Set(names).size !== classes.count || names.length !== classes.count)
    throw new Error(`${name}: ${path} has not ${classes.count} different names: fetch it again.`);
  return names;
}

/** Reads one file into the beginnings of `images` (planes become pixels) and `labels`. */
function readRecords(
  path: string,
  records: number,
  layout: CifarLayout,
  classes: number,
  { images, labels }: { images: Uint8Array; labels: Uint8Array },
): void {
  const { name, labelBytes } = layout;
  const bytes = readFile(path, layout);
  const recordBytes = labelBytes + VALUES;
  const expected = records * recordBytes;
  if (bytes.length !== expected)
    throw new Error(`${name}: ${path} has ${bytes.length} bytes instead of ${expected}: fetch it again.`);

  for (let record = 0; record < records; record++) {
    const start = record * recordBytes + labelBytes;
    const label = bytes[start - 1];
    if (label >= classes)
      throw new Error(
        `${name}: ${path} has label ${label} at record ${record} instead of 0 to ${classes - 1}: fetch it again.`,
      );
    labels[record] = label;
    let out = record * VALUES;
    for (let pixel = start; pixel < start + PIXELS; pixel++) {
      images[out++] = bytes[pixel];
      images[out++] = bytes[pixel + PIXELS];
      images[out++] = bytes[pixel + 2 * PIXELS];
    }
  }
}
