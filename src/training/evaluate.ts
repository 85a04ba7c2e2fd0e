import * as tf from '@tensorflow/tfjs-node';
import type { BatchLoader } from '../data/batchLoader';
import { breathe } from '../interrupt';
import { fuseIfPossible } from '../models/fuse';
import { evalForNow } from '../nn/mode';
import type { Module } from '../nn/module';
import { capture } from '../ops/capture';
import { type Precision, withPrecision } from '../ops/precision';
import { silentProgress, startProgress } from '../progress';

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
  /** Reports on the work instead of a bar of its own; it is neither completed nor stopped here. */
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
  readonly sums: MetricSums;

  /** @param sums - to go on from; default none. */
  constructor(sums: MetricSums = { loss: 0, correct: 0, images: 0 }) {
    this.sums = { ...sums };
  }

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

/** Throws unless the model's outputs have a column for each class of the data. */
export function checkOutputs({ shape }: tf.Tensor, classes: readonly string[]): void {
  if (shape.length === 2 && shape[1] >= classes.length) return;
  throw new Error(
    `The model has ${shape.length === 2 ? `${shape[1]} outputs` : `outputs of shape [${shape}]`}, ` +
      `the data ${classes.length} classes: replace its last layer.`,
  );
}

/**
 * Throws unless all values of a batch are finite: a sum is then finite too, and takes 0.2 ms for six photographs. The loss
 * does not always tell, for fused networks and max pooling lose NaN on the way.
 *
 * @param what - "The pictures of step 3"
 */
export function mustBeFinite(inputs: tf.Tensor, what: string): void {
  if (Number.isFinite(tf.tidy(() => tf.sum(inputs).dataSync()[0]))) return;
  throw new Error(
    `${what} hold values that are not finite: look at the data and its transforms (a std of 0?).`,
  );
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
  const progress = (onBatch ? silentProgress : startProgress)(loader.dataset.length, {
    label,
    unit: 'images',
  });
  try {
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
    progress.done({ loss: metrics.loss, accuracy: metrics.accuracy });
  } catch (error) {
    progress.stop(error instanceof Error ? error.message : String(error));
    throw error;
  } finally {
    step.dispose();
    fused?.dispose();
    restore();
  }
  return { loss: metrics.loss, accuracy: metrics.accuracy, predictions, labels };
}
