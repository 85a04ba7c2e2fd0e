import * as tf from '@tensorflow/tfjs-node';
import { Conv2d } from '../nn/conv';
import { Linear } from '../nn/layers';
import { onForward } from '../nn/hooks';
import { evalForNow } from '../nn/mode';
import type { Module } from '../nn/module';
import type { Parameter } from '../nn/parameter';

/** One layer of a network; also a row for `showTable`. */
export type LayerSummary = {
  /** "layer1.0.conv1" */
  name: string;
  /** "Conv2d" */
  type: string;
  /** Of one forward pass, "[1, 56, 56, 64]"; a layer used several times shows the last. */
  outputShape: string;
  /** Trainable or not. */
  parameters: number;
  /** Multiply-adds of convolutions and matrix products, which is what the paper and torchvision count as FLOPs. */
  flops: number;
};

export interface Summary {
  /** The layers (modules without modules in them) in the order in which they ran. */
  layers: LayerSummary[];
  /** All parameters, also of layers that did not run. */
  parameters: number;
  /** Parameters that require gradients. */
  trainableParameters: number;
  /** Multiply-adds of one forward pass. */
  flops: number;
}

/** Multiply-adds of one pass: each output needs one per weight that it sees. */
function multiplyAdds(module: Module, output: tf.Tensor): number {
  if (module instanceof Conv2d) return (output.size * module.weight.size) / module.outChannels;
  if (module instanceof Linear) return output.size * module.inFeatures;
  return 0;
}

const count = (parameters: Parameter[]): number => parameters.reduce((sum, { size }) => sum + size, 0);

/**
 * Runs a model once on zeros and lists its layers, with output shapes, parameters and multiply-adds. The model is not
 * changed: it runs in evaluation mode, and each module's mode is put back.
 *
 * @param inputShape - [N, H, W, C], e.g. [1, 224, 224, 3].
 */
export function summarize(model: Module, inputShape: readonly [number, number, number, number]): Summary {
  const layers = new Map<Module, LayerSummary>();
  const takeOff = onForward(model, (name, module, _input, output) => {
    if (module.children().length > 0) return;
    const parameters = count(module.parameters());
    const type = module.constructor.name;
    const row = layers.get(module) ?? { name, type, outputShape: '', parameters, flops: 0 };
    row.outputShape = `[${output.shape.join(', ')}]`;
    row.flops += multiplyAdds(module, output);
    layers.set(module, row);
  });
  const restore = evalForNow(model);
  try {
    tf.tidy(() => void model.forward(tf.zeros([...inputShape])));
  } finally {
    takeOff();
    restore();
  }
  const parameters = model.parameters();
  return {
    layers: [...layers.values()],
    parameters: count(parameters),
    trainableParameters: count(parameters.filter(({ requiresGrad }) => requiresGrad)),
    flops: [...layers.values()].reduce((sum, { flops }) => sum + flops, 0),
  };
}
