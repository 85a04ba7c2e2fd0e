import * as tf from '@tensorflow/tfjs-node';
import { maxPool2d } from '../ops/maxPool2d';
import { toFloat32 } from '../ops/precision';
import { relu } from '../ops/relu';
import { torchDefault } from './init';
import { Module } from './module';
import { Parameter } from './parameter';

/** max(x, 0), like `torch.nn.ReLU`. */
export class ReLU extends Module {
  forward(x: tf.Tensor): tf.Tensor {
    return relu(x);
  }
}

/** What comes in goes out, like `torch.nn.Identity`. */
export class Identity extends Module {
  forward(x: tf.Tensor): tf.Tensor {
    return x.clone();
  }
}

/** The largest value in each window, like `torch.nn.MaxPool2d`. [N, H, W, C] -> [N, H', W', C] */
export class MaxPool2d extends Module {
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;

  /** @param options - sides in pixels; stride defaults to kernelSize and padding to 0. */
  constructor({
    kernelSize,
    stride = kernelSize,
    padding = 0,
  }: {
    kernelSize: number;
    stride?: number;
    padding?: number;
  }) {
    super();
    this.kernelSize = kernelSize;
    this.stride = stride;
    this.padding = padding;
  }

  forward(x: tf.Tensor): tf.Tensor4D {
    return maxPool2d(x as tf.Tensor4D, this);
  }
}

/**
 * The mean of each channel over all positions, like `torch.nn.AdaptiveAvgPool2d((1, 1))`, the one form that ResNets use.
 * [N, H, W, C] -> [N, 1, 1, C]
 */
export class AdaptiveAvgPool2d extends Module {
  forward(x: tf.Tensor): tf.Tensor4D {
    return tf.tidy(() => tf.mean(toFloat32(x), [1, 2], true));
  }
}

/** x W^T + b, like `torch.nn.Linear`, always in float32; the weight is [out, in] as in torch. [N, in] -> [N, out] */
export class Linear extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;

  constructor(
    readonly inFeatures: number,
    readonly outFeatures: number,
  ) {
    super();
    this.weight = new Parameter(tf.zeros([outFeatures, inFeatures]));
    this.bias = new Parameter(tf.zeros([outFeatures]));
    torchDefault(this.weight);
    torchDefault(this.bias, inFeatures);
  }

  forward(x: tf.Tensor): tf.Tensor2D {
    if (x.rank !== 2 || x.shape[1] !== this.inFeatures) {
      throw new Error(`Linear: expected [N, ${this.inFeatures}], got [${x.shape.join(', ')}].`);
    }
    return tf.tidy(() =>
      tf
        .matMul(toFloat32(x) as tf.Tensor2D, this.weight.value as tf.Tensor2D, false, true)
        .add(this.bias.value),
    );
  }
}

/** Modules one after the other, like `torch.nn.Sequential`; they are saved under the names "0", "1", ... */
export class Sequential extends Module {
  [index: number]: Module;
  readonly length: number;

  constructor(...modules: Module[]) {
    super();
    this.length = modules.length;
    modules.forEach((module, index) => (this[index] = module));
  }

  [Symbol.iterator](): Iterator<Module> {
    return this.children()[Symbol.iterator]();
  }

  forward(x: tf.Tensor): tf.Tensor {
    if (this.length === 0) return x.clone();
    return tf.tidy(() => this.children().reduce((out, module) => module.forward(out), x));
  }
}
