import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cpus } from 'node:os';
import { CIFAR10 } from '../../src/data/cifar10';
import { Subset } from '../../src/data/dataset';
import { DataLoader } from '../../src/data/loader';
import { cacheRoot } from '../../src/data/locations';
import { cifarEvalTransform, cifarTrainTransform } from '../../src/data/presets';
import { CrossEntropyLoss } from '../../src/nn/loss';
import { Parameter } from '../../src/nn/parameter';
import type { StateDict } from '../../src/nn/stateDict';
import { tensorflowVersion } from '../../src/ops/execute';
import { manualSeed } from '../../src/random';
import { SGD } from '../../src/training/optimizers';
import type { EpochRecord } from '../../src/training/history';
import { trainAndEval } from '../../src/training/trainAndEval';
import { recordsFolder, writeRecord } from '../records';
import { type RunConfiguration, makeModel, makeSchedule, runName } from './configuration';

/** What a run leaves behind for the pages. */
export interface RunRecord {
  name: string;
  configuration: RunConfiguration;
  /** The command that repeats the run. */
  command: string;
  date: string;
  machine: string;
  versions: { node: string; tensorflow: string };
  parameters: number;
  history: EpochRecord[];
}

function runFolder(configuration: RunConfiguration): string {
  return join(cacheRoot(), 'experiments', runName(configuration));
}

/**
 * Makes one run, or goes on with it where it was stopped (it saves itself every minute), and writes its record.
 *
 * @param cifar10 - the folder of CIFAR-10's binary files.
 * @returns the record and the model's final weights, or nothing when the reader stopped it.
 */
export async function runOnCifar(
  configuration: RunConfiguration,
  cifar10: string,
  command: string,
): Promise<{ record: RunRecord; weights: StateDict } | undefined> {
  const { seed, batchSize, epochs, lr, momentum, weightDecay, subset, precision } = configuration;
  const all = CIFAR10.open(cifar10, { train: true, transform: cifarTrainTransform() });
  const train = subset === all.length ? all : new Subset(all, [...Array(subset).keys()]);
  const test = CIFAR10.open(cifar10, { train: false, transform: cifarEvalTransform() });
  const loaderTrain = new DataLoader(train, { batchSize, shuffle: true, seed });
  const loaderTest = new DataLoader(test, { batchSize: 250 });

  manualSeed(seed);
  const model = makeModel(configuration);
  const optimizer = new SGD(model.parameters(), { lr, momentum, weightDecay });
  const folder = runFolder(configuration);
  mkdirSync(folder, { recursive: true });
  // the last weights count, as in the paper; the best of a run, picked on the test images, would flatter
  const result = await trainAndEval(
    model,
    epochs,
    new CrossEntropyLoss(),
    optimizer,
    loaderTrain,
    loaderTest,
    {
      schedule: makeSchedule(configuration),
      keep: 'last',
      precision,
      checkpoint: { path: join(folder, 'state.safetensors') },
    },
  );
  const weights = model.stateDict();
  const parameters = model
    .namedTensors()
    .reduce((sum, [, t]) => sum + (t instanceof Parameter ? t.size : 0), 0);
  optimizer.dispose();
  model.dispose();
  if (result.interrupted) return undefined;

  const record: RunRecord = {
    name: runName(configuration),
    configuration,
    command,
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus()[0].model.trim()}, ${cpus().length} threads`,
    versions: { node: process.version, tensorflow: tensorflowVersion() },
    parameters,
    history: result.history,
  };
  writeRecord(record.name, record);
  return { record, weights };
}

/** Forgets what a run saved on its way, so that it starts anew. */
export function restart(configuration: RunConfiguration): void {
  rmSync(runFolder(configuration), { recursive: true, force: true });
}

/** Whether a record of this run is there already, made with the same configuration. */
export function isRecorded(configuration: RunConfiguration): boolean {
  const path = join(recordsFolder(), `${runName(configuration)}.json`);
  if (!existsSync(path)) return false;
  const record = JSON.parse(readFileSync(path, 'utf8')) as RunRecord;
  return JSON.stringify(record.configuration) === JSON.stringify(configuration);
}
