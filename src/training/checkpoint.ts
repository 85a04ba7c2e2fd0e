import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { removeLeftovers } from '../checkpoint/file';
import { loadCheckpoint } from '../checkpoint/load';
import { readSafetensorsMetadata, saveSafetensors } from '../checkpoint/safetensors';
import type { BatchLoader, LoaderState } from '../data/batchLoader';
import type { Module } from '../nn/module';
import type { StateDict, StateTensor } from '../nn/stateDict';
import type { MetricSums } from './evaluate';
import type { Optimizer } from './optimizers';
import type { EpochRecord } from './history';

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
  ) {
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
    const parts: Parts = {
      model: this.model.stateDict(),
      optimizer: this.optimizer.stateDict(),
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
    const state = parseState(readSafetensorsMetadata(path).run);
    if (!state)
      throw new Error(
        `${path} is no training run: its metadata has no entry "run" as trainAndEval writes it. ` +
          'Name another file, or delete it.',
      );
    const parts: Parts = { model: new Map(), optimizer: new Map(), best: new Map() };
    for (const [name, tensor] of loadCheckpoint(path)) {
      const dot = name.indexOf('.');
      const part = PARTS.find((each) => each === name.slice(0, dot));
      if (part) parts[part].set(name.slice(dot + 1), tensor);
    }
    this.model.loadStateDict(parts.model);
    this.optimizer.loadStateDict(parts.optimizer);
    this.loader.state = state.loader;
    return { ...state, best: parts.best.size > 0 ? parts.best : undefined };
  }
}

function parseState(text: string | undefined): RunState | undefined {
  try {
    const { history, bestAcc, bestEpoch, loader, metrics } = JSON.parse(text ?? '{}') as Partial<RunState>;
    if (!Array.isArray(history) || bestAcc === undefined || bestEpoch === undefined || !loader || !metrics)
      return undefined;
    return { history, bestAcc, bestEpoch, loader, metrics };
  } catch {
    return undefined;
  }
}
