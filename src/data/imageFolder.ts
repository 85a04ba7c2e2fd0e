import { readdirSync, realpathSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Random, RandomState } from '../random';
import { checkIndex, type Dataset, type Sample } from './dataset';
import { ImageError } from './decode/error';
import { runDecodeJob, splitTransform, withPath, type DecodeResult, type Step } from './decode/job';
import { decodeInPool } from './decode/pool';
import { Fingerprint } from '../fingerprint';
import { MAX_PIXELS, type RgbImage } from './image';
import { applyToTensor, Compose, ToTensor, type Transform } from './transforms';

/** Endings of the names of pictures, in any case (torchvision's list). */
export const IMG_EXTENSIONS = ['.jpg', '.jpeg', '.png', '.ppm', '.bmp', '.pgm', '.tif', '.tiff', '.webp'];

export interface ImageFolderOptions {
  /** Applied to each picture by `get`; its last step must give floats. Default: `ToTensor` alone. */
  transform?: Transform;
  /** A picture that can't be read: throw an error that names it (default), or leave it out and list it in `skipped`. */
  onError?: 'stop' | 'skip';
  /** Accept classes without pictures. Default false, as in torchvision. */
  allowEmpty?: boolean;
  /** Follow links out of the folder, as torchvision always does. Default false: they are listed in `ignored`. */
  followLinks?: boolean;
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

/**
 * Pictures in one folder a class, `root/class/.../picture.jpg`, as `torchvision.datasets.ImageFolder`:
 * classes and pictures are sorted by name, and what isn't a picture by its ending doesn't count.
 */
export class ImageFolder implements Dataset {
  /** Names of the class folders, sorted. */
  readonly classes: readonly string[];
  /** Each class's number. */
  readonly classToIdx: Readonly<Record<string, number>>;
  /** Path and class number of each picture. */
  readonly imgs: readonly (readonly [path: string, classIndex: number])[];
  /** Class number of each picture. */
  readonly targets: readonly number[];
  /** What was found but isn't counted: files of other kinds, links that lead out or nowhere, names that aren't UTF-8. */
  readonly ignored: readonly LeftOut[];
  /** Pictures that could not be read so far; grows as they are met (`onError: 'skip'`). */
  readonly skipped: LeftOut[] = [];
  /** Applied by `get`; may be replaced at any time. */
  transform: Transform;
  private readonly options: Required<Omit<ImageFolderOptions, 'transform'>>;

  /** @throws when there is no class folder, or a class without pictures (it is named). */
  constructor(
    readonly root: string,
    { transform = new ToTensor(), ...options }: ImageFolderOptions = {},
  ) {
    this.transform = transform;
    const byDefault = { allowEmpty: false, followLinks: false, maxPixels: MAX_PIXELS, threads: true };
    this.options = { onError: 'stop', ...byDefault, ...options };
    const scan = new Scan(root, this.options.followLinks);
    this.classes = scan.classes();
    if (this.classes.length === 0) throw new Error(`ImageFolder: there is no class folder in ${root}.`);
    this.classToIdx = Object.fromEntries(this.classes.map((name, i) => [name, i]));
    const byClass = this.classes.map((name) => scan.pictures(join(root, name)));
    const empty = this.classes.filter((_, i) => byClass[i].length === 0);
    if (empty.length > 0 && !this.options.allowEmpty)
      throw new Error(
        `ImageFolder: no pictures of ${empty.length > 1 ? 'the classes' : 'the class'} ${empty.join(', ')} in ${root}. ` +
          `Pictures are files that end in ${IMG_EXTENSIONS.join(', ')}; remove the folder or set allowEmpty.`,
      );
    this.imgs = byClass.flatMap((paths, i) => paths.map((path) => [path, i] as const));
    this.targets = this.imgs.map(([, classIndex]) => classIndex);
    this.ignored = scan.ignored;
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

/** Looks through a folder in torchvision's order, keeping inside it. */
class Scan {
  readonly ignored: LeftOut[] = [];
  private readonly realRoot: string;

  constructor(
    private readonly root: string,
    private readonly followLinks: boolean,
  ) {
    try {
      this.realRoot = realpathSync(root);
    } catch (error) {
      throw new Error(`ImageFolder: cannot open the folder ${root}.`, { cause: error });
    }
  }

  /** Names of the folders at the top. */
  classes(): string[] {
    return this.list(this.root).folders;
  }

  /** Paths of the pictures in `folder` and below. */
  pictures(folder: string): string[] {
    const paths: string[] = [];
    for (const { path, files } of this.walk(folder, []).sort((a, b) => compareText(a.path, b.path)))
      for (const name of files) {
        if (IMG_EXTENSIONS.some((extension) => name.toLowerCase().endsWith(extension)))
          paths.push(join(path, name));
        else this.ignored.push({ path: join(path, name), reason: 'is not a picture by its ending' });
      }
    return paths;
  }

  /** @param above - real paths of the folders on the way here: a link back to one of them would never end. */
  private walk(path: string, above: readonly string[]): { path: string; files: string[] }[] {
    const real = realpathSync(path);
    if (above.includes(real)) {
      this.ignored.push({ path, reason: 'is a link to a folder that it lies in' });
      return [];
    }
    const { folders, files } = this.list(path);
    return [{ path, files }, ...folders.flatMap((name) => this.walk(join(path, name), [...above, real]))];
  }

  private list(path: string): { folders: string[]; files: string[] } {
    const folders: string[] = [];
    const files: string[] = [];
    // Names are bytes; sorted as such they are in Python's order, by code point.
    const entries = readdirSync(path, { withFileTypes: true, encoding: 'buffer' });
    for (const entry of entries.sort((a, b) => Buffer.compare(a.name, b.name))) {
      const name = entry.name.toString();
      const full = join(path, name);
      const kind = entry.isSymbolicLink() ? this.target(full) : entry;
      if (!entry.name.equals(Buffer.from(name)))
        this.ignored.push({ path: full, reason: 'has a name that is not UTF-8: rename it to use it' });
      else if (kind?.isDirectory()) folders.push(name);
      else if (kind?.isFile()) files.push(name);
      else if (kind) this.ignored.push({ path: full, reason: 'is neither a file nor a folder' });
    }
    return { folders, files };
  }

  /** What a link leads to; undefined (and listed) if it is not to be followed. */
  private target(link: string) {
    try {
      const real = realpathSync(link);
      if (this.followLinks || real.startsWith(this.realRoot + sep)) return statSync(real);
      this.ignored.push({
        path: link,
        reason: `is a link out of the folder, to ${real} (set followLinks to use it)`,
      });
    } catch {
      this.ignored.push({ path: link, reason: 'is a link that leads nowhere' });
    }
    return undefined;
  }
}

/** Python's order of strings: by code point, where JavaScript's `<` goes by UTF-16 unit. */
function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
