import type { Precision } from '../../../src/ops/precision';
import type { Profile } from './profile';

/** Something that both libraries are timed at: one step of training, or one batch of inference. */
export interface Work {
  kind: 'training' | 'inference';
  network: Network;
  precision: Precision;
  batch: number;
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

/** The networks: of how many classes, and for pictures of how many pixels a side. */
export const NETWORKS = {
  resnet34: { classes: 4, size: 224 }, // cats, dogs, ants and bees
  resnet20_cifar: { classes: 10, size: 32 },
  resnet56_cifar: { classes: 10, size: 32 },
} as const;
export type Network = keyof typeof NETWORKS;

const [resnet34, resnet20, resnet56]: Network[] = ['resnet34', 'resnet20_cifar', 'resnet56_cifar'];

/**
 * resnet34 with the article's batch of 6 and one of 32, fine-tuned with Adam in all layers; the CIFAR nets with the paper's
 * batch of 128 and SGD.
 */
export const WORKS: Work[] = [
  { kind: 'training', network: resnet34, precision: 'float32', batch: 6 },
  { kind: 'training', network: resnet34, precision: 'float32', batch: 32 },
  { kind: 'training', network: resnet34, precision: 'bfloat16', batch: 6 },
  { kind: 'training', network: resnet34, precision: 'bfloat16', batch: 32 },
  { kind: 'inference', network: resnet34, precision: 'float32', batch: 32 },
  { kind: 'inference', network: resnet34, precision: 'bfloat16', batch: 32 },
  { kind: 'training', network: resnet20, precision: 'float32', batch: 128 },
  { kind: 'training', network: resnet20, precision: 'bfloat16', batch: 128 },
  { kind: 'training', network: resnet56, precision: 'float32', batch: 128 },
  { kind: 'training', network: resnet56, precision: 'bfloat16', batch: 128 },
];

export function nameOf({ kind, network, precision, batch }: Work): string {
  return `${network}, ${kind}, ${precision}, batch ${batch}`;
}
