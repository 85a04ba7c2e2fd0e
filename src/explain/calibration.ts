import * as tf from '@tensorflow/tfjs-node';
import { checkNumber } from '../checkNumber';

/** Pictures of whose answers a network is about equally sure. */
export interface ReliabilityBin {
  /** They are those with a probability above `from` and at most `to`. */
  from: number;
  to: number;
  pictures: number;
  /** Mean probability that the network gives to its answers; NaN where there are no pictures. */
  confidence: number;
  /** Part of the answers that are right; NaN where there are no pictures. */
  accuracy: number;
}

export interface Reliability {
  bins: ReliabilityBin[];
  /**
   * Expected calibration error (Guo et al. 2017, arXiv:1706.04599): the distance between confidence and accuracy in a bin,
   * averaged over all pictures.
   */
  error: number;
}

/**
 * Whether 0.9 means 90 %: sorts answers by how sure the network is of them, and counts how many of each bin are right.
 *
 * @param logits - [N, classes]; it stays the caller's.
 * @param labels - the class of each picture.
 * @param options.bins - how many, equally wide from 0 to 1; default 10.
 * @param options.temperature - logits are divided by it first (see `fitTemperature`); default 1.
 */
export function reliability(
  logits: tf.Tensor2D,
  labels: ArrayLike<number>,
  { bins: count = 10, temperature = 1 }: { bins?: number; temperature?: number } = {},
): Reliability {
  checkNumber('reliability: bins', count, { from: 1, integer: true });
  checkNumber('reliability: temperature', temperature, { above: 0 });
  checkLabels('reliability', logits, labels);
  const { confidences, answers } = tf.tidy(() => {
    const probabilities = tf.softmax(tf.div<tf.Tensor2D>(logits, temperature));
    return {
      confidences: tf.max(probabilities, 1).dataSync(),
      answers: tf.argMax(probabilities, 1).dataSync(),
    };
  });
  const sums = Array.from({ length: count }, () => ({ pictures: 0, confidence: 0, right: 0 }));
  confidences.forEach((confidence, i) => {
    const sum = sums[Math.min(count, Math.max(1, Math.ceil(confidence * count))) - 1];
    sum.pictures += 1;
    sum.confidence += confidence;
    sum.right += answers[i] === labels[i] ? 1 : 0;
  });
  const bins = sums.map(({ pictures, confidence, right }, i) => ({
    from: i / count,
    to: (i + 1) / count,
    pictures,
    confidence: confidence / pictures,
    accuracy: right / pictures,
  }));
  const distance = sums.reduce((total, { confidence, right }) => total + Math.abs(confidence - right), 0);
  return { bins, error: distance / confidences.length };
}

/** Temperatures that are looked at: beyond them all answers are certain, or none says anything. */
const [COLDEST, HOTTEST] = [1e-2, 1e2];
const STEPS = 60; // of bisection: to the last bit of a float64

/**
 * The temperature by which logits are to be divided so that probabilities fit the labels best (least cross-entropy). It
 * changes no answer, only how sure the network says it is of it: above 1, it was too sure. Fit it on pictures that the
 * network was not trained on, and not on those of the final test.
 *
 * @param logits - [N, classes]; it stays the caller's.
 * @param labels - the class of each picture.
 * @returns a number from 0.01 to 100; 0.01 where all answers are right, however sure one is of them.
 */
export function fitTemperature(logits: tf.Tensor2D, labels: ArrayLike<number>): number {
  checkLabels('fitTemperature', logits, labels);
  const rows = logits.arraySync();
  // With b = 1 / temperature, the loss log(sum exp(b z)) - b z_y is convex in b: its slope crosses 0 once.
  const slope = (b: number): number =>
    rows.reduce((total, row, i) => {
      const largest = Math.max(...row);
      const weights = row.map((z) => Math.exp(b * (z - largest)));
      const all = weights.reduce((sum, weight) => sum + weight, 0);
      const expected = weights.reduce((sum, weight, c) => sum + weight * row[c], 0) / all;
      return total + expected - row[labels[i]];
    }, 0);
  let [low, high] = [Math.log(1 / HOTTEST), Math.log(1 / COLDEST)];
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) / 2;
    if (slope(Math.exp(middle)) <= 0)
      low = middle; // 0 where every answer is certain, and right
    else high = middle;
  }
  return Math.exp(-(low + high) / 2);
}

function checkLabels(what: string, logits: tf.Tensor2D, labels: ArrayLike<number>): void {
  const [count, classes] = logits.shape;
  if (count === 0 || labels.length !== count)
    throw new Error(`${what}: a label for each row of logits; got ${labels.length} for [${logits.shape}].`);
  const strange = Array.from(labels).find(
    (label) => !Number.isInteger(label) || label < 0 || label >= classes,
  );
  if (strange !== undefined)
    throw new Error(`${what}: labels are integers from 0 to ${classes - 1}; got ${strange}.`);
  if (tf.tidy(() => tf.all(tf.isFinite(logits)).dataSync()[0]) === 0)
    throw new Error(`${what}: not all logits are finite numbers.`);
}
