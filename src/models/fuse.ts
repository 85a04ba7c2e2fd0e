import * as tf from '@tensorflow/tfjs-node';
import { Conv2d } from '../nn/conv';
import { ReLU, Sequential } from '../nn/layers';
import type { Module } from '../nn/module';
import { BatchNorm2d, FrozenBatchNorm2d } from '../nn/norm';
import { fusedConv2d } from '../ops/fusedConv2d';
import { type Precision, toBfloat16, withPrecision } from '../ops/precision';
import { CifarBlock, CifarResNet, PreActBlock, PreActResNet } from './cifar';
import { BasicBlock, Bottleneck, ResNet } from './resnet';

/** Thrown for models with parts that can't be fused: use the model itself. */
export class CannotFuse extends Error {}

/**
 * A convolution and the batch normalization after it (in evaluation mode) as one convolution, like
 * `torch.nn.utils.fusion.fuse_conv_bn_weights`: both are linear, so scale and shift go into the filter and its bias.
 *
 * @param norm - null where none follows: the filter as it is.
 * @returns the filter like conv's [kernel, kernel, in / groups, out], and a bias [out]; the caller owns both.
 */
export function fuseConvBnWeights(
  conv: Conv2d,
  norm: Module | null,
): { filter: tf.Tensor4D; bias: tf.Tensor1D } {
  if (norm === null)
    return {
      filter: conv.weight.value.clone() as tf.Tensor4D,
      bias: conv.bias ? (conv.bias.value.clone() as tf.Tensor1D) : tf.zeros([conv.outChannels]),
    };
  mustBe(norm, [BatchNorm2d, FrozenBatchNorm2d]);
  const { weight, bias, runningMean, runningVar, eps } = norm;
  return tf.tidy(() => {
    const scale = weight.value.mul(tf.rsqrt(runningVar.value.add(eps))); // [out]
    const mean = conv.bias ? runningMean.value.sub(conv.bias.value) : runningMean.value;
    return {
      filter: tf.mul<tf.Tensor4D>(conv.weight.value, scale),
      bias: tf.sub<tf.Tensor1D>(bias.value, mean.mul(scale)),
    };
  });
}

/** A network made for inference by {@link fuse}. */
export interface FusedNetwork {
  /** Pictures [N, H, W, 3] -> logits [N, classes], as the model in evaluation mode, up to rounding. */
  forward(x: tf.Tensor): tf.Tensor2D;
  /** Pictures [N, H, W, 3] -> what goes into the model's last layer, [N, channels]. */
  features(x: tf.Tensor): tf.Tensor2D;
  /** The folded weights. */
  readonly weights: readonly tf.Tensor[];
  /** Frees them; the model keeps its own. */
  dispose(): void;
}

const BLOCKS = [BasicBlock, Bottleneck, CifarBlock, PreActBlock];

/** Of one of the classes itself and with its forward: a reader's subclass, or hook, may do something else. */
export function mustBe<C extends new (...args: never[]) => Module>(
  module: Module,
  classes: readonly C[],
): asserts module is InstanceType<C> {
  const { name } = module.constructor;
  if (!classes.some((each) => each === module.constructor)) {
    const known = classes.map((each) => each.name).join(', ');
    throw new CannotFuse(`fuse: knows ${known}, not ${name}.`);
  }
  if (Object.hasOwn(module, 'forward')) throw new CannotFuse(`fuse: a ${name} has a forward of its own.`);
}

/** Numbers alone: oneDNN's fused relu makes 0 of NaN, so a network that diverged would seem to know something. */
function mustBeFinite(...tensors: tf.Tensor[]): void {
  const finite = tf.tidy(() => tensors.every((each) => tf.all(tf.isFinite(each)).dataSync()[0] === 1));
  if (!finite) throw new CannotFuse('fuse: not all weights and statistics are finite numbers.');
}

export type Layer<T> = (x: T) => T;
/** A folded convolution: relu at its end or not, and what is added before that. */
export type FoldedConv<T> = (x: T, relu: boolean, addend?: T) => T;

/** Makes the parts of a network for inference, which hand values of type T to each other: tensors, or their names in a file. */
export interface Parts<T> {
  /** A convolution, with the normalization after it folded in; null where none follows. */
  fold(conv: Conv2d, norm: Module | null): FoldedConv<T>;
  /** Any other module, as it is in evaluation mode. */
  layer(module: Module): Layer<T>;
}

/**
 * A network for inference, part by part: the layers from the pictures up to what goes into its average pooling.
 *
 * @param model - a ResNet, a CifarResNet or a PreActResNet, of these classes themselves, as its blocks are of theirs.
 * @throws CannotFuse for others.
 */
export function inferenceLayers<T>(model: Module, parts: Parts<T>): Layer<T>[] {
  mustBe(model, [ResNet, CifarResNet, PreActResNet]);

  const step = (conv: Module, norm: Module | null): FoldedConv<T> => {
    mustBe(conv, [Conv2d]);
    return parts.fold(conv, norm);
  };

  /** The way around a block where it is more than the identity. */
  const bridge = (module: Module): Layer<T> => {
    if (!(module instanceof Sequential) || module.length !== 2) return parts.layer(module);
    mustBe(module, [Sequential]);
    const project = step(module[0], module[1]);
    return (x) => project(x, false);
  };
  const identity: Layer<T> = (x) => x;

  const preAct = (block: PreActBlock): Layer<T> => {
    const [norm, relu] = [parts.layer(block.bn1), parts.layer(block.relu)];
    const inner = step(block.conv1, block.bn2);
    const last = step(block.conv2, null);
    const around = block.shortcut ? bridge(block.shortcut) : identity;
    return (x) => {
      const activated = relu(norm(x));
      const addend = block.option === 'none' ? undefined : around(block.first ? activated : x);
      return last(inner(activated, true), false, addend);
    };
  };

  const blockOf = (block: Module): Layer<T> => {
    mustBe(block, BLOCKS);
    mustBe(block.relu, [ReLU]);
    if (block instanceof PreActBlock) return preAct(block);
    const inner = [step(block.conv1, block.bn1)];
    let last = step(block.conv2, block.bn2);
    if (block instanceof Bottleneck) {
      inner.push(last);
      last = step(block.conv3, block.bn3);
    }
    const module = block instanceof CifarBlock ? block.shortcut : block.downsample;
    const plain = block instanceof CifarBlock && block.option === 'none';
    const around = module ? bridge(module) : plain ? undefined : identity;
    return (x) => {
      const out = inner.reduce((y, conv) => conv(y, true), x);
      return last(out, true, around?.(x)); // relu(F(x) + W_s x)
    };
  };

  mustBe(model.relu, [ReLU]);
  const normFirst = model instanceof PreActResNet;
  const stem = step(model.conv1, normFirst ? null : model.bn1);
  const stages = [
    model.layer1,
    model.layer2,
    model.layer3,
    ...(model instanceof ResNet ? [model.layer4] : []),
  ];
  return [
    (x) => stem(x, !normFirst),
    ...(model instanceof ResNet ? [parts.layer(model.maxpool)] : []),
    ...stages.flatMap((stage) => {
      mustBe(stage, [Sequential]);
      return [...stage].map(blockOf);
    }),
    ...(normFirst ? [parts.layer(model.bn1), parts.layer(model.relu)] : []),
  ];
}

/**
 * Makes a network for inference: batch normalization is folded into the convolutions, and bias, addition and relu are
 * done while their results are written, where TensorFlow has kernels for that (oneDNN's, on x86-64). It computes what
 * the model computes in evaluation mode, with the weights that the model has now; of its last layer it uses the model's own.
 *
 * One difference: oneDNN's fused relu makes 0 of NaN, where TensorFlow's hands it on. So weights that are not numbers, as
 * after a run that diverged, are refused.
 *
 * @param model - a ResNet or a CifarResNet.
 * @param precision - what convolutions, and what lies between them, are computed in; default 'float32'.
 * @throws CannotFuse for other models, for blocks of the reader's own, for hooked layers (`onForward`), for normalizations
 *   that can't be folded, and for weights or running statistics that are infinite or NaN.
 */
export function fuse(model: Module, precision: Precision = 'float32'): FusedNetwork {
  mustBe(model, [ResNet, CifarResNet]);
  const kept: tf.Tensor[] = [];
  const dispose = (): void => tf.dispose(kept.splice(0));

  const fold = (conv: Conv2d, norm: Module | null): FoldedConv<tf.Tensor> => {
    const { stride, padding, dilation, groups } = conv;
    const { filter, bias } = tf.tidy(() => {
      const folded = fuseConvBnWeights(conv, norm);
      mustBeFinite(folded.filter, folded.bias);
      return precision === 'float32'
        ? folded
        : { filter: toBfloat16(folded.filter), bias: toBfloat16(folded.bias) };
    });
    kept.push(tf.keep(filter), tf.keep(bias));
    return (x, relu, addend) =>
      fusedConv2d(x as tf.Tensor4D, filter, bias, { stride, padding, dilation, groups, relu }, addend);
  };

  try {
    const layers = inferenceLayers<tf.Tensor>(model, { fold, layer: (module) => (x) => module.forward(x) });
    const features = (x: tf.Tensor): tf.Tensor2D =>
      tf.tidy(() =>
        withPrecision(precision, () => {
          let out = precision === 'float32' ? x : toBfloat16(x);
          for (const layer of layers) {
            const next = tf.tidy(() => layer(out));
            if (out !== x) out.dispose(); // not all layers' activations until the end
            out = next;
          }
          return model.avgpool.forward(out).reshape([x.shape[0], -1]);
        }),
      );
    const forward = (x: tf.Tensor): tf.Tensor2D => tf.tidy(() => model.fc.forward(features(x)));
    return { features, forward, weights: kept, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** {@link fuse}, or undefined for models that can't be fused: their own `forward` has to do. */
export function fuseIfPossible(model: Module, precision: Precision): FusedNetwork | undefined {
  try {
    return fuse(model, precision);
  } catch (error) {
    if (error instanceof CannotFuse) return undefined;
    throw error;
  }
}
