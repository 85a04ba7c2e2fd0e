import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CheckpointError } from '../state/error';
import { loadCheckpoint } from '../checkpoint/load';
import { readSafetensorsMetadata, saveSafetensors } from '../checkpoint/safetensors';
import type { Dataset } from '../data/dataset';
import { FeatureDataset } from '../data/features';
import { CannotTell, Fingerprint } from '../fingerprint';
import type { Module } from '../nn/module';
import type { StateDict } from '../state/stateDict';
import type { Precision } from '../ops/precision';
import { addModel } from './runIdentity';

/** Goes into every name; to be counted up when the same inputs are to give other features. */
const VERSION = 2;

/**
 * Where in a folder features are kept: under a hash of all that they follow from. Undefined where the data set cannot say
 * what it holds, or (with a message) where something cannot be told from another.
 */
export async function featureFile(
  folder: string,
  model: Module,
  before: Module,
  dataset: Dataset,
  settings: { views: number; seed: number; precision: Precision },
): Promise<string | undefined> {
  try {
    const data = await dataset.fingerprint?.();
    if (data === undefined) return undefined;
    const fingerprint = new Fingerprint().add({ VERSION, data, ...settings });
    fingerprint.add(model.namedModules().find(([, module]) => module === before)?.[0]);
    addModel(fingerprint, model, (tensor) => tensor.toState().data, new Set(before.modules()));
    return join(folder, `${fingerprint.digest()}.safetensors`);
  } catch (error) {
    if (!(error instanceof CannotTell)) throw error;
    sayNotKept(error);
    return undefined;
  }
}

const sayNotKept = ({ message }: Error) =>
  console.log(`The features are not kept for the next time: ${message}`);
const checksum = (...values: unknown[]) => new Fingerprint().add(values).digest();

/** Features that were kept; undefined where there are none, or (with a message) where the file is damaged. */
export function readFeatures(
  path: string,
  views: number,
  classes: readonly string[],
): FeatureDataset | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const dict = loadCheckpoint(path);
    const [features, labels] = [dict.get('features')?.data, dict.get('labels')?.data];
    if (!(features instanceof Float32Array && labels instanceof Int32Array))
      throw new CheckpointError('it does not hold features and labels');
    if (readSafetensorsMetadata(path).checksum !== checksum(features, labels))
      throw new CheckpointError('its checksum is another');
    return new FeatureDataset(features, labels, { classes, views, fromCache: true });
  } catch (error) {
    if (!(error instanceof CheckpointError || error instanceof RangeError)) throw error;
    console.log(`The features in ${path} cannot be used (${error.message}); they are computed anew.`);
    return undefined;
  }
}

/** Keeps features for the next time; where that fails (a full disk) it says so, for they can be used all the same. */
export function writeFeatures(path: string, dataset: FeatureDataset): void {
  const { features, labels, views, length, channels } = dataset;
  const dict: StateDict = new Map([
    ['features', { dtype: 'float32', shape: [views, length, channels], data: features }],
    ['labels', { dtype: 'int32', shape: [length], data: labels }],
  ]);
  try {
    mkdirSync(dirname(path), { recursive: true });
    saveSafetensors(path, dict, { metadata: { checksum: checksum(features, labels) } });
  } catch (error) {
    if (!(error instanceof CheckpointError || (error instanceof Error && 'syscall' in error))) throw error;
    sayNotKept(error);
  }
}
