import type { BatchLoader } from '../data/batchLoader';
import { CannotTell, Fingerprint } from '../fingerprint';
import { Module } from '../nn/module';
import { Parameter, StateBuffer } from '../nn/parameter';
import type { Precision } from '../ops/precision';
import type { Loss } from './evaluate';
import type { Optimizer } from './optim';
import type { Schedule } from './schedules';

/** What a training run follows from, in words and short hashes; a run is resumed only where all of it is the same. */
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

const short = (value: unknown): string => new Fingerprint().add(value).digest().slice(0, 8);

/** What callbacks may change while a run is under way. */
export function changing({ model, optimizer, schedule }: RunParts): RunIdentity {
  const names = new Map(model.namedParameters().map(([name, parameter]) => [parameter, name]));
  const trained = optimizer.parameters.filter(({ requiresGrad }) => requiresGrad);
  const which = short(trained.map((parameter) => names.get(parameter)));
  return {
    'trained parameters': `${trained.length} of ${names.size} (${which})`,
    'learning rate': schedule ? 'scheduled' : String(optimizer.lr),
  };
}

/**
 * Names all that a run follows from, before its first step; the schedule's rates and the number of epochs apart. Of the
 * model, the loss and the transforms the code counts too.
 *
 * @param log - is told, in a line, of what cannot be told from another.
 */
export async function runIdentity(parts: RunParts, log: (line: string) => void): Promise<RunIdentity> {
  const { model, lossFunc, optimizer, loaderTrain, loaderEval, precision, keep } = parts;
  const known = async (what: string, make: () => string | undefined | Promise<string | undefined>) => {
    let why = 'it has no fingerprint';
    try {
      const hash = await make();
      if (hash !== undefined) return hash.slice(0, 8);
    } catch (error) {
      if (!(error instanceof CannotTell)) throw error;
      why = error.message;
    }
    log(`If this run is taken up with another ${what}, that will not be noticed: ${why}`);
    return 'unknown';
  };
  const structure = () => addModel(new Fingerprint(), model, ({ shape }) => shape).digest();
  const settings = JSON.stringify(lossFunc, (key, value: unknown) =>
    key === '' || typeof value !== 'object' ? value : undefined,
  );
  const identity: RunIdentity = {
    model: `${model.constructor.name} (${await known('model', structure)})`,
    optimizer: `${optimizer.constructor.name} ${JSON.stringify(optimizer.options)}`,
    loss: `${lossFunc.constructor.name} ${settings} (${await known('loss', () => short(lossFunc))})`,
    precision,
    keep,
    ...changing(parts),
  };
  for (const [kind, loader] of Object.entries({ training: loaderTrain, evaluation: loaderEval })) {
    const { dataset, batchSize, shuffle, seed, dropLast } = loader;
    const { fingerprint } = dataset as { fingerprint?(): string | undefined | Promise<string | undefined> };
    const contents = await known(`set of ${kind} data`, () => fingerprint?.call(dataset));
    identity[`${kind} data`] = `${dataset.length} samples of ${dataset.classes.length} classes (${contents})`;
    for (const [name, value] of Object.entries({ batchSize, shuffle, seed, dropLast }))
      identity[`${kind} ${name}`] = String(value);
  }
  return identity;
}

/** A hash of the rates that a schedule gives in a run of so many steps. */
export function ratesOf(schedule: Schedule | undefined, steps: number): string {
  if (!schedule) return 'none';
  return short(Float64Array.from({ length: steps }, (_, step) => schedule(step, steps)));
}

/**
 * Adds to a fingerprint what a network is: its modules' names, code and settings, and what `say` tells of each parameter
 * and buffer.
 *
 * @param passOver - modules of which only the names count.
 */
export function addModel(
  fingerprint: Fingerprint,
  model: Module,
  say: (tensor: Parameter | StateBuffer) => unknown,
  passOver: ReadonlySet<Module> = new Set(),
): Fingerprint {
  for (const [name, module] of model.namedModules()) {
    fingerprint.add(name);
    if (passOver.has(module)) continue;
    fingerprint.add(module.constructor); // its code: what it does with its weights
    for (const [field, value] of Object.entries(module)) {
      // Modules have entries of their own, and the mode is set by whoever runs them.
      if (value instanceof Module || field === 'training') continue;
      const tensor = value instanceof Parameter || value instanceof StateBuffer;
      fingerprint.add(field).add(tensor ? say(value) : value);
    }
  }
  return fingerprint;
}
