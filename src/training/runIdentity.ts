import type { BatchLoader } from '../data/batchLoader';
import { CannotTell, Fingerprint } from '../data/fingerprint';
import type { Module } from '../nn/module';
import type { Precision } from '../ops/precision';
import type { Loss } from './evaluate';
import { addModel } from './modelFingerprint';
import type { Optimizer } from './optim';
import type { Schedule } from './schedules';

/** What a training run follows from, in words and short hashes; a run is taken up only where all of it is the same. */
export type RunIdentity = Record<string, string>;

/** The parts of a run. */
export interface RunParts {
  model: Module;
  epochs: number;
  lossFunc: Loss;
  optimizer: Optimizer;
  loaderTrain: BatchLoader;
  loaderEval: BatchLoader;
  schedule?: Schedule;
  precision: Precision;
  keep: 'best' | 'last';
}

/** What callbacks may change while a run is under way. */
export function changing({ model, optimizer, schedule }: RunParts): RunIdentity {
  const names = new Map(model.namedParameters().map(([name, parameter]) => [parameter, name]));
  const moved = optimizer.parameters.filter(({ requiresGrad }) => requiresGrad);
  const print = new Fingerprint().add(moved.map((parameter) => names.get(parameter))).digest();
  return {
    'trained parameters': `${moved.length} of ${names.size} (${print.slice(0, 8)})`,
    'learning rate': schedule ? 'scheduled' : String(optimizer.lr),
  };
}

/**
 * Names all that a run follows from, before its first step; the schedule's rates and the number of epochs apart. Of the
 * model, the loss and the transforms the code counts too.
 *
 * @param untold - is told, in a line, of what cannot be told from another.
 */
export async function runIdentity(parts: RunParts, untold: (line: string) => void): Promise<RunIdentity> {
  const { model, lossFunc, optimizer, loaderTrain, loaderEval, precision, keep } = parts;
  const short = async (what: string, make: () => string | undefined | Promise<string | undefined>) => {
    let why = 'it has no fingerprint';
    try {
      const print = await make();
      if (print !== undefined) return print.slice(0, 8);
    } catch (error) {
      if (!(error instanceof CannotTell)) throw error;
      why = error.message;
    }
    untold(`If this run is taken up with another ${what}, that will not be noticed: ${why}`);
    return 'unknown';
  };
  const structure = (): string => {
    const print = new Fingerprint();
    addModel(print, model, ({ shape }) => shape);
    return print.digest();
  };
  const settings = JSON.stringify(lossFunc, (key, value: unknown) =>
    key === '' || typeof value !== 'object' ? value : undefined,
  );
  const identity: RunIdentity = {
    model: `${model.constructor.name} (${await short('model', structure)})`,
    optimizer: `${optimizer.constructor.name} ${JSON.stringify(optimizer.options)}`,
    loss: `${lossFunc.constructor.name} ${settings} (${await short('loss', () => new Fingerprint().add(lossFunc).digest())})`,
    precision,
    keep,
    ...changing(parts),
  };
  for (const [kind, { dataset, batchSize, shuffle, seed, dropLast }] of [
    ['training', loaderTrain],
    ['evaluation', loaderEval],
  ] as const) {
    const source = dataset as { fingerprint?(): string | undefined | Promise<string | undefined> };
    const contents = await short(`set of ${kind} data`, () => source.fingerprint?.());
    identity[`${kind} data`] = `${dataset.length} samples of ${dataset.classes.length} classes (${contents})`;
    for (const [name, value] of Object.entries({ batchSize, shuffle, seed, dropLast }))
      identity[`${kind} ${name}`] = String(value);
  }
  return identity;
}

/** A hash of the rates that a schedule gives in a run of so many steps. */
export function ratesOf(schedule: Schedule | undefined, steps: number): string {
  if (!schedule) return 'none';
  const rates = Float64Array.from({ length: steps }, (_, step) => schedule(step, steps));
  return new Fingerprint().add(rates).digest().slice(0, 8);
}
