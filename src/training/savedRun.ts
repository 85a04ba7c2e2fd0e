import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { checkNumber } from '../checkNumber';
import { removeLeftovers } from '../checkpoint/file';
import { loadCheckpoint } from '../checkpoint/load';
import { readSafetensorsMetadata, saveSafetensors } from '../checkpoint/safetensors';
import type { LoaderState } from '../data/batchLoader';
import type { StateDict } from '../state/stateDict';
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

/** How far a run has got. */
export interface RunState {
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
  /** The training batch that comes next. */
  loader: LoaderState;
}

/** The three state dicts of a run's file, told apart by what their names begin with. */
const PARTS = ['model', 'optimizer', 'best'] as const;
type Parts = Record<(typeof PARTS)[number], StateDict>;

/**
 * The file of a training run, which saves it and resumes it, to the bit. Whenever the process is killed, the file is
 * complete: the newest state or the one before it.
 */
export class SavedRun {
  private last = performance.now();
  private identity: RunIdentity = {};
  private readonly rates: string;
  private readonly everySeconds: number;
  private readonly path: string;

  constructor(
    { path, everySeconds = 60 }: CheckpointOptions,
    private readonly parts: RunParts,
  ) {
    checkNumber('checkpoint.everySeconds', everySeconds, { from: 0 });
    this.path = path;
    this.everySeconds = everySeconds;
    this.rates = ratesOf(parts.schedule, parts.epochs * parts.loaderTrain.length);
    mkdirSync(dirname(path), { recursive: true }); // now, not after the first minute's work
    removeLeftovers(path);
  }

  /** Whether enough time has passed since the last saving. */
  get due(): boolean {
    return performance.now() - this.last >= 1000 * this.everySeconds;
  }

  /**
   * @param best - the weights that evaluated best so far, if there are any yet.
   * @throws Error when weights are no numbers any more: then the file, whose weights were, stays as it is.
   */
  save(state: RunState, best: StateDict = new Map()): void {
    const { identity, rates } = this;
    const { model, optimizer, loaderTrain, epochs } = this.parts;
    const parts: Parts = { model: model.stateDict(), optimizer: optimizer.stateDict(), best };
    for (const [name, { data }] of parts.model) {
      if (data instanceof Float32Array && !data.every(Number.isFinite))
        throw new Error(
          `${name} holds numbers that are not finite: lower the learning rate. ${this.path} stays as it was.`,
        );
    }
    const all: StateDict = new Map(
      PARTS.flatMap((part) => [...parts[part]].map(([name, tensor]) => [`${part}.${name}`, tensor] as const)),
    );
    const frozen = model.namedParameters().flatMap(([name, each]) => (each.requiresGrad ? [] : [name]));
    const changed = changing(this.parts);
    const { lr } = optimizer;
    const run: Saved = { ...state, identity, changed, epochs, rates, lr, frozen, loader: loaderTrain.state };
    saveSafetensors(this.path, all, { metadata: { run: JSON.stringify(run) } });
    this.last = performance.now();
  }

  /**
   * Puts model, optimizer and loader back to where the file left them.
   *
   * @param log - told, in a line each, of what this run cannot tell from another.
   * @returns the rest of the state, or undefined when there is no file.
   * @throws Error when the file belongs to another run; CheckpointError when it is damaged. Then nothing was changed.
   */
  async resume(log: (line: string) => void): Promise<(RunState & { best?: StateDict }) | undefined> {
    const { path, parts } = this;
    this.identity = await runIdentity(parts, log);
    if (!existsSync(path)) return undefined;
    const { model, optimizer, loaderTrain } = parts;
    const saved = this.parse(readSafetensorsMetadata(path).run);
    const differing = this.differences(saved);
    if (differing.length > 0)
      throw new Error(
        `${path} belongs to another run (${differing.join('; ')}). ` +
          'Hand over the same again, or name another file, or delete it to start anew.',
      );
    const dicts: Parts = { model: new Map(), optimizer: new Map(), best: new Map() };
    for (const [name, tensor] of loadCheckpoint(path)) {
      const part = PARTS.find((each) => name.startsWith(`${each}.`));
      if (part) dicts[part].set(name.slice(part.length + 1), tensor);
    }
    const loadOptimizer = optimizer.prepareLoad(dicts.optimizer);
    loaderTrain.state = saved.loader;
    model.loadStateDict(dicts.model);
    loadOptimizer();
    optimizer.lr = saved.lr;
    const frozen = new Set(saved.frozen);
    for (const [name, parameter] of model.namedParameters()) parameter.requiresGrad = !frozen.has(name);
    this.identity = saved.identity;
    return { ...saved, best: dicts.best.size > 0 ? dicts.best : undefined };
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
    for (let step = 0; step < history.length * perEpoch + loader.batch; step++) {
      if (schedule?.(step, epochs * perEpoch) !== schedule?.(step, now * perEpoch))
        return [
          `epochs: ${epochs}, now ${now}, for which its schedule gives other rates to the steps already made`,
        ];
    }
    return [];
  }

  private parse(text = 'null'): Saved {
    let saved: Partial<Saved> | null;
    try {
      saved = JSON.parse(text) as Partial<Saved> | null;
    } catch {
      saved = null;
    }
    const { history, bestAcc, bestEpoch, loader, metrics, identity, changed, frozen } = saved ?? {};
    const needed = [bestAcc, bestEpoch, loader, metrics, identity, changed];
    if (
      !Array.isArray(history) ||
      !Array.isArray(frozen) ||
      needed.some((each) => (each ?? undefined) === undefined)
    )
      throw new Error(
        `${this.path} is no training run: its metadata has no entry "run" as trainAndEval writes it. ` +
          'Name another file, or delete it to start anew.',
      );
    return saved as Saved;
  }
}
