import * as tf from '@tensorflow/tfjs-node';
import { Conv2d } from '../nn/conv';
import { ReLU, Sequential } from '../nn/layers';
import type { Module } from '../nn/module';
import { BatchNorm2d, FrozenBatchNorm2d } from '../nn/norm';
import { fusedConv2d } from '../ops/fusedConv2d';
import { type Precision, toBfloat16, withPrecision } from '../ops/precision';
import { CifarBlock, CifarResNet } from './cifar';
import { BasicBlock, Bottleneck, ResNet } from './resnet';

/** Thrown for models with parts that can't be fused: use the model itself. */
export class CannotFuse extends Error {}

/**
 * A convolution and the batch normalization after it (in evaluation mode) as one convolution, like
 * `torch.nn.utils.fusion.fuse_conv_bn_weights`: both are linear, so scale and shift go into the filter and its bias.
 *
 * @returns the filter like conv's [kernel, kernel, in / groups, out], and a bias [out]; the caller owns both.
 */
export function fuseConvBnWeights(conv: Conv2d, norm: Module): { filter: tf.Tensor4D; bias: tf.Tensor1D } {
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

type Block = BasicBlock | Bottleneck | CifarBlock;
const BLOCKS = [BasicBlock, Bottleneck, CifarBlock];

/** Of one of the classes itself and with its forward: a reader's subclass, or hook, may do something else. */
function mustBe<C extends new (...args: never[]) => Module>(
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

type Layer = (x: tf.Tensor) => tf.Tensor;
/** A fused convolution: relu at its end or not, and what is added before that. */
type Step = (x: tf.Tensor, relu: boolean, addend?: tf.Tensor) => tf.Tensor;

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

  const step = (conv: Module, norm: Module): Step => {
    mustBe(conv, [Conv2d]);
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

  /** The way around a block; null where there is none, as in plain nets. */
  const bridge = (block: Block): Layer | null => {
    const module = block instanceof CifarBlock ? block.shortcut : block.downsample;
    if (module === null) return block instanceof CifarBlock && block.option === 'none' ? null : (x) => x;
    if (!(module instanceof Sequential) || module.length !== 2) return (x) => module.forward(x);
    mustBe(module, [Sequential]);
    const project = step(module[0], module[1]);
    return (x) => project(x, false);
  };

  const fuseBlock = (block: Module): Layer => {
    mustBe(block, BLOCKS);
    mustBe(block.relu, [ReLU]);
    const inner = [step(block.conv1, block.bn1)];
    let last = step(block.conv2, block.bn2);
    if (block instanceof Bottleneck) {
      inner.push(last);
      last = step(block.conv3, block.bn3);
    }
    const around = bridge(block);
    return (x) =>
      tf.tidy(() => {
        const out = inner.reduce((y, conv) => conv(y, true), x);
        return last(out, true, around?.(x)); // relu(F(x) + W_s x)
      });
  };

  try {
    mustBe(model.relu, [ReLU]);
    const stem = step(model.conv1, model.bn1);
    const stages = [
      model.layer1,
      model.layer2,
      model.layer3,
      ...(model instanceof ResNet ? [model.layer4] : []),
    ];
    const layers: Layer[] = [
      (x) => stem(x, true),
      ...(model instanceof ResNet ? [(x: tf.Tensor) => model.maxpool.forward(x)] : []),
      ...stages.flatMap((stage) => {
        mustBe(stage, [Sequential]);
        return [...stage].map(fuseBlock);
      }),
    ];
    const features = (x: tf.Tensor): tf.Tensor2D =>
      tf.tidy(() =>
        withPrecision(precision, () => {
          let out = precision === 'float32' ? x : toBfloat16(x);
          for (const layer of layers) {
            const next = layer(out);
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
