import type { ShortcutOption } from '../../../src/models/cifar';
import type { Precision } from '../../../src/ops/precision';

export const KINDS = ['plain', 'resnet', 'preact'] as const;
/** Data sets, and how many classes each has. */
export const CLASSES = { cifar10: 10, cifar100: 100 } as const;

/** Everything that decides how one run comes out; it is written into the run's record. */
export interface RunConfiguration {
  /** 'resnet' is the paper's network, 'plain' the same without shortcuts, 'preact' that of arXiv:1603.05027. */
  kind: (typeof KINDS)[number];
  data: keyof typeof CLASSES;
  depth: number;
  /** 'none' for plain networks. */
  shortcut: ShortcutOption;
  /** Channels, as a multiple of the paper's 16, 32 and 64. */
  width: number;
  seed: number;
  epochs: number;
  schedule: 'one-cycle' | 'steps';
  /** The peak of one-cycle, the first rate of steps. */
  lr: number;
  momentum: number;
  weightDecay: number;
  batchSize: number;
  /** The first so many pictures are used; all 50,000 to train on and 10,000 to test on unless a subset was asked for. */
  subset: number;
  precision: Precision;
}

/** What a run is, unless it was asked for otherwise. */
const USUAL = {
  data: 'cifar10',
  width: 1,
  epochs: 15,
  schedule: 'one-cycle',
  momentum: 0.9,
  weightDecay: 1e-4, // both as in the paper's section 3.4
  batchSize: 128,
  subset: 50_000,
  precision: 'float32',
} as const;
const USUAL_RATE = { 'one-cycle': 0.2, steps: 0.1 };

/** The paper's configuration (section 4.2): about 64,000 iterations, i.e. 164 epochs, with drops at 32,000 and 48,000. */
const PAPER = { epochs: 164, schedule: 'steps', lr: 0.1 } as const;

/** "resnet-20-seed1", with whatever differs from the usual: "resnet-20-B-50epochs-seed1". Other runs have other names. */
export function runName(run: RunConfiguration): string {
  const unusual = (key: keyof typeof USUAL, text: string): string[] =>
    run[key] === USUAL[key] ? [] : [text];
  return [
    run.kind,
    run.depth,
    ...(run.kind === 'plain' || run.shortcut === 'A' ? [] : [run.shortcut]),
    ...unusual('data', run.data),
    ...unusual('width', `width${run.width}`),
    ...unusual('epochs', `${run.epochs}epochs`),
    ...unusual('schedule', run.schedule),
    ...(run.lr === USUAL_RATE[run.schedule] ? [] : [`lr${run.lr}`]),
    ...unusual('momentum', `momentum${run.momentum}`),
    ...unusual('weightDecay', `decay${run.weightDecay}`),
    ...unusual('batchSize', `batch${run.batchSize}`),
    ...unusual('subset', `${run.subset}images`),
    ...unusual('precision', run.precision),
    `seed${run.seed}`,
  ].join('-');
}

/** A configuration out of a record: those made before there were widths and two data sets don't name theirs. */
export function completed(configuration: RunConfiguration): RunConfiguration {
  return {
    ...configuration,
    data: configuration.data ?? USUAL.data,
    width: configuration.width ?? USUAL.width,
  };
}

/** The options by which one run is made, as `util.parseArgs` takes them. */
export const TRAINING_OPTIONS = {
  shortcut: { type: 'string', default: 'A' },
  data: { type: 'string', default: USUAL.data },
  width: { type: 'string', default: '1' },
  epochs: { type: 'string', default: `${USUAL.epochs}` },
  schedule: { type: 'string', default: USUAL.schedule },
  lr: { type: 'string' },
  batch: { type: 'string', default: `${USUAL.batchSize}` },
  subset: { type: 'string', default: `${USUAL.subset}` },
  precision: { type: 'string', default: USUAL.precision },
  paper: { type: 'boolean', default: false },
} as const;

/** What `util.parseArgs` makes of them. */
export interface TrainingValues {
  shortcut: string;
  data: string;
  width: string;
  epochs: string;
  schedule: string;
  lr?: string;
  batch: string;
  subset: string;
  precision: string;
  paper: boolean;
}

/** One run for each kind, depth and seed. @throws Error that names the option which is wrong, and what it may be. */
export function configurations(
  values: TrainingValues,
  kinds: readonly string[],
  depths: readonly number[],
  seeds: readonly number[],
): RunConfiguration[] {
  const schedule = oneOf('schedule', values.schedule, ['one-cycle', 'steps']);
  const shortcut = oneOf('shortcut', values.shortcut, ['A', 'B', 'C']);
  const bad = depths.find((depth) => depth < 8 || (depth - 2) % 6 !== 0);
  if (bad !== undefined) throw new Error(`A depth must be 6n + 2 (8, 14, 20, 32, 44, 56 ...), got ${bad}.`);
  const common = {
    data: oneOf('data', values.data, ['cifar10', 'cifar100']),
    width: count('width', values.width),
    epochs: count('epochs', values.epochs),
    schedule,
    lr: positive('lr', values.lr ?? `${USUAL_RATE[schedule]}`),
    momentum: USUAL.momentum,
    weightDecay: USUAL.weightDecay,
    batchSize: count('batch', values.batch),
    subset: count('subset', values.subset),
    precision: oneOf('precision', values.precision, ['float32', 'bfloat16']),
    ...(values.paper ? PAPER : {}),
  };
  return kinds
    .map((kind) => oneOf('kind', kind, KINDS))
    .flatMap((kind) =>
      depths.flatMap((depth) =>
        seeds.map((seed) => {
          const bridge: ShortcutOption = kind === 'plain' ? 'none' : shortcut;
          return { kind, depth, shortcut: bridge, seed, ...common };
        }),
      ),
    );
}

/** The arguments of `degradation` that make this run. */
export function argumentsOf(run: RunConfiguration): string[] {
  return [
    ...['--kind', run.kind, '--depth', run.depth],
    ...(run.kind === 'plain' ? [] : ['--shortcut', run.shortcut]),
    ...(run.data === USUAL.data ? [] : ['--data', run.data]),
    ...(run.width === USUAL.width ? [] : ['--width', run.width]),
    ...['--seed', run.seed, '--epochs', run.epochs, '--schedule', run.schedule, '--lr', run.lr],
    ...(run.batchSize === USUAL.batchSize ? [] : ['--batch', run.batchSize]),
    ...['--subset', run.subset, '--precision', run.precision],
  ].map(String);
}

export function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (!found) throw new Error(`--${name} must be one of ${allowed.join(', ')}, got ${value}.`);
  return found;
}

export function count(name: string, value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`--${name} must be a whole number from 1, got ${value}.`);
  return number;
}

function positive(name: string, value: string): number {
  const number = Number(value);
  if (!(number > 0 && number < Infinity))
    throw new Error(`--${name} must be a positive number, got ${value}.`);
  return number;
}

/** Whole numbers as they are listed on a command line: "1-3,7" is 1, 2, 3 and 7; each counts once. */
export function counts(name: string, text: string): number[] {
  const all = text.split(',').flatMap((part) => {
    const ends = part.split('-').map((end) => count(name, end));
    const [from, to] = [ends[0], ends[ends.length - 1]];
    if (ends.length > 2 || to < from || to - from > 10_000)
      throw new Error(`--${name}: ${part} is no range.`);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
  return [...new Set(all)];
}
