import * as tf from '@tensorflow/tfjs-node';
import { kaimingNormal } from '../nn/init';
import { AdaptiveAvgPool2d, Linear, ReLU, Sequential } from '../nn/layers';
import { Conv2d } from '../nn/conv';
import { Module } from '../nn/module';
import { maxPool2d } from '../ops/maxPool2d';
import { pad } from '../ops/pad';
import { BatchNorm2d } from '../nn/norm';
import { conv1x1, conv3x3 } from './resnet';

/**
 * How a shortcut bridges a change of size (section 4.1 of the paper): A subsamples and pads with zero channels, B
 * projects where sizes change, C projects everywhere; 'none' leaves the shortcut out, which makes the plain twin.
 */
export type ShortcutOption = 'A' | 'B' | 'C' | 'none';

/** Option A: every stride-th pixel, and zeros for the new channels, half before and half after. No parameters. */
export class PaddedShortcut extends Module {
  constructor(
    readonly inPlanes: number,
    readonly outPlanes: number,
    readonly stride: number,
  ) {
    super();
  }

  /** [N, H, W, inPlanes] -> [N, H / stride, W / stride, outPlanes] */
  forward(x: tf.Tensor): tf.Tensor4D {
    return tf.tidy(() => {
      const subsampled = maxPool2d(x as tf.Tensor4D, { kernelSize: 1, stride: this.stride, padding: 0 });
      const before = Math.floor((this.outPlanes - this.inPlanes) / 2);
      const after = this.outPlanes - this.inPlanes - before;
      return pad(subsampled, [
        [0, 0],
        [0, 0],
        [0, 0],
        [before, after],
      ]);
    });
  }
}

function makeShortcut(
  inPlanes: number,
  outPlanes: number,
  stride: number,
  option: ShortcutOption,
): Module | null {
  const sameSize = stride === 1 && inPlanes === outPlanes;
  if (option === 'none' || (sameSize && option !== 'C')) return null;
  if (option === 'A') return new PaddedShortcut(inPlanes, outPlanes, stride);
  return new Sequential(conv1x1(inPlanes, outPlanes, stride), new BatchNorm2d(outPlanes));
}

/** Two 3x3 convolutions, with a shortcut or, in the plain twin, without. */
export class CifarBlock extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly relu = new ReLU();
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly shortcut: Module | null;

  constructor(
    inPlanes: number,
    planes: number,
    stride: number,
    readonly option: ShortcutOption,
  ) {
    super();
    this.conv1 = conv3x3(inPlanes, planes, stride);
    this.bn1 = new BatchNorm2d(planes);
    this.conv2 = conv3x3(planes, planes);
    this.bn2 = new BatchNorm2d(planes);
    this.shortcut = makeShortcut(inPlanes, planes, stride, option);
  }

  /** F(x), before the addition: [N, H, W, inPlanes] -> [N, H / stride, W / stride, planes] */
  residual(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => {
      const out = this.relu.forward(this.bn1.forward(this.conv1.forward(x)));
      return this.bn2.forward(this.conv2.forward(out));
    });
  }

  forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => {
      const residual = this.residual(x); // F(x)
      if (this.option === 'none') return this.relu.forward(residual);
      const identity = this.shortcut === null ? x : this.shortcut.forward(x); // x or W_s x
      return this.relu.forward(tf.add(residual, identity)); // F(x) + x
    });
  }
}

/**
 * A block of {@link PreActResNet}: normalization and relu come before each convolution, and nothing after the addition. In
 * a stage's first block the shortcut, too, gets what was activated.
 */
export class PreActBlock extends Module {
  readonly bn1: BatchNorm2d;
  readonly conv1: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly relu = new ReLU();
  readonly shortcut: Module | null;

  constructor(
    inPlanes: number,
    planes: number,
    stride: number,
    readonly option: ShortcutOption,
    readonly first: boolean,
  ) {
    super();
    this.bn1 = new BatchNorm2d(inPlanes);
    this.conv1 = conv3x3(inPlanes, planes, stride);
    this.bn2 = new BatchNorm2d(planes);
    this.conv2 = conv3x3(planes, planes);
    this.shortcut = makeShortcut(inPlanes, planes, stride, option);
  }

  /** [N, H, W, inPlanes] -> [N, H / stride, W / stride, planes] */
  forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => {
      const activated = this.relu.forward(this.bn1.forward(x));
      const out = this.relu.forward(this.bn2.forward(this.conv1.forward(activated)));
      const residual = this.conv2.forward(out);
      if (this.option === 'none') return residual;
      const identity = this.first ? activated : x;
      return tf.add(residual, this.shortcut === null ? identity : this.shortcut.forward(identity));
    });
  }
}

/** Options of {@link CifarResNet}. */
export interface CifarOptions {
  /** Default 10. */
  numClasses?: number;
  /** Default 'A', the paper's on CIFAR-10. */
  shortcut?: ShortcutOption;
  /** Channels of the three stages; default the paper's [16, 32, 64]. */
  widths?: readonly [number, number, number];
}

/**
 * The networks of the paper's section 4.2, for pictures of 32x32: a 3x3 convolution, three stages of n blocks with 16, 32
 * and 64 channels at 32, 16 and 8 pixels, global average pooling and a linear layer: 6n + 2 layers with weights. The
 * names are those of the published checkpoints (github akamaster/pytorch_resnet_cifar10).
 */
export class CifarResNet extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly relu = new ReLU();
  readonly layer1: Sequential;
  readonly layer2: Sequential;
  readonly layer3: Sequential;
  readonly avgpool = new AdaptiveAvgPool2d();
  /** The classifier; replace it to learn other classes (and dispose of the old one). */
  linear: Linear;

  /** @param depth - 6n + 2: 20, 32, 44, 56, 110, ... */
  constructor(
    readonly depth: number,
    { numClasses = 10, shortcut = 'A', widths = [16, 32, 64] }: CifarOptions = {},
    block: typeof CifarBlock | typeof PreActBlock = CifarBlock,
  ) {
    super();
    const blocks = (depth - 2) / 6;
    if (!Number.isInteger(blocks) || blocks < 1) {
      throw new Error(`CifarResNet: depth must be 6n + 2 (8, 14, 20, 32, 44, 56, 110, ...), got ${depth}.`);
    }
    const stage = (inPlanes: number, planes: number, stride: number): Sequential =>
      new Sequential(
        ...Array.from({ length: blocks }, (_, i) =>
          i === 0
            ? new block(inPlanes, planes, stride, shortcut, true)
            : new block(planes, planes, 1, shortcut, false),
        ),
      );
    this.conv1 = conv3x3(3, widths[0]);
    this.bn1 = new BatchNorm2d(block === CifarBlock ? widths[0] : widths[2]);
    this.layer1 = stage(widths[0], widths[0], 1);
    this.layer2 = stage(widths[0], widths[1], 2);
    this.layer3 = stage(widths[1], widths[2], 2);
    this.linear = new Linear(widths[2], numClasses);
    for (const m of this.modules()) {
      if (m instanceof Conv2d || m instanceof Linear) kaimingNormal(m.weight, 'fan_in'); // as the paper's reference [13]
    }
  }

  /** torchvision's name for the classifier, so that code written for its networks works on these too. */
  get fc(): Linear {
    return this.linear;
  }

  set fc(head: Linear) {
    this.linear = head;
  }

  /** Pictures [N, H, W, 3] -> logits [N, numClasses]; sizes in the comments are those of 32x32 pictures. */
  forward(x: tf.Tensor): tf.Tensor2D {
    return tf.tidy(() => {
      let out: tf.Tensor = this.relu.forward(this.bn1.forward(this.conv1.forward(x))); // [N, 32, 32, 16]
      out = this.layer1.forward(out); // [N, 32, 32, 16]
      out = this.layer2.forward(out); // [N, 16, 16, 32]
      out = this.layer3.forward(out); // [N, 8, 8, 64]
      out = this.avgpool.forward(out).reshape([x.shape[0], -1]); // [N, 64]
      return this.linear.forward(out); // [N, numClasses]
    });
  }
}

/**
 * The pre-activation networks of "Identity mappings in deep residual networks" (arXiv:1603.05027) for pictures of 32x32:
 * what {@link CifarResNet} has, with {@link PreActBlock}s; the network's own normalization and relu follow the last block.
 */
export class PreActResNet extends CifarResNet {
  constructor(depth: number, options?: CifarOptions) {
    super(depth, options, PreActBlock);
  }

  override forward(x: tf.Tensor): tf.Tensor2D {
    return tf.tidy(() => {
      const out = this.layer3.forward(this.layer2.forward(this.layer1.forward(this.conv1.forward(x))));
      const pooled = this.avgpool.forward(this.relu.forward(this.bn1.forward(out)));
      return this.linear.forward(pooled.reshape([x.shape[0], -1]));
    });
  }
}
