import * as tf from '@tensorflow/tfjs-node';
import type { BatchLoader } from '../data/batchLoader';
import { breathe } from '../interrupt';
import { fuseIfPossible } from '../models/fuse';
import { evalForNow } from '../nn/mode';
import type { Module } from '../nn/module';
import { capture } from '../ops/capture';
import { type Precision, withPrecision } from '../ops/precision';
import { reported, silentProgress, startProgress } from '../progress';
import { checkOutputs, mustBeFinite } from './checks';

/** Anything that compares outputs with labels, like `CrossEntropyLoss`. */
export interface Loss {
  /** @param outputs - [N, classes]. @param labels - [N] int32. @returns the mean over the batch, a scalar. */
  forward(outputs: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar;
}

/** How a model did on a data set. */
export interface Evaluation {
  /** Mean loss over all pictures. */
  loss: number;
  /** Part of the pictures that were classified rightly, 0 to 1. */
  accuracy: number;
  /** The class given to each picture, in the order of the loader. */
  predictions: number[];
  /** The class each picture has, in the same order. */
  labels: number[];
}

export interface EvaluateOptions {
  /** Stops between batches when aborted. */
  signal?: AbortSignal;
  /** What stands beside the progress bar; default "Evaluating". */
  label?: string;
  /** Reports on the work instead of a bar of its own. */
  onBatch?: (metrics: RunningMetrics) => void;
  /** In what convolutions and what lies between them are computed; default 'float32'. */
  precision?: Precision;
  /** Whether batches run as a graph where they can (see `capture`); default true. The numbers are the same. */
  capture?: boolean;
}

/** What {@link RunningMetrics} has added up. */
export interface MetricSums {
  /** Sum of each picture's loss. */
  loss: number;
  correct: number;
  images: number;
}

/** Sums loss and right answers over the batches of an epoch. */
export class RunningMetrics {
  /** @param sums - to go on from; default none. */
  constructor(readonly sums: MetricSums = { loss: 0, correct: 0, images: 0 }) {}

  add(batchLoss: number, correct: number, batchSize: number): void {
    this.sums.loss += batchLoss * batchSize;
    this.sums.correct += correct;
    this.sums.images += batchSize;
  }

  get images(): number {
    return this.sums.images;
  }

  get loss(): number {
    return this.sums.loss / this.sums.images;
  }

  get accuracy(): number {
    return this.sums.correct / this.sums.images;
  }
}

/**
 * Runs a model in evaluation mode over a loader; each module's mode is put back afterwards. A network that {@link fuse} knows
 * is run fused, in about 0.8 of the time (resnet34 on photographs in batches of 6), and gives the same up to rounding.
 *
 * @throws Error when the model has fewer outputs than the data has classes, the loader gives no pictures, or pictures
 *   hold values that are not finite.
 */
export async function evaluate(
  model: Module,
  lossFunc: Loss,
  loader: BatchLoader,
  { signal, label = 'Evaluating', onBatch, precision = 'float32', capture: enabled }: EvaluateOptions = {},
): Promise<Evaluation> {
  const fused = fuseIfPossible(model, precision);
  const forward = (x: tf.Tensor): tf.Tensor =>
    fused ? fused.forward(x) : withPrecision(precision, () => model.forward(x));
  const step = capture(
    [model, lossFunc, fused?.weights],
    (inputs: tf.Tensor, targets: tf.Tensor1D) =>
      tf.tidy(() => {
        const outputs = forward(inputs) as tf.Tensor2D;
        checkOutputs(outputs, loader.dataset.classes);
        return [lossFunc.forward(outputs, targets), tf.argMax(outputs, 1)];
      }),
    { enabled },
  );
  const restore = evalForNow(model);
  const metrics = new RunningMetrics();
  const predictions: number[] = [];
  const labels: number[] = [];
  const begin = onBatch ? silentProgress : startProgress;
  const progress = begin(loader.dataset.length, { label, unit: 'images' });
  const work = async (): Promise<void> => {
    for await (const [inputs, targets] of loader) {
      await breathe(signal);
      mustBeFinite(inputs, `evaluate: the pictures after the first ${metrics.images}`);
      const results = step(inputs, targets);
      const [[loss], predicted] = results.map((each) => [...each.dataSync()]);
      tf.dispose(results);
      const actual = [...targets.dataSync()];
      predictions.push(...predicted);
      labels.push(...actual);
      metrics.add(loss, predicted.filter((p, i) => p === actual[i]).length, actual.length);
      progress.update(metrics.images, { loss: metrics.loss, accuracy: metrics.accuracy });
      onBatch?.(metrics);
    }
    if (metrics.images === 0)
      throw new Error('evaluate: the loader gave no pictures; were all of them skipped?');
  };
  try {
    await reported(progress, work);
  } finally {
    step.dispose();
    fused?.dispose();
    restore();
  }
  return { loss: metrics.loss, accuracy: metrics.accuracy, predictions, labels };
}
