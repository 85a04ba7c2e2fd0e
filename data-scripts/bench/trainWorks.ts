import type { Precision } from '../../src/ops/precision';
import type { Profile } from './profile';

/** Something that both libraries are timed at: one step of training, or one batch of inference, with ResNet-34. */
export interface Work {
  kind: 'training' | 'inference';
  precision: Precision;
  batch: number;
  /** Of the pictures, in pixels. */
  size: number;
}

/** What a worker says once it is ready, and after every repetition. */
export interface Ready {
  versions: Record<string, string>;
}
export interface Repetition {
  milliseconds: number;
  /** The most memory that the worker has held so far, in MB. */
  peakMegabytes: number;
  /** Of ours, where it was asked for. */
  profile?: Profile;
}

export const CLASSES = 4; // cats, dogs, ants and bees
export const SIZE = 224;

/** The article's batch of 6 and one of 32, fine-tuned with Adam in all layers. */
export const WORKS: Work[] = [
  { kind: 'training', precision: 'float32', batch: 6, size: SIZE },
  { kind: 'training', precision: 'float32', batch: 32, size: SIZE },
  { kind: 'training', precision: 'bfloat16', batch: 6, size: SIZE },
  { kind: 'training', precision: 'bfloat16', batch: 32, size: SIZE },
  { kind: 'inference', precision: 'float32', batch: 32, size: SIZE },
  { kind: 'inference', precision: 'bfloat16', batch: 32, size: SIZE },
];

export function nameOf({ kind, precision, batch }: Work): string {
  return `${kind}, ${precision}, batch ${batch}`;
}
