import * as tf from '@tensorflow/tfjs-node';
import { withPath, writeAtomically } from '../checkpoint/file';
import { checkNumber } from '../checkNumber';
import { PaddedShortcut } from '../models/cifar';
import {
  CannotFuse,
  type Layer,
  type Parts,
  fuseConvBnWeights,
  inferenceLayers,
  mustBe,
} from '../models/fuse';
import type { Conv2d } from '../nn/conv';
import { AdaptiveAvgPool2d, Linear, MaxPool2d, ReLU } from '../nn/layers';
import type { Module } from '../nn/module';
import { BatchNorm2d, FrozenBatchNorm2d } from '../nn/norm';
import { ModelProto } from './schema';

/** The set of operators that is written, of ONNX 1.12; the newest of what is used (BatchNormalization) came with 15. */
const OPSET = 17;
const IR_VERSION = 8;
/** Protocol buffers hold no more. */
const MAX_BYTES = 2 ** 31 - 1;

export interface OnnxOptions {
  /** Height and width of the pictures, in pixels. */
  size: number;
  /** What else the file says of itself, by name, such as its classes. */
  metadata?: Readonly<Record<string, string>>;
}

/** An attribute of a node: a number or numbers, all integers, or a number with a fraction. */
type Attribute = number | readonly number[] | { float: number };

/**
 * Writes a network as an ONNX file (opset 17, IR version 8) that any runtime of ONNX reads: input "pictures",
 * float32 [batch, 3, size, size] (channels first, as torch's), output "logits", [batch, classes]; the batch may be of any
 * length. It computes what the network computes in evaluation mode, with batch normalization folded into the convolution
 * before it. Only where none comes before it, in the pre-activation networks, it is a node of its own.
 *
 * The file is written whole or not at all.
 *
 * @param network - a ResNet, a CifarResNet or a PreActResNet.
 * @throws Error for other networks, for blocks of the reader's own and normalizations other than batch normalization, and
 *   for weights that are infinite or NaN. CheckpointError where the file cannot be written.
 */
export function saveOnnx(
  path: string,
  network: Module & { avgpool: Module; fc: Module },
  { size, metadata = {} }: OnnxOptions,
): void {
  checkNumber('saveOnnx: size', size, { from: 1, integer: true });
  const bytes = ModelProto.encode({
    irVersion: IR_VERSION,
    opsetImport: [{ domain: '', version: OPSET }],
    producerName: 'resnet-workbook',
    graph: graphOf(network, size),
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  }).finish();
  withPath(path, 'write', () => writeAtomically(path, (write) => write(bytes)));
}

/** A GraphProto, as an object. */
function graphOf(network: Module & { avgpool: Module; fc: Module }, size: number): object {
  const names = new Map(network.namedModules().map(([name, module]) => [module, name]));
  const graph = new GraphBuilder();
  const named = (module: Module): string => names.get(module) ?? module.constructor.name;

  const fold: Parts<string>['fold'] = (conv, norm) => {
    const name = named(conv);
    const weights = [...foldedWeights(conv, norm)].map(([key, shape, values]) =>
      graph.tensor(`${name}.${key}`, shape, values),
    );
    const [kernel, pad] = [conv.kernelSize, conv.padding];
    const attributes = {
      kernel_shape: [kernel, kernel],
      strides: [conv.stride, conv.stride],
      pads: [pad, pad, pad, pad],
      dilations: [conv.dilation, conv.dilation],
      group: conv.groups,
    };
    return (x, relu, addend) => {
      const y = graph.node('Conv', name, [x, ...weights], attributes);
      const sum = addend === undefined ? y : graph.node('Add', `${name}.add`, [y, addend]);
      return relu ? graph.node('Relu', `${name}.relu`, [sum]) : sum;
    };
  };

  try {
    const layers = inferenceLayers<string>(network, {
      fold,
      layer: (module) => layerOf(module, named(module), graph),
    });
    const { avgpool, fc } = network;
    mustBe(avgpool, [AdaptiveAvgPool2d]);
    mustBe(fc, [Linear]);
    const maps = layers.reduce((x, layer) => layer(x), 'pictures');
    const pooled = graph.node('GlobalAveragePool', 'avgpool', [maps]);
    const features = graph.node('Flatten', 'features', [pooled], { axis: 1 });
    const { inFeatures, outFeatures } = fc;
    const head = [
      graph.tensor('fc.weight', [outFeatures, inFeatures], fc.weight.value.dataSync<'float32'>()),
      graph.tensor('fc.bias', [outFeatures], fc.bias.value.dataSync<'float32'>()),
    ];
    graph.node('Gemm', 'logits', [features, ...head], { transB: 1 });
    return {
      name: network.constructor.name,
      node: graph.nodes,
      initializer: graph.tensors,
      input: [valueInfo('pictures', ['batch', 3, size, size])],
      output: [valueInfo('logits', ['batch', outFeatures])],
    };
  } catch (error) {
    if (!(error instanceof CannotFuse)) throw error;
    throw new Error(`saveOnnx: this network can't be written. ${error.message}`, { cause: error });
  }
}

/** What is no convolution. */
function layerOf(module: Module, name: string, graph: GraphBuilder): Layer<string> {
  mustBe(module, [ReLU, MaxPool2d, PaddedShortcut, BatchNorm2d, FrozenBatchNorm2d]);
  if (module instanceof BatchNorm2d || module instanceof FrozenBatchNorm2d) {
    const { weight, bias, runningMean, runningVar, eps, numFeatures } = module;
    const inputs = Object.entries({ weight, bias, mean: runningMean, var: runningVar }).map(
      ([key, { value }]) => graph.tensor(`${name}.${key}`, [numFeatures], value.dataSync<'float32'>()),
    );
    return (x) => graph.node('BatchNormalization', name, [x, ...inputs], { epsilon: { float: eps } });
  }
  if (module instanceof MaxPool2d) {
    const { kernelSize, stride, padding } = module;
    return (x) => graph.node('MaxPool', name, [x], pool(kernelSize, stride, padding));
  }
  if (module instanceof PaddedShortcut) {
    const { inPlanes, outPlanes, stride } = module;
    const before = Math.floor((outPlanes - inPlanes) / 2);
    const ends = [0, before, 0, 0, 0, outPlanes - inPlanes - before, 0, 0]; // of the four axes, then their other ends
    const pads = graph.tensor(`${name}.pads`, [8], BigInt64Array.from(ends, BigInt));
    return (x) => {
      const fewer = graph.node('MaxPool', `${name}.subsampled`, [x], pool(1, stride, 0));
      return graph.node('Pad', name, [fewer, pads]);
    };
  }
  return (x) => graph.node('Relu', `${x}.relu`, [x]);
}

const pool = (kernel: number, stride: number, padding: number): Record<string, Attribute> => ({
  kernel_shape: [kernel, kernel],
  strides: [stride, stride],
  pads: [padding, padding, padding, padding],
});

/** Filter and bias in torch's order. */
function* foldedWeights(conv: Conv2d, norm: Module | null): Generator<[string, number[], Float32Array]> {
  const { filter, bias } = fuseConvBnWeights(conv, norm);
  const torch = tf.transpose(filter, [3, 2, 0, 1]);
  try {
    yield ['weight', torch.shape, torch.dataSync<'float32'>()];
    yield ['bias', bias.shape, bias.dataSync<'float32'>()];
  } finally {
    tf.dispose([filter, bias, torch]);
  }
}

/** Collects the nodes and the tensors of a GraphProto. */
class GraphBuilder {
  readonly nodes: object[] = [];
  readonly tensors: object[] = [];
  private bytes = 0;

  /** @returns the tensor's name, for the nodes that take it. */
  tensor(name: string, dims: readonly number[], values: Float32Array | BigInt64Array): string {
    if (values instanceof Float32Array && !values.every(Number.isFinite))
      throw new CannotFuse(`Not all numbers of ${name} are finite.`);
    this.bytes += values.byteLength;
    if (this.bytes > MAX_BYTES)
      throw new CannotFuse(`It has more than the ${MAX_BYTES} bytes that ONNX's format holds.`);
    const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.tensors.push({ name, dims, dataType: values instanceof Float32Array ? 1 : 7, rawData });
    return name;
  }

  /** @returns the name of its output, which is the node's own. */
  node(opType: string, name: string, input: string[], attributes: Record<string, Attribute> = {}): string {
    const attribute = Object.entries(attributes).map(([key, value]) => {
      if (typeof value === 'number') return { name: key, type: 2, i: value };
      return 'float' in value ? { name: key, type: 1, f: value.float } : { name: key, type: 7, ints: value };
    });
    this.nodes.push({ opType, name, input, output: [name], attribute });
    return name;
  }
}

/** A ValueInfoProto of float32; an axis of no certain size has a name. */
function valueInfo(name: string, axes: readonly (string | number)[]): object {
  const dim = axes.map((axis) => (typeof axis === 'string' ? { dimParam: axis } : { dimValue: axis }));
  return { name, type: { tensorType: { elemType: 1, shape: { dim } } } };
}
