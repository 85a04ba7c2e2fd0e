import * as tf from '@tensorflow/tfjs-node';
import { checkNumber } from '../checkNumber';
import { crossEntropy } from '../ops/crossEntropy';
import { checkOnHost } from '../ops/hostCheck';
import { relu } from '../ops/relu';

/**
 * 1 in the column of each row's label, else 0 // [N, classes]
 *
 * tf.oneHot gives a row of zeros for a label that is no class, so a loss would leave that row out silently; torch stops.
 * Reading a batch's labels back takes a few microseconds.
 */
function oneHot(labels: tf.Tensor1D, classes: number): tf.Tensor2D {
  checkOnHost(labels, (values) => {
    const strange = values.find((label) => label < 0 || label >= classes);
    if (strange !== undefined)
      throw new RangeError(
        `The label ${strange} is no class: there are ${classes} outputs, so labels are integers from 0 to ${classes - 1}.`,
      );
  });
  return tf.tidy(() => tf.oneHot(labels, classes).toFloat() as tf.Tensor2D);
}

/** The mean cross-entropy between softmax(logits) and the labels, like `torch.nn.CrossEntropyLoss`. */
export class CrossEntropyLoss {
  private readonly labelSmoothing: number;

  /** @param options.labelSmoothing - the part of each target spread evenly over all classes; default 0. */
  constructor({ labelSmoothing = 0 }: { labelSmoothing?: number } = {}) {
    checkNumber('CrossEntropyLoss: labelSmoothing', labelSmoothing, { from: 0, to: 1 });
    this.labelSmoothing = labelSmoothing;
  }

  /**
   * @param logits - [N, classes].
   * @param labels - [N] int32 class indices.
   * @returns a scalar.
   * @throws RangeError when a label is not from 0 to classes - 1.
   */
  forward(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
    return tf.tidy(() => {
      const classes = logits.shape[1];
      const right = oneHot(labels, classes);
      const targets = right.mul(1 - this.labelSmoothing).add<tf.Tensor2D>(this.labelSmoothing / classes);
      return tf.mean<tf.Scalar>(crossEntropy(logits, targets));
    });
  }
}

/**
 * The hinge loss of several classes, like `torch.nn.MultiMarginLoss`: the right class's score should lead every other by
 * a margin. Row by row it is the sum over wrong classes i of max(0, margin - x[right] + x[i])^p, divided by the number of
 * classes; then the mean over rows.
 *
 * A `Linear` layer trained with it and with `weightDecay` is a linear support vector machine for several classes
 * (Weston and Watkins, ESANN 1999).
 */
export class MultiMarginLoss {
  private readonly p: 1 | 2;
  private readonly margin: number;

  /**
   * @param options.p - the power: 1 (default), or 2, which punishes large violations more.
   * @param options.margin - by how much the right class should lead; default 1.
   */
  constructor({ p = 1, margin = 1 }: { p?: 1 | 2; margin?: number } = {}) {
    checkNumber('MultiMarginLoss: p', p, { from: 1, to: 2, integer: true });
    checkNumber('MultiMarginLoss: margin', margin, {});
    this.p = p;
    this.margin = margin;
  }

  /**
   * @param outputs - scores of any size // [N, classes]
   * @param labels - class indices // [N] int32
   * @returns a scalar.
   * @throws RangeError when a label is not from 0 to classes - 1.
   */
  forward(outputs: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
    return tf.tidy(() => {
      const [n, classes] = outputs.shape;
      const right = oneHot(labels, classes);
      const score = tf.sum(tf.mul(outputs, right), 1, true); // of the right class // [N, 1]
      const missing = relu(tf.add(tf.sub(outputs, score), this.margin)); // to the margin // [N, classes]
      const wrong = tf.mul(this.p === 1 ? missing : tf.square(missing), tf.sub(1, right));
      return tf.div<tf.Scalar>(tf.sum(wrong), n * classes);
    });
  }
}
