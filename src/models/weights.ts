import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { loadCheckpoint } from '../checkpoint/load';
import { DownloadError, download, type PublishedFile } from '../data/download';
import type { ImageClassificationPreset } from '../data/presets';
import { weightsFolder } from '../locations';
import type { StateDict } from '../state/stateDict';
import { silentProgress } from '../progress';

/** What is known of a set of weights; torchvision's `meta`. */
export interface WeightsMeta {
  /** The names of the classes, in the order of the logits. */
  categories: readonly string[];
  numParams: number;
  /** The smallest picture that the model takes, height and width in pixels. */
  minSize: readonly [number, number];
  /** Where the training is described. */
  recipe: string;
  /** Percent right on a data set's test pictures: the first guess, and any of the first five. */
  metrics: Readonly<Record<string, { 'acc@1': number; 'acc@5'?: number }>>;
  /** Multiply-adds for one picture of `cropSize`, in billions. */
  gigaOps: number;
  /** In mebibytes. */
  fileSize: number;
  docs: string;
}

export interface WeightsDetails {
  /** Where the file is published, with the first digits of its SHA-256; or the path of one shipped with the workbook. */
  source: { url: string; sha256: string } | { path: string };
  transforms: ImageClassificationPreset;
  meta: WeightsMeta;
}

/** Where a file is published that has the first digits of its SHA-256 in its name, as torchvision's have. */
export function publishedAt(url: string): WeightsDetails['source'] {
  const [, sha256] = /-([0-9a-f]{8,})\.\w+$/.exec(url) ?? [];
  if (sha256 === undefined) throw new Error(`${url} has no hash in its name.`);
  return { url, sha256 };
}

/** One published set of weights, a member of an enumeration like `ResNet34_Weights`. */
export class Weights<Enum extends string = string> {
  /** Where they are published; '' where they are shipped with the workbook. */
  readonly url: string;
  /** The first digits of the published file's SHA-256. */
  readonly hashPrefix: string;
  readonly transforms: ImageClassificationPreset;
  readonly meta: WeightsMeta;
  private readonly shippedAt: string;

  constructor(
    /** "ResNet34_Weights" */
    readonly enumName: Enum,
    /** "IMAGENET1K_V1" */
    readonly name: string,
    { source, transforms, meta }: WeightsDetails,
  ) {
    const { url, sha256, path } = { url: '', sha256: '', path: '', ...source };
    this.url = url;
    this.hashPrefix = sha256;
    this.shippedAt = path;
    this.transforms = transforms;
    this.meta = meta;
  }

  /** Where the file is, or will be once it is downloaded. */
  get path(): string {
    return this.shippedAt || join(weightsFolder(), basename(this.url));
  }

  /** Whether the file is on this machine already. */
  get available(): boolean {
    return existsSync(this.path);
  }

  /**
   * The weights as a state dict: from the cache (`weightsFolder()`), or downloaded into it first.
   *
   * @param options.progress - show how far the download has got; default true.
   * @throws Error when the file cannot be had, saying which to put where, or is not the published one.
   */
  async getStateDict({ progress = true }: { progress?: boolean } = {}): Promise<StateDict> {
    if (this.url !== '') await this.fetch(progress);
    return loadCheckpoint(this.path);
  }

  private async fetch(progress: boolean): Promise<void> {
    const file: PublishedFile = { url: this.url, hash: { algorithm: 'sha256', digest: this.hashPrefix } };
    try {
      await download(file, this.path, progress ? {} : { progress: silentProgress });
    } catch (error) {
      if (!(error instanceof DownloadError) || error.reason === 'mismatch') throw error;
      const name = basename(this.path);
      throw new Error(
        `${this.toString()}: ${error.message}\nIf you have the file ${name} (${this.meta.fileSize} MiB), put it into ` +
          `${weightsFolder()}, or run \`npm run data -- weights ${name} --from PATH\`.`,
        { cause: error },
      );
    }
  }

  toString(): string {
    return `${this.enumName}.${this.name}`;
  }
}

/** An enumeration of weights: its members by name, and which of them is `DEFAULT`. */
export type WeightsEnum<Enum extends string, Names extends string = string> = Readonly<
  Record<Names | 'DEFAULT', Weights<Enum>>
>;

/** Makes an enumeration. */
export function weightsEnum<Enum extends string, Entries extends Readonly<Record<string, WeightsDetails>>>(
  enumName: Enum,
  entries: Entries,
  defaultName: keyof Entries & string,
): WeightsEnum<Enum, keyof Entries & string> {
  const members = Object.entries(entries).map(([name, details]) => [
    name,
    new Weights(enumName, name, details),
  ]);
  const byName = Object.fromEntries(members) as Record<keyof Entries & string, Weights<Enum>>;
  return Object.freeze({ ...byName, DEFAULT: byName[defaultName] });
}

/** What a builder's `weights` takes: a member, its name ("IMAGENET1K_V1", "DEFAULT"), or null for none. */
export type WeightsChoice<Enum extends string> = Weights<Enum> | string | null | undefined;

/** The member that is meant; null for none. torchvision's `WeightsEnum.verify`. */
export function verifyWeights<Enum extends string>(
  members: WeightsEnum<Enum>,
  choice: WeightsChoice<Enum>,
): Weights<Enum> | null {
  if (choice === null || choice === undefined) return null;
  const { enumName } = members.DEFAULT;
  if (typeof choice === 'string') {
    const name = choice.replace(`${enumName}.`, '');
    if (Object.hasOwn(members, name)) return members[name];
    throw new Error(`${enumName} has no member ${name}; it has ${Object.keys(members).join(', ')}.`);
  }
  if (choice instanceof Weights && choice.enumName === enumName) return choice;
  const received = choice instanceof Weights ? choice.enumName : typeof choice;
  throw new TypeError(`Invalid Weight class provided; expected ${enumName} but received ${received}.`);
}
