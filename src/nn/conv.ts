import * as tf from '@tensorflow/tfjs-node';
import { biasAdd } from '../ops/biasAdd';
import { conv2d } from '../ops/conv2d';
import { torchDefault } from './init';
import { Module } from './module';
import { Parameter } from './parameter';

/** Options of {@link Conv2d}, by torch's names; one number each for height and width. */
export interface Conv2dOptions {
  /** Side of the square filter in pixels. */
  kernelSize: number;
  /** Pixels from one position to the next; default 1. */
  stride?: number;
  /** Zeros added on each side; default 0. */
  padding?: number;
  /** Distance between the filter's taps in pixels; default 1. */
  dilation?: number;
  /** Groups of channels that do not see each other; default 1. */
  groups?: number;
  /** Whether a learnt number is added to each output channel; default true. */
  bias?: boolean;
}

/** 2-D convolution, like `torch.nn.Conv2d` with square filters. The weight lies as [kernel, kernel, in / groups, out]. */
export class Conv2d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | null;
  readonly kernelSize: number;
  stride: number;
  readonly padding: number;
  readonly dilation: number;
  readonly groups: number;

  constructor(
    readonly inChannels: number,
    readonly outChannels: number,
    { kernelSize, stride = 1, padding = 0, dilation = 1, groups = 1, bias = true }: Conv2dOptions,
  ) {
    super();
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new Error(
        `Conv2d: inChannels (${inChannels}) and outChannels (${outChannels}) must be divisible by groups (${groups}).`,
      );
    }
    this.kernelSize = kernelSize;
    this.stride = stride;
    this.padding = padding;
    this.dilation = dilation;
    this.groups = groups;
    this.weight = new Parameter(
      tf.zeros([kernelSize, kernelSize, inChannels / groups, outChannels]),
      'filter',
    );
    torchDefault(this.weight);
    this.bias = bias ? new Parameter(tf.zeros([outChannels])) : null;
    if (this.bias) torchDefault(this.bias, (inChannels / groups) * kernelSize ** 2);
  }

  /** [N, H, W, inChannels] -> [N, H', W', outChannels] */
  forward(x: tf.Tensor): tf.Tensor4D {
    if (x.rank !== 4 || x.shape[3] !== this.inChannels) {
      throw new Error(
        `Conv2d: expected [N, H, W, ${this.inChannels}] (channels last), got [${x.shape.join(', ')}].`,
      );
    }
    return tf.tidy(() => {
      const y = conv2d(x as tf.Tensor4D, this.weight.value as tf.Tensor4D, this);
      return this.bias ? biasAdd(y, this.bias.value) : y;
    });
  }
}
