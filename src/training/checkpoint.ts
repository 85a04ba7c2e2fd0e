import { existsSync } from 'node:fs';
import { loadCheckpoint } from '../checkpoint/load';
import { readSafetensorsMetadata, saveSafetensors } from '../checkpoint/safetensors';
import type { BatchLoader, LoaderState } from '../data/batchLoader';
import type { Module } from '../nn/module';
import type { StateDict, StateTensor } from '../nn/stateDict';
import type { MetricSums } from './evaluate';
import type { Optimizer } from './optimizers';
import type { EpochRecord } from './trainAndEval';

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

/** The three state dicts of a run's file, told apart by what their names begin with. */
const PARTS = ['model', 'optimizer', 'best'] as const;
type Parts = Record<(typeof PARTS)[number], StateDict>;

/** Saves a training run to one file and takes it up again, to the bit. The file is whole or the one before it. */
export class RunCheckpoint {
  private last = performance.now();

  constructor(
    private readonly options: CheckpointOptions,
    private readonly model: Module,
    private readonly optimizer: Optimizer,
    private readonly loader: BatchLoader,
  ) {}

  /** Whether enough time has passed since the last saving. */
  get due(): boolean {
    return performance.now() - this.last >= 1000 * (this.options.everySeconds ?? 60);
  }

  /** @param best - the weights that evaluated best so far, if there are any yet. */
  save(state: Omit<RunState, 'loader'>, best: StateDict | undefined): void {
    const parts: Parts = {
      model: this.model.stateDict(),
      optimizer: this.optimizer.stateDict(),
      best: best ?? new Map<string, StateTensor>(),
    };
    const all: StateDict = new Map(
      PARTS.flatMap((part) => [...parts[part]].map(([name, tensor]) => [`${part}.${name}`, tensor] as const)),
    );
    const whole: RunState = { ...state, loader: this.loader.state };
    saveSafetensors(this.options.path, all, { metadata: { run: JSON.stringify(whole) } });
    this.last = performance.now();
  }

  /**
   * Puts model, optimizer and loader back to where the file left them.
   *
   * @returns the rest of the state, or undefined when there is no file.
   * @throws Error when the file belongs to another model, optimizer or loader; CheckpointError when it is damaged.
   */
  resume(): (RunState & { best: StateDict | undefined }) | undefined {
    const { path } = this.options;
    if (!existsSync(path)) return undefined;
    const run = readSafetensorsMetadata(path).run;
    if (run === undefined) {
      throw new Error(
        `${path} is no training run: its metadata has no entry "run". Name another file, or delete it.`,
      );
    }
    const state = JSON.parse(run) as RunState;
    const parts: Parts = { model: new Map(), optimizer: new Map(), best: new Map() };
    for (const [name, tensor] of loadCheckpoint(path)) {
      const dot = name.indexOf('.');
      parts[name.slice(0, dot) as keyof Parts].set(name.slice(dot + 1), tensor);
    }
    this.model.loadStateDict(parts.model);
    this.optimizer.loadStateDict(parts.optimizer);
    this.loader.state = state.loader;
    return { ...state, best: parts.best.size > 0 ? parts.best : undefined };
  }
}
