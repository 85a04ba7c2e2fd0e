import * as tf from '@tensorflow/tfjs-node';
import { crossEntropy } from '../ops/crossEntropy';

/** The mean cross-entropy between softmax(logits) and the labels, like `torch.nn.CrossEntropyLoss`. */
export class CrossEntropyLoss {
  private readonly labelSmoothing: number;

  /** @param options.labelSmoothing - the part of each target spread evenly over all classes; default 0. */
  constructor({ labelSmoothing = 0 }: { labelSmoothing?: number } = {}) {
    this.labelSmoothing = labelSmoothing;
  }

  /** @param logits - [N, classes]. @param labels - [N] int32 class indices. @returns a scalar. */
  forward(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
    return tf.tidy(() => {
      const classes = logits.shape[1];
      const right = tf.oneHot(labels, classes).toFloat(); // [N, classes]
      const targets = right.mul(1 - this.labelSmoothing).add<tf.Tensor2D>(this.labelSmoothing / classes);
      return tf.mean<tf.Scalar>(crossEntropy(logits, targets));
    });
  }
}
