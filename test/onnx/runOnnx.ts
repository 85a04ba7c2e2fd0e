import * as tf from '@tensorflow/tfjs-node';
import { readFileSync } from 'node:fs';
import { ModelProto } from '../../src/onnx/schema';
import { conv2d } from '../../src/ops/conv2d';
import { maxPool2d } from '../../src/ops/maxPool2d';

/** A file of ONNX as protobufjs reads it, numbers of 64 bits as numbers. */
export interface OnnxFile {
  irVersion: number;
  opsetImport: { domain: string; version: number }[];
  graph: {
    node: {
      input: string[];
      output: string[];
      name: string;
      opType: string;
      attribute: { name: string; i?: number; f?: number; ints?: number[] }[];
    }[];
    initializer: { name: string; dims: number[]; dataType: number; rawData: Uint8Array }[];
    input: { name: string; type: object }[];
    output: { name: string; type: object }[];
  };
  metadataProps: { key: string; value: string }[];
}

export function readOnnx(path: string): OnnxFile {
  const message = ModelProto.decode(readFileSync(path));
  return ModelProto.toObject(message, { longs: Number, arrays: true }) as OnnxFile;
}

const toNhwc = (x: tf.Tensor) => tf.transpose(x as tf.Tensor4D, [0, 2, 3, 1]);
const toNchw = (x: tf.Tensor) => tf.transpose(x as tf.Tensor4D, [0, 3, 1, 2]);

/** Runs a graph node by node, by the meaning that ONNX gives its operators. @param x - [N, 3, H, W] // logits [N, classes] */
export function runOnnx({ graph }: OnnxFile, x: tf.Tensor4D): tf.Tensor {
  return tf.tidy(() => {
    const values = new Map<string, tf.Tensor>([['pictures', x]]);
    for (const { name, dims, dataType, rawData } of graph.initializer) {
      const bytes = new Uint8Array(rawData).buffer; // a copy: the file has them at any place
      const numbers =
        dataType === 1 ? new Float32Array(bytes) : Float32Array.from(new BigInt64Array(bytes), Number);
      values.set(name, tf.tensor(numbers, dims));
    }
    for (const { opType, input, output, attribute } of graph.node) {
      const inputs = input.map((name) => values.get(name)!);
      const given = Object.fromEntries(
        attribute.map(({ name, i, f, ints }) => [name, ints?.length ? ints : (f ?? i!)]),
      );
      values.set(output[0], run(opType, inputs, given));
    }
    return values.get(graph.output[0].name)!;
  });
}

function run(opType: string, [x, ...rest]: tf.Tensor[], given: Record<string, number | number[]>): tf.Tensor {
  const first = (name: string): number => (given[name] as number[])[0];
  switch (opType) {
    case 'Conv': {
      const filter = tf.transpose(rest[0] as tf.Tensor4D, [2, 3, 1, 0]);
      const options = { stride: first('strides'), padding: first('pads'), dilation: first('dilations') };
      return toNchw(
        tf.add(conv2d(toNhwc(x), filter, { ...options, groups: given.group as number }), rest[1]),
      );
    }
    case 'MaxPool': {
      const options = { kernelSize: first('kernel_shape'), stride: first('strides'), padding: first('pads') };
      return toNchw(maxPool2d(toNhwc(x), options));
    }
    case 'BatchNormalization': {
      const [scale, offset, mean, variance] = rest.map((each) => each.reshape([1, -1, 1, 1]));
      return x
        .sub(mean)
        .div(tf.sqrt(variance.add(given.epsilon as number)))
        .mul(scale)
        .add(offset);
    }
    case 'Pad': {
      const ends = rest[0].dataSync();
      return tf.pad(
        x,
        x.shape.map((_, axis): [number, number] => [ends[axis], ends[axis + x.rank]]),
      );
    }
    case 'GlobalAveragePool':
      return tf.mean(x, [2, 3], true);
    case 'Flatten':
      return x.reshape([x.shape[0], -1]);
    case 'Gemm':
      return tf.matMul(x, rest[0], false, given.transB === 1).add(rest[1]);
    case 'Add':
      return tf.add(x, rest[0]);
    case 'Relu':
      return tf.relu(x);
    default:
      throw new Error(`an unknown operator: ${opType}`);
  }
}
