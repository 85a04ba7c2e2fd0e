import * as tf from '@tensorflow/tfjs-node';
import { type BatchNormTensors, batchNormEval, batchNormTrain } from '../ops/batchNorm';
import { inTypeOf, toFloat32 } from '../ops/precision';
import { Module } from './module';
import { Parameter, StateBuffer } from './parameter';

/** Makes a normalization for a number of channels: what `normLayer` options take. */
export type NormLayer = (channels: number) => Module;

function checkChannels(layer: string, x: tf.Tensor, channels: number): void {
  if (x.rank !== 4 || x.shape[3] !== channels) {
    throw new Error(
      `${layer}: expected [N, H, W, ${channels}] (channels last), got [${x.shape.join(', ')}].`,
    );
  }
}

/** What both batch normalizations hold, and how they compute where statistics are given. */
abstract class GivenStatistics<Affine extends Parameter | StateBuffer> extends Module {
  readonly weight: Affine;
  readonly bias: Affine;
  readonly runningMean: StateBuffer;
  readonly runningVar: StateBuffer;

  constructor(
    readonly numFeatures: number,
    readonly eps: number,
    Affine: new (initial: tf.Tensor) => Affine,
  ) {
    super();
    this.weight = new Affine(tf.ones([numFeatures]));
    this.bias = new Affine(tf.zeros([numFeatures]));
    this.runningMean = new StateBuffer(tf.zeros([numFeatures]));
    this.runningVar = new StateBuffer(tf.ones([numFeatures]));
  }

  /** Only BatchNorm2d counts batches, in checkpoints since torch 0.4.1; torch loads those without and with it. */
  protected override toleratedKeys(): readonly string[] {
    return ['num_batches_tracked'];
  }

  protected tensors(): BatchNormTensors {
    const [scale, offset, mean, variance] = [this.weight, this.bias, this.runningMean, this.runningVar].map(
      (each) => each.value as tf.Tensor1D,
    );
    return { scale, offset, mean, variance };
  }

  /** [N, H, W, C] -> [N, H, W, C] */
  forward(x: tf.Tensor): tf.Tensor4D {
    checkChannels(this.constructor.name, x, this.numFeatures);
    return batchNormEval(x as tf.Tensor4D, this.tensors(), this.eps);
  }
}

/**
 * Batch normalization, like `torch.nn.BatchNorm2d`: in training mode by the batch's mean and biased variance, while
 * running statistics follow (running = 0.9 running + 0.1 batch, the variance unbiased); in evaluation mode by those.
 */
export class BatchNorm2d extends GivenStatistics<Parameter> {
  readonly numBatchesTracked = new StateBuffer(tf.scalar(0), 'int64');
  readonly momentum: number;

  /**
   * @param numFeatures - channels.
   * @param options.eps - added to the variance; default 1e-5.
   * @param options.momentum - the part of the running statistics that a batch replaces; default 0.1 (TensorFlow counts
   *   the other way round: its 0.9).
   */
  constructor(numFeatures: number, { eps = 1e-5, momentum = 0.1 }: { eps?: number; momentum?: number } = {}) {
    super(numFeatures, eps, Parameter);
    this.momentum = momentum;
  }

  override forward(x: tf.Tensor): tf.Tensor4D {
    if (!this.training) return super.forward(x);
    checkChannels('BatchNorm2d', x, this.numFeatures);
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

/**
 * Batch normalization with statistics, weight and bias fixed, like `torchvision.ops.FrozenBatchNorm2d`: all four are
 * buffers, which nothing trains; it computes the same in training and in evaluation mode.
 */
export class FrozenBatchNorm2d extends GivenStatistics<StateBuffer> {
  /** @param options.eps - added to the variance; default 1e-5. */
  constructor(numFeatures: number, { eps = 1e-5 }: { eps?: number } = {}) {
    super(numFeatures, eps, StateBuffer);
  }
}

/**
 * Normalizes each picture's groups of channels by their own mean and (biased) variance, like `torch.nn.GroupNorm`
 * (arXiv:1803.08494): no dependence on the batch, and the same in training and in evaluation mode.
 */
export class GroupNorm extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly eps: number;

  /**
   * @param numGroups - must divide numChannels.
   * @param options.eps - added to the variance; default 1e-5.
   */
  constructor(
    readonly numGroups: number,
    readonly numChannels: number,
    { eps = 1e-5 }: { eps?: number } = {},
  ) {
    super();
    if (numChannels % numGroups !== 0) {
      throw new Error(`num_channels (${numChannels}) must be divisible by num_groups (${numGroups})`);
    }
    this.eps = eps;
    this.weight = new Parameter(tf.ones([numChannels]));
    this.bias = new Parameter(tf.zeros([numChannels]));
  }

  /** [N, H, W, C] -> [N, H, W, C] */
  forward(x: tf.Tensor): tf.Tensor4D {
    checkChannels('GroupNorm', x, this.numChannels);
    return tf.tidy(() => {
      const [n, height, width, channels] = x.shape;
      // in float32, as torch's: a mean of many numbers in bfloat16 is a bad one
      const groups = tf.reshape(toFloat32(x), [n, height * width, this.numGroups, channels / this.numGroups]);
      const { mean, variance } = tf.moments(groups, [1, 3], true); // [N, 1, G, 1]
      const normalized = groups.sub(mean).mul(tf.rsqrt(variance.add(this.eps)));
      const y = normalized.reshape<tf.Tensor4D>(x.shape).mul(this.weight.value).add(this.bias.value);
      return inTypeOf(x, y as tf.Tensor4D);
    });
  }
}
