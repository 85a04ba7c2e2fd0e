import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadCheckpoint } from '../../../src/checkpoint/load';
import { CIFAR10, CIFAR100 } from '../../../src/data/cifar';
import { type Dataset, Subset } from '../../../src/data/dataset';
import { Fingerprint } from '../../../src/fingerprint';
import { DataLoader } from '../../../src/data/loader';
import { projectRoot } from '../../../src/locations';
import { cifarEvalTransform, cifarTrainTransform } from '../../../src/data/presets';
import { CrossEntropyLoss } from '../../../src/nn/loss';
import type { StateDict } from '../../../src/state/stateDict';
import { tensorflowVersion } from '../../../src/ops/execute';
import { manualSeed } from '../../../src/random';
import { SGD } from '../../../src/training/optim';
import { trainAndEval } from '../../../src/training/trainAndEval';
import { dateAndMachine, writeRecord } from '../records';
import { lookInside } from './inside';
import { type RunConfiguration, runName } from './configuration';
import { makeModel, makeSchedule } from './network';
import { RunLock } from './runLock';
import { type Places, type RunRecord, recordOf, runRecords } from './runRecord';

/** What a run saves on its way. */
const stateFile = (configuration: RunConfiguration, { runs }: Places): string =>
  join(runs, runName(configuration), 'state.safetensors');

/** What one run came to. */
export interface CifarResult {
  record: RunRecord;
  weights: StateDict;
  classes: readonly string[];
}

/**
 * Makes one run, or goes on with it where it was stopped (it saves itself every minute), and writes its record. Where
 * another process makes the same run, on this machine or on another one, it waits for that one.
 *
 * @param folder - of the data set's binary files.
 * @param command - what repeats the run.
 * @param anew - forgets what was saved and what was recorded.
 * @returns the record and the model's final weights, or the signal that stopped it.
 */
export async function runOnCifar(
  configuration: RunConfiguration,
  folder: string,
  command: string,
  { places, anew }: { places: Places; anew: boolean },
): Promise<CifarResult | 'SIGINT' | 'SIGTERM'> {
  const state = stateFile(configuration, places);
  const lock = await RunLock.take(join(dirname(state), 'lock.json'), {
    say: console.log,
    onLost: (taker) => {
      console.error(`${runName(configuration)}: stopped, for its lock was taken by ${taker}.`);
      process.exit(1); // at once: two must not train it
    },
  });
  let stoppedBy: 'SIGINT' | 'SIGTERM' = 'SIGINT';
  const onTerm = (): void => {
    stoppedBy = 'SIGTERM'; // a cluster's: what Ctrl-C does is right for it too
    process.kill(process.pid, 'SIGINT');
  };
  process.on('SIGTERM', onTerm);
  try {
    if (anew) rmSync(state, { force: true });
    return (await train(configuration, folder, command, places)) ?? stoppedBy;
  } finally {
    process.off('SIGTERM', onTerm);
    lock.release();
  }
}

/** The first pictures of a set; all of them where it has no more. */
const first = (data: CIFAR10, count: number): Dataset =>
  count >= data.length ? data : new Subset(data, [...Array(count).keys()]);

const SETS = { cifar10: CIFAR10, cifar100: CIFAR100 };

async function train(
  configuration: RunConfiguration,
  folder: string,
  command: string,
  places: Places,
): Promise<CifarResult | undefined> {
  const { data, seed, batchSize, epochs, lr, momentum, weightDecay, subset, precision } = configuration;
  const Set = SETS[data];
  const train = first(Set.open(folder, { train: true, transform: cifarTrainTransform() }), subset);
  const test = first(Set.open(folder, { train: false, transform: cifarEvalTransform() }), subset);
  const loaderTrain = new DataLoader(train, { batchSize, shuffle: true, seed });
  const loaderTest = new DataLoader(test, { batchSize: 250 });

  manualSeed(seed);
  const model = makeModel(configuration);
  const optimizer = new SGD(model.parameters(), { lr, momentum, weightDecay });
  try {
    // the last weights count, as in the paper; the best of a run, picked on the test images, would flatter
    const { history, interrupted } = await trainAndEval(
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
        checkpoint: { path: stateFile(configuration, places) },
      },
    );
    if (interrupted) return undefined;
    const weights = model.stateDict();
    const print = new Fingerprint();
    for (const [name, { data }] of weights) print.add([name, data]);
    const known = recordOf(configuration, places.records);
    const same = JSON.stringify(known?.history) === JSON.stringify(history); // a run that had ended before
    const record: RunRecord = {
      name: runName(configuration),
      configuration,
      command,
      ...dateAndMachine(),
      versions: { node: process.version, tensorflow: tensorflowVersion() },
      parameters: model.parameters().reduce((sum, { size }) => sum + size, 0),
      weights: print.digest(),
      history,
      ...(same ? known : {}),
    };
    writeRecord(record.name, record, join(places.records, `${record.name}.json`));
    return { record, weights, classes: train.classes };
  } finally {
    optimizer.dispose();
    model.dispose();
  }
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
export async function completeRecords(cifar10: string, places: Places): Promise<string[]> {
  const completed: string[] = [];
  for (const record of runRecords(places.records)) {
    // a pre-activation block normalizes sums, where the others normalize what a convolution gave: not to be compared
    const { kind, data } = record.configuration;
    const wanted = !record.inside && kind !== 'preact' && data === 'cifar10';
    const weights = wanted ? weightsOf(record, places) : undefined;
    if (!weights) continue;
    const model = makeModel(record.configuration);
    model.loadStateDict(weights);
    const test = CIFAR10.open(cifar10, { train: false, transform: cifarEvalTransform() });
    const inside = await lookInside(model, record.configuration, openToMeasure(cifar10), test);
    model.dispose();
    writeRecord(record.name, { ...record, inside }, join(places.records, `${record.name}.json`));
    completed.push(record.name);
  }
  return completed;
}

function weightsOf({ configuration, history }: RunRecord, places: Places): StateDict | undefined {
  const state = stateFile(configuration, places);
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
