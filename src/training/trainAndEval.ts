import * as tf from '@tensorflow/tfjs-node';
import { checkNumber } from '../checkNumber';
import type { BatchLoader } from '../data/batchLoader';
import { checkSameClasses } from '../data/dataset';
import { Interrupted, breathe, withInterrupt } from '../interrupt';
import type { Module } from '../nn/module';
import { Parameter } from '../nn/parameter';
import type { StateDict } from '../nn/stateDict';
import { formatSeconds, startProgress } from '../progress';
import { backward } from './backward';
import { type CheckpointOptions, RunCheckpoint } from './checkpoint';
import { type Loss, RunningMetrics, checkOutputs, evaluate, mustBeFinite } from './evaluate';
import type { EpochRecord, HistoryWatcher } from './history';
import type { Optimizer } from './optim';
import { type Captured, capture } from '../ops/capture';
import { type Precision, withPrecision } from '../ops/precision';
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
   * loaders' prefetch and threads; `everySeconds`, `stopWhen`, `watch`, `log` and the callbacks. What callbacks set on
   * their way, the optimizer's rate and frozen parameters, is saved and put back.
   */
  checkpoint?: CheckpointOptions;
  /** Called after each step with its loss, before the gradients are freed. Steps count from 1 over the whole run. */
  onStep?: (step: number, loss: number) => void | Promise<void>;
  /** Called after each epoch with all records so far: to draw, to save; `return false` stops early. */
  onEpoch?: (history: readonly EpochRecord[]) => unknown;
  /** Asked before each epoch whether to stop early, with all records so far: see `earlyStopping`. */
  stopWhen?: (history: readonly EpochRecord[]) => boolean;
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
 * @param epochs - a whole number, from 0.
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
  mustBeNumbers(model);
  const run = new Run(model, epochs, lossFunc, optimizer, loaderTrain, loaderEval, options);
  let interrupted: boolean;
  try {
    interrupted = await run.all();
  } finally {
    run.dispose();
    optimizer.zeroGrad();
    model.eval();
    options.watch?.finish();
  }
  if (run.bestWeights && options.keep !== 'last') model.loadStateDict(run.bestWeights);
  const { history, bestAcc, bestEpoch } = run;
  return { model, history, bestAcc, bestEpoch, interrupted };
}

/** One call of trainAndEval. */
class Run {
  history: EpochRecord[] = [];
  bestAcc = 0;
  bestEpoch = 0;
  bestWeights: StateDict | undefined;
  /** Of the epoch under way. */
  private metrics = new RunningMetrics();
  /** Whether the loader stands between two batches of an epoch, or at its start: only there can a run be taken up. */
  private resumable = true;
  /** Whether the optimizer has made a step in this call. */
  private stepped = false;
  private readonly checkpoint: RunCheckpoint | undefined;
  private readonly log: (line: string) => void;
  /** Leaves the gradients in the parameters. @returns the loss, and how many pictures were right. */
  private readonly step: Captured<[tf.Tensor, tf.Tensor1D], tf.Scalar[]>;

  constructor(
    private readonly model: Module,
    private readonly epochs: number,
    private readonly lossFunc: Loss,
    private readonly optimizer: Optimizer,
    private readonly loaderTrain: BatchLoader,
    private readonly loaderEval: BatchLoader,
    private readonly options: TrainOptions,
  ) {
    checkSameClasses(loaderTrain.dataset, loaderEval.dataset);
    this.log = options.log === false ? () => undefined : (line) => console.log(line);
    this.step = capture(
      [model, lossFunc, optimizer.parameters],
      (inputs, labels) => this.forwardBackward(inputs, labels),
      { enabled: options.capture, log: this.log },
    );
    if (!options.checkpoint) return;
    const { schedule, precision = 'float32', keep = 'best' } = options;
    const parts = { model, epochs, lossFunc, optimizer, loaderTrain, loaderEval, schedule, precision, keep };
    this.checkpoint = new RunCheckpoint(options.checkpoint, parts);
  }

  dispose(): void {
    this.step.dispose();
  }

  /** @returns whether the reader stopped it. */
  async all(): Promise<boolean> {
    await this.resume();
    const { epochs, log } = this;
    const start = performance.now();
    const done = this.history.length;
    const perEpoch = this.loaderTrain.dataset.length + this.loaderEval.dataset.length;
    const progress = startProgress((epochs - done) * perEpoch, { label: 'Training', unit: 'images' });
    const report = (epoch: number, doing: string, images: number, { loss, accuracy }: RunningMetrics): void =>
      progress.update((epoch - 1 - done) * perEpoch + images, {
        epoch: `${epoch}/${epochs}, ${doing}`,
        loss,
        accuracy,
      });
    let interrupted = false;
    try {
      await withInterrupt(async (signal) => {
        let goOn = true;
        for (let epoch = done + 1; epoch <= epochs && goOn; epoch++) {
          goOn = this.options.stopWhen?.(this.history) !== true && (await this.epoch(epoch, signal, report));
        }
        if (goOn || this.history.length >= epochs) progress.done({ accuracy: this.bestAcc });
        else {
          progress.stop(`early, after epoch ${this.history.length}`);
          log(`Stopped early, after epoch ${this.history.length} of ${epochs}.`);
        }
      });
    } catch (error) {
      progress.stop(error instanceof Error ? error.message : String(error));
      if (!(error instanceof Interrupted)) throw error;
      interrupted = true;
      if (this.resumable) this.save();
      log(
        `Stopped by the reader after ${this.history.length} whole epochs; the best weights so far are kept.`,
      );
    }
    const seconds = (performance.now() - start) / 1000;
    log(`${this.history.length - done} epochs of training and evaluation took ${formatSeconds(seconds)}.`);
    log(`Best accuracy: ${this.bestAcc.toFixed(6)} (epoch ${this.bestEpoch})`);
    return interrupted;
  }

  private save(): void {
    const { history, bestAcc, bestEpoch, metrics } = this;
    this.checkpoint?.save({ history, bestAcc, bestEpoch, metrics: metrics.sums }, this.bestWeights);
  }

  private async resume(): Promise<void> {
    const saved = await this.checkpoint?.resume(this.log);
    if (!saved) return;
    ({
      history: this.history,
      bestAcc: this.bestAcc,
      bestEpoch: this.bestEpoch,
      best: this.bestWeights,
    } = saved);
    this.metrics = new RunningMetrics(saved.metrics);
    this.log(`Going on after ${saved.history.length} epochs and ${saved.loader.batch} batches.`);
  }

  /** One epoch of training, and the evaluation after it. @returns false to stop early. */
  private async epoch(
    epoch: number,
    signal: AbortSignal,
    report: (epoch: number, doing: string, images: number, metrics: RunningMetrics) => void,
  ): Promise<boolean> {
    const { model, epochs, lossFunc, optimizer, loaderEval, options, log } = this;
    const start = performance.now();
    const before = this.metrics.images;
    await this.train(epoch, signal, (metrics) => report(epoch, 'training', metrics.images, metrics));
    const train = this.metrics;
    const imagesPerSecond = ((train.images - before) * 1000) / (performance.now() - start);
    log(
      `Epoch ${epoch}/${epochs}: train_loss ${train.loss.toFixed(6)}, train_acc ${train.accuracy.toFixed(6)}`,
    );

    this.resumable = false;
    const onBatch = (metrics: RunningMetrics): void =>
      report(epoch, 'evaluating', train.images + metrics.images, metrics);
    // Where evaluation is random too, its draws must not depend on where the run was taken up.
    loaderEval.epoch = epoch - 1;
    const { loss, accuracy } = await evaluate(model, lossFunc, loaderEval, {
      signal,
      onBatch,
      precision: options.precision,
      capture: options.capture,
    });
    if (!Number.isFinite(loss))
      throw diverged(loss, `on the evaluation pictures after epoch ${epoch}`, this.stepped);
    log(`Epoch ${epoch}/${epochs}: val_loss ${loss.toFixed(6)}, val_acc ${accuracy.toFixed(6)}`);
    const seconds = (performance.now() - start) / 1000;
    const { loss: trainLoss, accuracy: trainAcc } = train;
    const record = { epoch, lr: optimizer.lr, trainLoss, trainAcc, valLoss: loss, valAcc: accuracy };
    this.history.push({ ...record, seconds, imagesPerSecond });
    if (this.bestEpoch === 0 || accuracy > this.bestAcc) {
      this.bestAcc = accuracy;
      this.bestEpoch = epoch;
      if (options.keep !== 'last') this.bestWeights = model.stateDict();
    }
    this.metrics = new RunningMetrics();
    this.resumable = true;
    this.save();
    options.watch?.update(this.history);
    return (await options.onEpoch?.(this.history)) !== false;
  }

  private async train(
    epoch: number,
    signal: AbortSignal,
    report: (metrics: RunningMetrics) => void,
  ): Promise<void> {
    const { model, optimizer, loaderTrain, options, metrics } = this;
    this.step.recheck(); // onEpoch may have changed a variable that the loss uses
    model.train();
    optimizer.zeroGrad();
    let step = (epoch - 1) * loaderTrain.length + (metrics.images > 0 ? loaderTrain.state.batch : 0);
    for await (const [inputs, labels] of loaderTrain) {
      if (options.schedule) optimizer.lr = options.schedule(step, this.epochs * loaderTrain.length);
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
      report(metrics);
      await options.onStep?.(step, loss);
      optimizer.zeroGrad();
      await breathe(signal);
      if (this.checkpoint?.due && loaderTrain.state.batch < loaderTrain.length) this.save();
    }
    if (metrics.images === 0)
      throw new Error('trainAndEval: the training loader gave no pictures; were all of them skipped?');
  }

  private forwardBackward(inputs: tf.Tensor, labels: tf.Tensor1D): tf.Scalar[] {
    const { model, lossFunc, optimizer } = this;
    const { precision = 'float32' } = this.options;
    const { classes } = this.loaderTrain.dataset;
    const correct: tf.Scalar[] = [];
    try {
      const loss = backward(optimizer.parameters, () => {
        const outputs = withPrecision(precision, () => model.forward(inputs)) as tf.Tensor2D;
        checkOutputs(outputs, classes);
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

function diverged(loss: number, where: string, stepped: boolean): Error {
  const advice = stepped
    ? 'lower the learning rate'
    : 'no step had been made, and weights and pictures are numbers, so look at the network and the loss';
  return new Error(`The loss became ${loss} ${where}: ${advice}.`);
}

/** Throws when a network holds what no training leads out of: a parameter that is infinite, or anything that is NaN. */
function mustBeNumbers(model: Module): void {
  const wrong = model.namedTensors().find(([, each]) =>
    tf.tidy(() => {
      const fits = each instanceof Parameter ? tf.isFinite(each.value) : tf.logicalNot(tf.isNaN(each.value));
      return tf.all(fits).dataSync()[0] === 0;
    }),
  );
  if (wrong)
    throw new Error(
      `trainAndEval: ${wrong[0]} is not finite before the first step: initialize the model, or load its weights, anew.`,
    );
}
