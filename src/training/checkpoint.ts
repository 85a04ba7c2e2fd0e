import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { checkNumber } from '../checkNumber';
import { removeLeftovers } from '../checkpoint/file';
import { loadCheckpoint } from '../checkpoint/load';
import { readSafetensorsMetadata, saveSafetensors } from '../checkpoint/safetensors';
import type { LoaderState } from '../data/batchLoader';
import type { StateDict, StateTensor } from '../nn/stateDict';
import type { MetricSums } from './evaluate';
import type { EpochRecord } from './history';
import { type RunIdentity, type RunParts, changing, ratesOf, runIdentity } from './runIdentity';

/** Where a run saves itself, and how often. */
export interface CheckpointOptions {
  /** A .safetensors file. If it is there when training starts, training goes on from it. */
  path: string;
  /** Seconds between two savings within an epoch, at least; default 60. It is saved after every epoch as well. */
  everySeconds?: number;
}

/** Where a run has got to. */
export interface RunState {
  /** The training batch that comes next. */
  loader: LoaderState;
  /** Sums over the batches of an epoch that is under way. */
  metrics: MetricSums;
  history: EpochRecord[];
  bestAcc: number;
  bestEpoch: number;
}

/** What is saved beside the tensors. */
interface Saved extends RunState {
  /** What the run was begun with, and what of it callbacks have changed since. */
  identity: RunIdentity;
  changed: RunIdentity;
  /** As many as the run was to have, and a hash of its schedule's rates over them. */
  epochs: number;
  rates: string;
  /** What callbacks may have changed: the rate, and the parameters (by name) that are frozen. */
  lr: number;
  frozen: string[];
}

/** The three state dicts of a run's file, told apart by what their names begin with. */
const PARTS = ['model', 'optimizer', 'best'] as const;
type Parts = Record<(typeof PARTS)[number], StateDict>;

/** Saves a training run to one file and takes it up again, to the bit. The file is whole or the one before it. */
export class RunCheckpoint {
  private last = performance.now();
  private identity: RunIdentity = {};
  private readonly rates: string;

  constructor(
    private readonly options: CheckpointOptions,
    private readonly parts: RunParts,
  ) {
    checkNumber('checkpoint.everySeconds', options.everySeconds ?? 60, { from: 0 });
    this.rates = ratesOf(parts.schedule, parts.epochs * parts.loaderTrain.length);
    mkdirSync(dirname(options.path), { recursive: true }); // now, not after the first minute's work
    removeLeftovers(options.path);
  }

  /** Whether enough time has passed since the last saving. */
  get due(): boolean {
    return performance.now() - this.last >= 1000 * (this.options.everySeconds ?? 60);
  }

  /**
   * @param best - the weights that evaluated best so far, if there are any yet.
   * @throws Error when weights are no numbers any more: then the file, whose weights were, stays as it is.
   */
  save(state: Omit<RunState, 'loader'>, best: StateDict | undefined): void {
    const { model, optimizer, loaderTrain, epochs } = this.parts;
    const parts: Parts = {
      model: model.stateDict(),
      optimizer: optimizer.stateDict(),
      best: best ?? new Map<string, StateTensor>(),
    };
    for (const [name, { data }] of parts.model) {
      if (data instanceof Float32Array && !data.every(Number.isFinite))
        throw new Error(
          `${name} holds numbers that are not finite: lower the learning rate. ${this.options.path} stays as it was.`,
        );
    }
    const all: StateDict = new Map(
      PARTS.flatMap((part) => [...parts[part]].map(([name, tensor]) => [`${part}.${name}`, tensor] as const)),
    );
    const frozen = model.namedParameters().flatMap(([name, each]) => (each.requiresGrad ? [] : [name]));
    const { identity, rates } = this;
    const changed = changing(this.parts);
    const run = { identity, changed, epochs, rates, lr: optimizer.lr, frozen, loader: loaderTrain.state };
    const whole: Saved = { ...state, ...run };
    saveSafetensors(this.options.path, all, { metadata: { run: JSON.stringify(whole) } });
    this.last = performance.now();
  }

  /**
   * Puts model, optimizer and loader back to where the file left them.
   *
   * @param log - told, in a line each, of what this run cannot tell from another.
   * @returns the rest of the state, or undefined when there is no file.
   * @throws Error when the file belongs to another run; CheckpointError when it is damaged. Then nothing was changed.
   */
  async resume(
    log: (line: string) => void,
  ): Promise<(RunState & { best: StateDict | undefined }) | undefined> {
    const { path } = this.options;
    this.identity = await runIdentity(this.parts, log);
    if (!existsSync(path)) return undefined;
    const { model, optimizer, loaderTrain } = this.parts;
    const state = this.parse(readSafetensorsMetadata(path).run);
    const differing = this.differences(state);
    if (differing.length > 0)
      throw new Error(
        `${path} belongs to another run (${differing.join('; ')}). ` +
          'Hand over the same again, or name another file, or delete it to start anew.',
      );
    const parts: Parts = { model: new Map(), optimizer: new Map(), best: new Map() };
    for (const [name, tensor] of loadCheckpoint(path)) {
      const dot = name.indexOf('.');
      const part = PARTS.find((each) => each === name.slice(0, dot));
      if (part) parts[part].set(name.slice(dot + 1), tensor);
    }
    const takeUp = optimizer.prepareLoad(parts.optimizer);
    loaderTrain.state = state.loader;
    model.loadStateDict(parts.model);
    takeUp();
    optimizer.lr = state.lr;
    const frozen = new Set(state.frozen);
    for (const [name, parameter] of model.namedParameters()) parameter.requiresGrad = !frozen.has(name);
    this.identity = state.identity;
    return { ...state, best: parts.best.size > 0 ? parts.best : undefined };
  }

  /** What this run has otherwise than the saved one, in words. */
  private differences({ identity, changed, epochs, rates, history, loader }: Saved): string[] {
    const { schedule, epochs: now, loaderTrain } = this.parts;
    const differing = Object.entries(this.identity)
      .filter(([name, value]) => value !== identity[name] && value !== changed[name])
      .map(([name, value]) => `${name}: ${identity[name]}, now ${value}`);
    if (differing.length > 0) return differing;
    const perEpoch = loaderTrain.length; // the same, since the loaders are
    if (ratesOf(schedule, epochs * perEpoch) !== rates) return ['the schedule gives other rates'];
    const made = history.length * perEpoch + loader.batch;
    const another = (step: number): boolean =>
      schedule?.(step, epochs * perEpoch) !== schedule?.(step, now * perEpoch);
    return epochs !== now && Array.from({ length: made }, (_, step) => another(step)).some(Boolean)
      ? [`epochs: ${epochs}, now ${now}, for which its schedule gives other rates to the steps already made`]
      : [];
  }

  private parse(text: string | undefined): Saved {
    const wrong = (why: string): Error =>
      new Error(`${this.options.path} ${why} Name another file, or delete it to start anew.`);
    let saved: Partial<Saved> | null;
    try {
      saved = JSON.parse(text ?? 'null') as Partial<Saved> | null;
    } catch {
      saved = null;
    }
    const { history, bestAcc, bestEpoch, loader, metrics } = saved ?? {};
    if (!Array.isArray(history) || bestAcc === undefined || bestEpoch === undefined || !loader || !metrics)
      throw wrong('is no training run: its metadata has no entry "run" as trainAndEval writes it.');
    if (!saved?.identity || !saved.changed || !Array.isArray(saved.frozen))
      throw wrong(
        'was saved by an earlier version, which did not write down what the run depends on, so it cannot be taken up. ' +
          'Its weights are in it, under "model." and "best.".',
      );
    return saved as Saved;
  }
}
