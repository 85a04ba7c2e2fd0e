import * as tf from '@tensorflow/tfjs-node';
import { type BatchNormTensors, batchNormEval, batchNormTrain } from '../ops/batchNorm';
import { Module } from './module';
import { Parameter, StateBuffer } from './parameter';

/** Makes a normalization for a number of channels: what `normLayer` options take. */
export type NormLayer = (channels: number) => Module;

/**
 * Batch normalization, like `torch.nn.BatchNorm2d`: in training mode by the batch's mean and biased variance, while
 * running statistics follow (running = 0.9 running + 0.1 batch, the variance unbiased); in evaluation mode by those.
 */
export class BatchNorm2d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly runningMean: StateBuffer;
  readonly runningVar: StateBuffer;
  readonly numBatchesTracked: StateBuffer;
  readonly eps: number;
  readonly momentum: number;

  /**
   * @param numFeatures - channels.
   * @param options.eps - added to the variance; default 1e-5.
   * @param options.momentum - the part of the running statistics that a batch replaces; default 0.1 (TensorFlow counts
   *   the other way round: its 0.9).
   */
  constructor(
    readonly numFeatures: number,
    { eps = 1e-5, momentum = 0.1 }: { eps?: number; momentum?: number } = {},
  ) {
    super();
    this.eps = eps;
    this.momentum = momentum;
    this.weight = new Parameter(tf.ones([numFeatures]));
    this.bias = new Parameter(tf.zeros([numFeatures]));
    this.runningMean = new StateBuffer(tf.zeros([numFeatures]));
    this.runningVar = new StateBuffer(tf.ones([numFeatures]));
    this.numBatchesTracked = new StateBuffer(tf.scalar(0), 'int64');
  }

  private tensors(): BatchNormTensors {
    const [scale, offset, mean, variance] = [this.weight, this.bias, this.runningMean, this.runningVar].map(
      (each) => each.value as tf.Tensor1D,
    );
    return { scale, offset, mean, variance };
  }

  /** [N, H, W, C] -> [N, H, W, C] */
  forward(x: tf.Tensor): tf.Tensor4D {
    if (x.rank !== 4 || x.shape[3] !== this.numFeatures) {
      throw new Error(
        `BatchNorm2d: expected [N, H, W, ${this.numFeatures}] (channels last), got [${x.shape.join(', ')}].`,
      );
    }
    if (!this.training) return batchNormEval(x as tf.Tensor4D, this.tensors(), this.eps);
    if (x.size === this.numFeatures) {
      throw new Error(
        `BatchNorm2d: expected more than 1 value per channel when training, got [${x.shape.join(', ')}]; ` +
          'use a larger batch, drop the last one (dropLast), or call eval().',
      );
    }
    const { y, mean, variance } = batchNormTrain(x as tf.Tensor4D, this.tensors(), this.eps, this.momentum);
    this.runningMean.assign(mean);
    this.runningVar.assign(variance);
    this.numBatchesTracked.assign(tf.tidy(() => this.numBatchesTracked.value.add(1)));
    return y;
  }
}
