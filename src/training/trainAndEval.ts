import * as tf from '@tensorflow/tfjs-node';
import type { DataLoader } from '../data/loader';
import { Interrupted, breathe, withInterrupt } from '../interrupt';
import type { Module } from '../nn/module';
import type { StateDict } from '../nn/stateDict';
import { formatSeconds, startProgress } from '../progress';
import { backward } from './backward';
import { type Loss, RunningMetrics, evaluate } from './evaluate';
import type { Optimizer } from './optimizers';
import type { Schedule } from './schedules';

/** What one epoch came to. */
export interface EpochRecord {
  /** Counts from 1. */
  epoch: number;
  /** Learning rate of the epoch's last step. */
  lr: number;
  /** Mean loss over the epoch's training pictures, as they were met (augmented, in training mode). */
  trainLoss: number;
  trainAcc: number;
  /** Mean loss over the evaluation pictures after the epoch. */
  valLoss: number;
  valAcc: number;
  /** Of training and evaluation together. */
  seconds: number;
  /** Training pictures a second. */
  imagesPerSecond: number;
}

export interface TrainOptions {
  /** Sets the learning rate of each step; default: it stays what the optimizer was made with. */
  schedule?: Schedule;
  /** Records of epochs that are behind already, when a run is resumed; training goes on after them. */
  history?: readonly EpochRecord[];
  /** Called after each step with its loss, before the gradients are freed. Steps count from 1 over the whole run. */
  onStep?: (step: number, loss: number) => void | Promise<void>;
  /** Called after each epoch with all records so far: to draw, to save; `return false` stops early. */
  onEpoch?: (history: readonly EpochRecord[]) => unknown;
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
  /** The epoch that reached it, from 1; 0 when no epoch was completed. */
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
 * @throws Error when the loss stops being a number, or when the model has fewer outputs than the data has classes.
 */
export async function trainAndEval(
  model: Module,
  epochs: number,
  lossFunc: Loss,
  optimizer: Optimizer,
  loaderTrain: DataLoader,
  loaderEval: DataLoader,
  options: TrainOptions = {},
): Promise<TrainResult> {
  const history = [...(options.history ?? [])];
  const run = new Run(model, lossFunc, optimizer, loaderTrain, epochs, options);
  let bestAcc = 0;
  let bestEpoch = 0;
  let bestWeights: StateDict | undefined;
  let interrupted = false;
  const log = options.log === false ? () => undefined : (line: string) => console.log(line);
  const start = performance.now();
  const perEpoch = loaderTrain.dataset.length + loaderEval.dataset.length;
  const progress = startProgress((epochs - history.length) * perEpoch, { label: 'Training', unit: 'images' });
  const report = (
    epoch: number,
    doing: string,
    offset: number,
    { images, loss, accuracy }: RunningMetrics,
  ): void => {
    const before = (epoch - 1 - (options.history?.length ?? 0)) * perEpoch;
    progress.update(before + offset + images, { epoch: `${epoch}/${epochs}, ${doing}`, loss, accuracy });
  };

  await withInterrupt(async (signal) => {
    for (let epoch = history.length + 1; epoch <= epochs; epoch++) {
      const epochStart = performance.now();
      const train = await run.epoch(epoch, signal, (metrics) => report(epoch, 'training', 0, metrics));
      const seconds = (performance.now() - epochStart) / 1000;
      log(
        `Epoch ${epoch}/${epochs}: train_loss ${train.loss.toFixed(6)}, train_acc ${train.accuracy.toFixed(6)}`,
      );
      const onBatch = (metrics: RunningMetrics): void => report(epoch, 'evaluating', train.images, metrics);
      const { loss, accuracy } = await evaluate(model, lossFunc, loaderEval, { signal, onBatch });
      log(`Epoch ${epoch}/${epochs}: val_loss ${loss.toFixed(6)}, val_acc ${accuracy.toFixed(6)}`);
      history.push({
        epoch,
        lr: optimizer.lr,
        trainLoss: train.loss,
        trainAcc: train.accuracy,
        valLoss: loss,
        valAcc: accuracy,
        seconds: (performance.now() - epochStart) / 1000,
        imagesPerSecond: train.images / seconds,
      });
      if (accuracy > bestAcc) {
        bestAcc = accuracy;
        bestEpoch = epoch;
        if (options.keep !== 'last') bestWeights = model.stateDict();
      }
      if ((await options.onEpoch?.(history)) === false) break;
    }
    progress.done({ epoch: history.length, accuracy: bestAcc });
  }).catch((error: unknown) => {
    progress.stop(error instanceof Error ? error.message : String(error));
    if (!(error instanceof Interrupted)) throw error;
    interrupted = true;
    log(`Stopped by the reader after ${history.length} whole epochs; the best weights so far are kept.`);
  });

  optimizer.zeroGrad();
  model.eval();
  if (bestWeights) model.loadStateDict(bestWeights);
  log(
    `${history.length} epochs of training and evaluation took ${formatSeconds((performance.now() - start) / 1000)}.`,
  );
  log(`Best accuracy: ${bestAcc.toFixed(6)} (epoch ${bestEpoch})`);
  return { model, history, bestAcc, bestEpoch, interrupted };
}

/** The training half of each epoch. */
class Run {
  constructor(
    private readonly model: Module,
    private readonly lossFunc: Loss,
    private readonly optimizer: Optimizer,
    private readonly loader: DataLoader,
    private readonly epochs: number,
    private readonly options: TrainOptions,
  ) {}

  async epoch(
    epoch: number,
    signal: AbortSignal,
    report: (metrics: RunningMetrics) => void,
  ): Promise<RunningMetrics> {
    const { model, optimizer, loader, options } = this;
    model.train();
    optimizer.zeroGrad();
    const metrics = new RunningMetrics();
    let step = (epoch - 1) * loader.length;
    for await (const [inputs, labels] of loader) {
      await breathe(signal);
      if (options.schedule) optimizer.lr = options.schedule(step, this.epochs * loader.length);
      step += 1;
      const { loss, correct } = this.forwardBackward(inputs, labels);
      if (!Number.isFinite(loss)) {
        throw new Error(`The loss became ${loss} at step ${step} (epoch ${epoch}): lower the learning rate.`);
      }
      optimizer.step();
      metrics.add(loss, correct, labels.shape[0]);
      report(metrics);
      await options.onStep?.(step, loss);
      optimizer.zeroGrad();
    }
    if (metrics.images === 0) throw new Error('trainAndEval: the training loader gave no pictures.');
    return metrics;
  }

  /** Leaves the gradients in the parameters. */
  private forwardBackward(inputs: tf.Tensor4D, labels: tf.Tensor1D): { loss: number; correct: number } {
    const { model, lossFunc, optimizer, loader } = this;
    let correct = 0;
    const loss = backward(optimizer.parameters, () => {
      const outputs = model.forward(inputs) as tf.Tensor2D;
      if (outputs.shape[1] < loader.dataset.classes.length) {
        throw new Error(
          `The model has ${outputs.shape[1]} outputs, the data ${loader.dataset.classes.length} classes: ` +
            'replace its last layer.',
        );
      }
      correct = tf.tidy(() => tf.equal(tf.argMax(outputs, 1), labels).sum().dataSync()[0]);
      return lossFunc.forward(outputs, labels);
    });
    const value = loss.dataSync()[0];
    loss.dispose();
    return { loss: value, correct };
  }
}
