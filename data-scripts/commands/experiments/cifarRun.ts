import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { loadCheckpoint } from '../../../src/checkpoint/load';
import { CIFAR10 } from '../../../src/data/cifar10';
import { Subset } from '../../../src/data/dataset';
import { DataLoader } from '../../../src/data/loader';
import { cacheRoot, projectRoot } from '../../../src/locations';
import { cifarEvalTransform, cifarTrainTransform } from '../../../src/data/presets';
import { CrossEntropyLoss } from '../../../src/nn/loss';
import type { StateDict } from '../../../src/state/stateDict';
import { tensorflowVersion } from '../../../src/ops/execute';
import { manualSeed } from '../../../src/random';
import { SGD } from '../../../src/training/optim';
import { trainAndEval } from '../../../src/training/trainAndEval';
import { dateAndMachine, writeRecord } from '../records';
import { lookInside } from './inside';
import { type RunConfiguration, makeModel, makeSchedule, runName } from './configuration';
import { type RunRecord, recordOf, runRecords } from './runRecord';

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
  optimizer.dispose();
  if (result.interrupted) {
    model.dispose();
    return undefined;
  }
  const weights = model.stateDict();
  const known = recordOf(configuration);
  if (known?.inside && JSON.stringify(known.history) === JSON.stringify(result.history)) {
    model.dispose();
    return { record: known, weights }; // a run that had ended before: what it measured holds
  }
  const parameters = model.parameters().reduce((sum, { size }) => sum + size, 0);
  const inside = await lookInside(model, configuration, openToMeasure(cifar10), test);
  model.dispose();

  const record: RunRecord = {
    name: runName(configuration),
    configuration,
    command,
    ...dateAndMachine(),
    versions: { node: process.version, tensorflow: tensorflowVersion() },
    parameters,
    history: result.history,
    inside,
  };
  writeRecord(record.name, record);
  return { record, weights };
}

/** The training images as they are, to measure on. */
function openToMeasure(cifar10: string): CIFAR10 {
  return CIFAR10.open(cifar10, { train: true, transform: cifarEvalTransform() });
}

/**
 * Measures the networks of records that lack it, with the weights that the run left behind or that the workbook ships.
 *
 * @returns the names of records that were completed.
 */
export async function completeRecords(cifar10: string): Promise<string[]> {
  const completed: string[] = [];
  for (const record of runRecords()) {
    const weights = record.inside ? undefined : weightsOf(record);
    if (!weights) continue;
    const model = makeModel(record.configuration);
    model.loadStateDict(weights);
    const test = CIFAR10.open(cifar10, { train: false, transform: cifarEvalTransform() });
    const inside = await lookInside(model, record.configuration, openToMeasure(cifar10), test);
    model.dispose();
    writeRecord(record.name, { ...record, inside });
    completed.push(record.name);
  }
  return completed;
}

function weightsOf({ configuration, history }: RunRecord): StateDict | undefined {
  const state = join(runFolder(configuration), 'state.safetensors');
  if (existsSync(state)) {
    const own = [...loadCheckpoint(state)].filter(([name]) => name.startsWith('model.'));
    return new Map(own.map(([name, tensor]) => [name.slice('model.'.length), tensor]));
  }
  const shipped = join(projectRoot(), 'src', 'models', 'pretrained', `resnet${configuration.depth}_cifar`);
  if (!existsSync(`${shipped}.json`)) return undefined;
  const card = JSON.parse(readFileSync(`${shipped}.json`, 'utf8')) as RunRecord;
  const same = JSON.stringify(card.history) === JSON.stringify(history);
  return same ? loadCheckpoint(`${shipped}.safetensors`) : undefined;
}

/** Forgets what a run saved on its way, so that it starts anew. */
export function restart(configuration: RunConfiguration): void {
  rmSync(runFolder(configuration), { recursive: true, force: true });
}
