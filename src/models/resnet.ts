import * as tf from '@tensorflow/tfjs-node';
import { Conv2d } from '../nn/conv';
import { constant, kaimingNormal } from '../nn/init';
import { AdaptiveAvgPool2d, Linear, MaxPool2d, ReLU, Sequential } from '../nn/layers';
import { Module } from '../nn/module';
import { BatchNorm2d, type NormLayer } from '../nn/norm';

/*
 * torchvision/models/resnet.py, class by class and in its order. Names are torchvision's, because checkpoints key on
 * them; options beyond the positional ones are an object. Tensors are NHWC.
 */

/** 3x3 convolution with padding */
export function conv3x3(inPlanes: number, outPlanes: number, stride = 1, groups = 1, dilation = 1): Conv2d {
  return new Conv2d(inPlanes, outPlanes, {
    kernelSize: 3,
    stride,
    padding: dilation, // the side of the picture stays the same at stride 1
    groups,
    bias: false, // the batch normalization that follows has its own
    dilation,
  });
}

/** 1x1 convolution */
export function conv1x1(inPlanes: number, outPlanes: number, stride = 1): Conv2d {
  return new Conv2d(inPlanes, outPlanes, { kernelSize: 1, stride, bias: false });
}

const batchNorm: NormLayer = (channels) => new BatchNorm2d(channels);

/** What a residual block is told beyond its width; defaults are those of the plain ResNets. */
export interface BlockOptions {
  /** Step of the convolution that halves the picture; default 1. */
  stride?: number;
  /** W_s, the projection of the shortcut where sizes differ; default null, the identity. */
  downsample?: Module | null;
  /** Groups of the 3x3 convolution (ResNeXt); default 1. */
  groups?: number;
  /** Channels per group at 64 planes (ResNeXt, Wide ResNet); default 64. */
  baseWidth?: number;
  /** Dilation of the 3x3 convolution; default 1. */
  dilation?: number;
  /** Makes the normalizations; default BatchNorm2d. */
  normLayer?: NormLayer;
}

/** Two 3x3 convolutions around which the input is added: y = relu(F(x) + W_s x). Used by ResNet-18 and -34. */
export class BasicBlock extends Module {
  static readonly expansion = 1;

  readonly conv1: Conv2d;
  readonly bn1: Module;
  readonly relu: ReLU;
  readonly conv2: Conv2d;
  readonly bn2: Module;
  readonly downsample: Module | null;
  readonly stride: number;

  constructor(
    inplanes: number,
    planes: number,
    {
      stride = 1,
      downsample = null,
      groups = 1,
      baseWidth = 64,
      dilation = 1,
      normLayer = batchNorm,
    }: BlockOptions = {},
  ) {
    super();
    if (groups !== 1 || baseWidth !== 64) {
      throw new Error('BasicBlock only supports groups=1 and base_width=64');
    }
    if (dilation > 1) {
      throw new Error('Dilation > 1 not supported in BasicBlock');
    }
    // Both conv1 and downsample halve the picture when stride != 1
    this.conv1 = conv3x3(inplanes, planes, stride);
    this.bn1 = normLayer(planes);
    this.relu = new ReLU();
    this.conv2 = conv3x3(planes, planes);
    this.bn2 = normLayer(planes);
    this.downsample = downsample;
    this.stride = stride;
  }

  /** [N, H, W, inplanes] -> [N, H / stride, W / stride, planes] */
  forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => {
      let identity = x;

      let out: tf.Tensor = this.conv1.forward(x);
      out = this.bn1.forward(out);
      out = this.relu.forward(out);

      out = this.conv2.forward(out);
      out = this.bn2.forward(out); // F(x)

      if (this.downsample !== null) {
        identity = this.downsample.forward(x); // W_s x
      }

      out = tf.add(out, identity); // F(x) + x
      out = this.relu.forward(out);

      return out;
    });
  }
}

/**
 * 1x1, 3x3 and 1x1 convolutions around which the input is added. In a ResNet the 3x3 is a quarter as wide as the output
 * (ResNet-50 and deeper); in a ResNeXt and a Wide ResNet it is wider.
 *
 * The stride is on the 3x3 convolution, where the paper has it on the first 1x1 (arXiv:1512.03385). This variant,
 * known as ResNet V1.5, gains about half a percentage point of top-1 accuracy (NVIDIA's ResNet-50 v1.5 model card).
 */
export class Bottleneck extends Module {
  static readonly expansion = 4;

  readonly conv1: Conv2d;
  readonly bn1: Module;
  readonly conv2: Conv2d;
  readonly bn2: Module;
  readonly conv3: Conv2d;
  readonly bn3: Module;
  readonly relu: ReLU;
  readonly downsample: Module | null;
  readonly stride: number;

  constructor(
    inplanes: number,
    planes: number,
    {
      stride = 1,
      downsample = null,
      groups = 1,
      baseWidth = 64,
      dilation = 1,
      normLayer = batchNorm,
    }: BlockOptions = {},
  ) {
    super();
    const width = Math.trunc(planes * (baseWidth / 64)) * groups;
    // Both conv2 and downsample halve the picture when stride != 1
    this.conv1 = conv1x1(inplanes, width);
    this.bn1 = normLayer(width);
    this.conv2 = conv3x3(width, width, stride, groups, dilation);
    this.bn2 = normLayer(width);
    this.conv3 = conv1x1(width, planes * Bottleneck.expansion);
    this.bn3 = normLayer(planes * Bottleneck.expansion);
    this.relu = new ReLU();
    this.downsample = downsample;
    this.stride = stride;
  }

  /** [N, H, W, inplanes] -> [N, H / stride, W / stride, 4 planes] */
  forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => {
      let identity = x;

      let out: tf.Tensor = this.conv1.forward(x);
      out = this.bn1.forward(out);
      out = this.relu.forward(out);

      out = this.conv2.forward(out);
      out = this.bn2.forward(out);
      out = this.relu.forward(out);

      out = this.conv3.forward(out);
      out = this.bn3.forward(out); // F(x)

      if (this.downsample !== null) {
        identity = this.downsample.forward(x); // W_s x
      }

      out = tf.add(out, identity); // F(x) + x
      out = this.relu.forward(out);

      return out;
    });
  }
}

/** The class of a residual block: BasicBlock, Bottleneck, or a reader's own with the same constructor. */
export interface BlockType {
  new (inplanes: number, planes: number, options?: BlockOptions): Module;
  /** Output channels divided by `planes`. */
  readonly expansion: number;
}

/** Options of {@link ResNet}, torchvision's keyword arguments. */
export interface ResNetOptions {
  /** Outputs of the last layer; default 1000, ImageNet's classes. */
  numClasses?: number;
  /** Start every residual branch at zero, so that each block is the identity at first; default false. */
  zeroInitResidual?: boolean;
  /** Groups of the 3x3 convolutions (ResNeXt); default 1. */
  groups?: number;
  /** Channels per group at 64 planes (ResNeXt, Wide ResNet); default 64. */
  widthPerGroup?: number;
  /** For layer2, layer3 and layer4: dilate instead of striding, so that the picture stays larger; default all false. */
  replaceStrideWithDilation?: boolean[] | null;
  /** Makes the normalizations; default BatchNorm2d. */
  normLayer?: NormLayer;
}

/** The residual network of arXiv:1512.03385, as torchvision builds it. */
export class ResNet extends Module {
  private readonly _normLayer: NormLayer;
  private inplanes = 64;
  private dilation = 1;
  private readonly groups: number;
  private readonly baseWidth: number;

  readonly conv1: Conv2d;
  readonly bn1: Module;
  readonly relu: ReLU;
  readonly maxpool: MaxPool2d;
  readonly layer1: Sequential;
  readonly layer2: Sequential;
  readonly layer3: Sequential;
  readonly layer4: Sequential;
  readonly avgpool: AdaptiveAvgPool2d;
  /** The classifier; replace it to learn other classes (and dispose of the old one). */
  fc: Linear;

  /**
   * @param block - BasicBlock or Bottleneck.
   * @param layers - how many blocks each of the four stages has.
   */
  constructor(block: BlockType, layers: readonly number[], options: ResNetOptions = {}) {
    super();
    const { numClasses = 1000, zeroInitResidual = false, groups = 1, widthPerGroup = 64 } = options;
    this._normLayer = options.normLayer ?? batchNorm;
    // each element says whether to replace that stage's stride of 2 with a dilation
    const dilate = options.replaceStrideWithDilation ?? [false, false, false];
    if (dilate.length !== 3) {
      throw new Error(`replace_stride_with_dilation should be None or a 3-element tuple, got [${dilate}]`);
    }
    this.groups = groups;
    this.baseWidth = widthPerGroup;
    this.conv1 = new Conv2d(3, this.inplanes, { kernelSize: 7, stride: 2, padding: 3, bias: false });
    this.bn1 = this._normLayer(this.inplanes);
    this.relu = new ReLU();
    this.maxpool = new MaxPool2d({ kernelSize: 3, stride: 2, padding: 1 });
    this.layer1 = this._makeLayer(block, 64, layers[0]);
    this.layer2 = this._makeLayer(block, 128, layers[1], 2, dilate[0]);
    this.layer3 = this._makeLayer(block, 256, layers[2], 2, dilate[1]);
    this.layer4 = this._makeLayer(block, 512, layers[3], 2, dilate[2]);
    this.avgpool = new AdaptiveAvgPool2d();
    this.fc = new Linear(512 * block.expansion, numClasses);

    // normalizations start at weight 1 and bias 0 by themselves
    for (const m of this.modules()) {
      if (m instanceof Conv2d) {
        kaimingNormal(m.weight, 'fan_out');
      }
    }

    // Zero-initialize the last normalization in each residual branch, so that every block behaves like an identity at
    // first. This improves the model by 0.2~0.3 % according to arXiv:1706.02677.
    if (zeroInitResidual) {
      for (const m of this.modules()) {
        const last = m instanceof Bottleneck ? m.bn3 : m instanceof BasicBlock ? m.bn2 : null;
        const [, weight] = last?.namedTensors().find(([name]) => name === 'weight') ?? [];
        if (weight) constant(weight, 0);
      }
    }
  }

  private _makeLayer(
    block: BlockType,
    planes: number,
    blocks: number,
    stride = 1,
    dilate = false,
  ): Sequential {
    const normLayer = this._normLayer;
    let downsample: Module | null = null;
    const previousDilation = this.dilation;
    if (dilate) {
      this.dilation *= stride;
      stride = 1;
    }
    if (stride !== 1 || this.inplanes !== planes * block.expansion) {
      downsample = new Sequential(
        conv1x1(this.inplanes, planes * block.expansion, stride),
        normLayer(planes * block.expansion),
      );
    }

    const { groups, baseWidth } = this;
    const layers = [
      new block(this.inplanes, planes, {
        stride,
        downsample,
        groups,
        baseWidth,
        dilation: previousDilation,
        normLayer,
      }),
    ];
    this.inplanes = planes * block.expansion;
    for (let i = 1; i < blocks; i++) {
      layers.push(
        new block(this.inplanes, planes, { groups, baseWidth, dilation: this.dilation, normLayer }),
      );
    }

    return new Sequential(...layers);
  }

  /** Pictures [N, H, W, 3] -> logits [N, numClasses]; sizes in the comments are those of 224x224 pictures. */
  forward(x: tf.Tensor): tf.Tensor2D {
    return tf.tidy(() => {
      x = this.conv1.forward(x); // [N, 112, 112, 64]
      x = this.bn1.forward(x);
      x = this.relu.forward(x);
      x = this.maxpool.forward(x); // [N, 56, 56, 64]

      x = this.layer1.forward(x); // [N, 56, 56, 64 expansion]
      x = this.layer2.forward(x); // [N, 28, 28, 128 expansion]
      x = this.layer3.forward(x); // [N, 14, 14, 256 expansion]
      x = this.layer4.forward(x); // [N, 7, 7, 512 expansion]

      x = this.avgpool.forward(x); // [N, 1, 1, 512 expansion]
      x = x.reshape([x.shape[0], -1]); // [N, 512 expansion]
      return this.fc.forward(x); // [N, numClasses]
    });
  }
}
