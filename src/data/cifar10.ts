import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../random';
import { checkIndex, type Dataset, type Sample } from './dataset';
import { Fingerprint } from '../fingerprint';
import type { RgbImage } from './image';
import { applyToTensor, ToTensor, type Transform } from './transforms';

/** Height and width of every CIFAR-10 image. */
const SIDE = 32;
const PIXELS = SIDE * SIDE;
const VALUES = PIXELS * 3;
/** One label byte, then the red, the green and the blue plane, each row by row. */
const RECORD_BYTES = 1 + VALUES;
const RECORDS_PER_FILE = 10_000;

const CLASSES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

export interface CIFAR10Options {
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
  readonly classes: readonly string[] = CLASSES;
  readonly length: number;

  private constructor(
    /** All images, 8-bit // [length, 32, 32, 3] */
    readonly images: Uint8Array,
    /** Class of each image, 0 to 9 // [length] */
    readonly labels: Uint8Array,
    /** Applied by `get`; may be replaced at any time. */
    public transform: Transform,
  ) {
    this.length = labels.length;
  }

  /**
   * Reads and checks the batches.
   * @param root - the folder that holds `cifar-10-batches-bin`, or that folder itself.
   * @throws when a file is missing, has another size than 10,000 records, or a label above 9.
   */
  static open(root: string, options: CIFAR10Options = {}): CIFAR10 {
    const { train = true, transform = new ToTensor() } = options;
    const inside = join(root, 'cifar-10-batches-bin');
    const folder = existsSync(inside) ? inside : root;
    const files = train ? [1, 2, 3, 4, 5].map((n) => `data_batch_${n}.bin`) : ['test_batch.bin'];
    const images = new Uint8Array(files.length * RECORDS_PER_FILE * VALUES);
    const labels = new Uint8Array(files.length * RECORDS_PER_FILE);
    files.forEach((file, i) => readBatch(join(folder, file), i * RECORDS_PER_FILE, images, labels));
    return new CIFAR10(images, labels, transform);
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

/** Reads one batch file into `images` (planes become pixels) and `labels`, from record number `first` on. */
function readBatch(path: string, first: number, images: Uint8Array, labels: Uint8Array): void {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new Error(`CIFAR10: cannot read ${path}. "npm run data -- cifar10" fetches the data set.`, {
      cause: error,
    });
  }
  const expected = RECORDS_PER_FILE * RECORD_BYTES;
  if (bytes.length !== expected)
    throw new Error(`CIFAR10: ${path} has ${bytes.length} bytes instead of ${expected}: fetch it again.`);

  for (let record = 0; record < RECORDS_PER_FILE; record++) {
    const start = record * RECORD_BYTES;
    const label = bytes[start];
    if (label >= CLASSES.length)
      throw new Error(
        `CIFAR10: ${path} has label ${label} at record ${record} instead of 0 to 9: fetch it again.`,
      );
    labels[first + record] = label;
    let out = (first + record) * VALUES;
    for (let pixel = start + 1; pixel <= start + PIXELS; pixel++) {
      images[out++] = bytes[pixel];
      images[out++] = bytes[pixel + PIXELS];
      images[out++] = bytes[pixel + 2 * PIXELS];
    }
  }
}
