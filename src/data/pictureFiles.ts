import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { Fingerprint } from '../fingerprint';
import type { Random, RandomState } from '../random';
import { checkIndex, type Dataset, type Sample } from './dataset';
import { ImageError } from './decode/error';
import { runDecodeJob, splitTransform, withPath, type DecodeResult, type Step } from './decode/job';
import { decodeInPool } from './decode/pool';
import { MAX_PIXELS, type RgbImage } from './image';
import { applyToTensor, Compose, ToTensor, type Transform } from './transforms';

export interface PictureFilesOptions {
  /** Applied to each picture by `get`; its last step must give floats. Default: `ToTensor` alone. */
  transform?: Transform;
  /** A picture that can't be read: throw an error that names it (default), or leave it out and list it in `skipped`. */
  onError?: 'stop' | 'skip';
  /** Largest picture to decode, in pixels: a small file can unfold into gigabytes. Default 89,478,485 (Pillow's). */
  maxPixels?: number;
  /** Decode and transform on threads beside this one. Default true; either way gives the same samples. */
  threads?: boolean;
}

/** A file that isn't used, and why. */
export interface LeftOut {
  path: string;
  reason: string;
}

/** Picture files and their classes, wherever they lie. */
export class PictureFiles implements Dataset {
  /** Class number of each picture. */
  readonly targets: readonly number[];
  /** Pictures that could not be read so far; grows as they are met (`onError: 'skip'`). */
  readonly skipped: LeftOut[] = [];
  /** Applied by `get`; may be replaced at any time. */
  transform: Transform;
  private readonly options: Required<Omit<PictureFilesOptions, 'transform'>>;

  /**
   * @param root - the folder that the fingerprint names files relative to.
   * @param classes - their names.
   * @param imgs - path and class number of each picture.
   */
  constructor(
    readonly root: string,
    readonly classes: readonly string[],
    readonly imgs: readonly (readonly [path: string, classIndex: number])[],
    { transform = new ToTensor(), ...options }: PictureFilesOptions = {},
  ) {
    this.transform = transform;
    const { onError = 'stop', maxPixels = MAX_PIXELS, threads = true } = options;
    this.options = { onError, maxPixels, threads };
    this.targets = imgs.map(([, classIndex]) => classIndex);
  }

  get length(): number {
    return this.imgs.length;
  }

  describe(index: number): string {
    return this.imgs[index][0];
  }

  /** Of the files' names and contents, not their times: a copy of the folder has the same. */
  async fingerprint(): Promise<string> {
    const fingerprint = new Fingerprint().add([this.classes, this.transform, this.options.maxPixels]);
    for (const [path, label] of this.imgs) {
      const bytes = await readFile(path).catch(() => null); // one that can't be read is met by `get`
      fingerprint.add([relative(this.root, path), label, bytes]);
    }
    return fingerprint.digest();
  }

  get(index: number, random: Random): Promise<Sample | null> {
    return this.getInto(index, random);
  }

  async getInto(index: number, random: Random, into?: Float32Array): Promise<Sample | null> {
    checkIndex(index, this.length);
    const { steps, rest } = splitTransform(this.transform);
    const done = await this.decode(index, steps, random.state, rest.length > 0 ? undefined : into);
    if (!done) return null;
    random.state = done.random;
    try {
      return { image: applyToTensor(new Compose(rest), done.image, random), label: this.targets[index] };
    } catch (error) {
      return this.leaveOut(withPath(this.imgs[index][0], error));
    }
  }

  /** Picture `index` without its transform; null when it was skipped. */
  async picture(index: number): Promise<RgbImage | null> {
    checkIndex(index, this.length);
    const done = await this.decode(index, [], [0, 0, 0, 0]);
    return done && (done.image as RgbImage);
  }

  private async decode(
    index: number,
    steps: Step[],
    random: RandomState,
    into?: Float32Array,
  ): Promise<DecodeResult | null> {
    const { maxPixels, threads } = this.options;
    const job = { path: this.imgs[index][0], maxPixels, steps, random, into };
    try {
      return await (threads ? decodeInPool(job) : runDecodeJob(job));
    } catch (error) {
      return this.leaveOut(error);
    }
  }

  /** Lists a picture that can't be used, or throws what is wrong with it. Any other error is thrown as it is. */
  private leaveOut(error: unknown): null {
    if (!(error instanceof ImageError)) throw error;
    const { path, reason } = error;
    if (this.options.onError === 'stop')
      throw new ImageError(
        path,
        `${reason}. Replace or remove it, or open the folder with { onError: 'skip' }.`,
      );
    if (!this.skipped.some((file) => file.path === path)) this.skipped.push({ path, reason });
    return null;
  }
}
