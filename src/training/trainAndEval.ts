import * as tf from '@tensorflow/tfjs-node';
import { checkNumber } from '../checkNumber';
import type { BatchLoader } from '../data/batchLoader';
import { checkSameClasses } from '../data/dataset';
import { Interrupted, breathe, withInterrupt } from '../interrupt';
import type { Module } from '../nn/module';
import type { StateDict } from '../state/stateDict';
import { type Captured, capture } from '../ops/capture';
import { type Precision, withPrecision } from '../ops/precision';
import { formatSeconds, startProgress } from '../progress';
import { backward } from './backward';
import { checkOutputs, diverged, mustBeFinite, mustBeNumbers } from './checks';
import { type Loss, RunningMetrics, evaluate } from './evaluate';
import type { EpochRecord, HistoryWatcher } from './history';
import type { Optimizer } from './optim';
import type { RunParts } from './runIdentity';
import { type CheckpointOptions, SavedRun } from './savedRun';
import type { Schedule } from './schedules';

export interface TrainOptions {
  /** Sets the learning rate of each step; default: it stays what the optimizer was made with. */
  schedule?: Schedule;
  /**
   * Saves the run on its way, so that it can be killed at any moment: called again with the same arguments it goes on,
   * to the same bits as if it had not been stopped (on one machine). Delete the file to start anew.
   *
   * The file names what the run depends on: structure and code of the model, which parameters are trained, optimizer and
   * its options, loss, schedule, precision, `keep`, and of both loaders the data's fingerprint, batch size, shuffle, seed
   * and dropLast. Where one of these is another, nothing is changed and an error says which. What may be another: the
   * weights that the model has; the number of epochs, where the schedule gives the steps already made the same rates; the
   * loaders' prefetch and threads; `everySeconds`, `watch`, `log` and the callbacks. What callbacks set on
   * their way, the optimizer's rate and frozen parameters, is saved and put back.
   */
  checkpoint?: CheckpointOptions;
  /** Called after each step with its loss, before the gradients are freed. Steps count from 1 over the whole run. */
  onStep?: (step: number, loss: number) => void | Promise<void>;
  /** Called after each epoch with all records so far: to draw, to save; `return false` stops early. */
  onEpoch?: (history: readonly EpochRecord[]) => unknown;
  /** Shows the history while it grows: see `liveHistory`. */
  watch?: HistoryWatcher;
  /**
   * In what convolutions and what lies between them are computed; weights and optimizer stay float32. Default 'float32';
   * 'bfloat16' is faster where the processor has it, and `fastestPrecision()` chooses.
   */
  precision?: Precision;
  /**
   * Whether steps and batches run as graphs where they can (see `capture`); default true. The numbers are the same, unless
   * `onStep` changes a variable that a loss or a layer of yours reads, other than a property of theirs.
   */
  capture?: boolean;
  /** Which weights the model is left with: those that evaluated best (default), or the last. */
  keep?: 'best' | 'last';
  /** Print the two lines of each epoch, as the article does; default true. */
  log?: boolean;
}

export interface TrainResult {
  /** The model handed in, with the best weights. */
  model: Module;
  history: EpochRecord[];
  /** Best accuracy on the evaluation pictures, 0 to 1. */
  bestAcc: number;
  /** The first epoch that reached it, from 1; 0 when no epoch was completed. */
  bestEpoch: number;
  /** Whether the reader stopped it; what was learnt until then is kept. */
  interrupted: boolean;
}

/**
 * Trains a model and evaluates it after every epoch, as the article's `train_and_eval` does, and leaves it with the
 * weights that evaluated best. Jupyter's interrupt (or Ctrl-C) stops it within a step and keeps what was learnt.
 *
 * The two loaders must hold different pictures: the article evaluates on its training folder, which only shows how well
 * the training pictures are remembered.
 *
 * @param epochs - an integer, from 0.
 * @throws Error when weights or pictures are no numbers or the loss stops being one, when the model has fewer outputs than
 *   the data has classes, when a loader gives no pictures, or when the checkpoint belongs to another run; CheckpointError
 *   when it cannot be written or read. The checkpoint stays as it was saved last.
 */
export async function trainAndEval(
  model: Module,
  epochs: number,
  lossFunc: Loss,
  optimizer: Optimizer,
  loaderTrain: BatchLoader,
  loaderEval: BatchLoader,
  options: TrainOptions = {},
): Promise<TrainResult> {
  checkNumber('trainAndEval: epochs', epochs, { from: 0, integer: true });
  checkSameClasses(loaderTrain.dataset, loaderEval.dataset);
  mustBeNumbers(model);
  const { schedule, precision = 'float32', keep = 'best' } = options;
  const parts = { model, epochs, lossFunc, optimizer, loaderTrain, loaderEval, schedule, precision, keep };
  const run = new Run(parts, options);
  let interrupted: boolean;
  try {
    interrupted = await run.all();
  } finally {
    run.step.dispose();
    optimizer.zeroGrad();
    model.eval();
    options.watch?.finish();
  }
  if (run.bestWeights) model.loadStateDict(run.bestWeights);
  const { history, bestAcc, bestEpoch } = run;
  return { model, history, bestAcc, bestEpoch, interrupted };
}

/** Tells of how far an epoch has got: pictures seen of it, and what came out so far. */
type Report = (epoch: number, doing: string, images: number, metrics: RunningMetrics) => void;

/** One call of trainAndEval. */
class Run {
  history: EpochRecord[] = [];
  bestAcc = 0;
  bestEpoch = 0;
  /** Of the best epoch, where these are to be kept. */
  bestWeights: StateDict | undefined;
  /** Leaves the gradients in the parameters. @returns the loss, and how many pictures were right. */
  readonly step: Captured<[tf.Tensor, tf.Tensor1D], tf.Scalar[]>;
  /** Of the epoch under way. */
  private metrics = new RunningMetrics();
  /** Whether the loader stands between two batches of an epoch, or at its start: only there can a run be resumed. */
  private resumable = true;
  /** Whether the optimizer has made a step in this call. */
  private stepped = false;
  private readonly saved: SavedRun | undefined;
  private readonly log: (line: string) => void;

  constructor(
    private readonly parts: RunParts,
    private readonly options: TrainOptions,
  ) {
    const { model, lossFunc, optimizer } = parts;
    const { log = true, checkpoint, capture: enabled } = options;
    this.log = log ? (line) => console.log(line) : () => undefined;
    this.step = capture(
      [model, lossFunc, optimizer.parameters],
      (inputs, labels) => this.forwardBackward(inputs, labels),
      { enabled, log: this.log },
    );
    this.saved = checkpoint && new SavedRun(checkpoint, parts);
  }

  /** @returns whether the reader stopped it. */
  async all(): Promise<boolean> {
    await this.resume();
    const { epochs, loaderTrain, loaderEval } = this.parts;
    const start = performance.now();
    const done = this.history.length;
    const perEpoch = loaderTrain.dataset.length + loaderEval.dataset.length;
    const progress = startProgress((epochs - done) * perEpoch, { label: 'Training', unit: 'images' });
    const report: Report = (epoch, doing, images, { loss, accuracy }) =>
      progress.update((epoch - 1 - done) * perEpoch + images, {
        epoch: `${epoch}/${epochs}, ${doing}`,
        loss,
        accuracy,
      });
    let interrupted = false;
    try {
      await withInterrupt(async (signal) => {
        let goOn = true;
        for (let epoch = done + 1; epoch <= epochs && goOn; epoch++)
          goOn = await this.epoch(epoch, signal, report);
      });
      if (this.history.length >= epochs) progress.done({ accuracy: this.bestAcc });
      else {
        progress.stop(`early, after epoch ${this.history.length}`);
        this.log(`Stopped early, after epoch ${this.history.length} of ${epochs}.`);
      }
    } catch (error) {
      progress.stop(error instanceof Error ? error.message : String(error));
      if (!(error instanceof Interrupted)) throw error;
      interrupted = true;
      if (this.resumable) this.save();
      const made = `${this.history.length} whole epochs`;
      this.log(`Stopped by the reader after ${made}; the best weights so far are kept.`);
    }
    const seconds = (performance.now() - start) / 1000;
    const made = this.history.length - done;
    this.log(`${made} epochs of training and evaluation took ${formatSeconds(seconds)}.`);
    this.log(`Best accuracy: ${this.bestAcc.toFixed(6)} (epoch ${this.bestEpoch})`);
    return interrupted;
  }

  private save(): void {
    const { history, bestAcc, bestEpoch, metrics } = this;
    this.saved?.save({ history, bestAcc, bestEpoch, metrics: metrics.sums }, this.bestWeights);
  }

  private async resume(): Promise<void> {
    const state = await this.saved?.resume(this.log);
    if (!state) return;
    const { history, bestAcc, bestEpoch } = state;
    Object.assign(this, { history, bestAcc, bestEpoch, bestWeights: state.best });
    this.metrics = new RunningMetrics(state.metrics);
    const { batch } = this.parts.loaderTrain.state;
    this.log(`Going on after ${history.length} epochs and ${batch} batches.`);
  }

  /** One epoch of training, and the evaluation after it. @returns false to stop early. */
  private async epoch(epoch: number, signal: AbortSignal, report: Report): Promise<boolean> {
    const { model, epochs, lossFunc, optimizer, loaderEval, precision, keep } = this.parts;
    const { capture, watch, onEpoch } = this.options;
    const start = performance.now();
    const before = this.metrics.images;
    await this.train(epoch, signal, report);
    const train = this.metrics;
    const imagesPerSecond = ((train.images - before) * 1000) / (performance.now() - start);
    const say = (kind: string, { loss, accuracy }: { loss: number; accuracy: number }) =>
      this.log(
        `Epoch ${epoch}/${epochs}: ${kind}_loss ${loss.toFixed(6)}, ${kind}_acc ${accuracy.toFixed(6)}`,
      );
    say('train', train);

    this.resumable = false;
    const onBatch = (metrics: RunningMetrics): void =>
      report(epoch, 'evaluating', train.images + metrics.images, metrics);
    // Where evaluation is random too, its draws must not depend on where the run was resumed.
    loaderEval.epoch = epoch - 1;
    const held = await evaluate(model, lossFunc, loaderEval, { signal, onBatch, precision, capture });
    if (!Number.isFinite(held.loss))
      throw diverged(held.loss, `on the evaluation pictures after epoch ${epoch}`, this.stepped);
    say('val', held);
    this.history.push({
      epoch,
      lr: optimizer.lr,
      trainLoss: train.loss,
      trainAcc: train.accuracy,
      valLoss: held.loss,
      valAcc: held.accuracy,
      seconds: (performance.now() - start) / 1000,
      imagesPerSecond,
    });
    if (this.bestEpoch === 0 || held.accuracy > this.bestAcc) {
      this.bestAcc = held.accuracy;
      this.bestEpoch = epoch;
      if (keep === 'best') this.bestWeights = model.stateDict();
    }
    this.metrics = new RunningMetrics();
    this.resumable = true;
    this.save();
    watch?.update(this.history);
    return (await onEpoch?.(this.history)) !== false;
  }

  private async train(epoch: number, signal: AbortSignal, report: Report): Promise<void> {
    const { metrics, saved } = this;
    const { model, epochs, optimizer, loaderTrain, schedule } = this.parts;
    this.step.recheck(); // onEpoch may have changed a variable that the loss uses
    model.train();
    optimizer.zeroGrad();
    let step = (epoch - 1) * loaderTrain.length + (metrics.images > 0 ? loaderTrain.state.batch : 0);
    for await (const [inputs, labels] of loaderTrain) {
      if (schedule) optimizer.lr = schedule(step, epochs * loaderTrain.length);
      step += 1;
      const results = this.step(inputs, labels);
      const [loss, correct] = results.map((each) => each.dataSync()[0]);
      tf.dispose(results);
      if (!Number.isFinite(loss)) {
        mustBeFinite(inputs, `The pictures of step ${step} (epoch ${epoch})`);
        throw diverged(loss, `at step ${step} (epoch ${epoch})`, this.stepped);
      }
      this.stepped = true;
      optimizer.step();
      metrics.add(loss, correct, labels.shape[0]);
      report(epoch, 'training', metrics.images, metrics);
      await this.options.onStep?.(step, loss);
      optimizer.zeroGrad();
      // After the last batch a run can't be taken up: the loader would begin the next epoch. Evaluation hears the interrupt.
      const last = loaderTrain.state.batch === loaderTrain.length;
      await breathe(last ? undefined : signal);
      if (saved?.due && !last) this.save();
    }
    if (metrics.images === 0)
      throw new Error('trainAndEval: the training loader gave no pictures; were all of them skipped?');
  }

  private forwardBackward(inputs: tf.Tensor, labels: tf.Tensor1D): tf.Scalar[] {
    const { model, lossFunc, optimizer, loaderTrain, precision } = this.parts;
    const correct: tf.Scalar[] = [];
    try {
      const loss = backward(optimizer.parameters, () => {
        const outputs = withPrecision(precision, () => model.forward(inputs)) as tf.Tensor2D;
        checkOutputs(outputs, loaderTrain.dataset.classes);
        correct.push(tf.keep(tf.tidy(() => tf.equal(tf.argMax(outputs, 1), labels).sum())));
        return lossFunc.forward(outputs, labels);
      });
      return [loss, ...correct];
    } catch (error) {
      tf.dispose(correct);
      throw error;
    }
  }
}
