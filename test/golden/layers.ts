import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/locations';
import type { Module } from '../../src/nn/module';
import { relativeError, summary, uniform } from './formula';

/** A layer's forward and backward pass in numbers; shapes and values in torch's layout. */
export interface PassRecord {
  shape: number[];
  y: number[];
  dx: number[];
  parameters: Record<string, number[]>;
}

interface Convolution {
  side: number;
  kernel: number;
  stride: number;
  padding: number;
  dilation: number;
  groups: number;
}

interface Golden {
  convolutions: (Convolution & PassRecord)[];
  batch_norms: Record<string, PassRecord & { buffers: Record<string, number[]> }>;
  pools: ({ side: number; kernel: number; stride: number; padding: number } & PassRecord)[];
  others: Record<'relu' | 'avgpool' | 'linear', PassRecord>;
  losses: { smoothing: number; scale: number; loss: number; dx: number[] }[];
  margin_losses: { p: 1 | 2; margin: number; scale: number; loss: number; dx: number[] }[];
  initializations: Record<'fan_in' | 'fan_out', number> &
    Record<'conv.weight' | 'conv.bias' | 'linear.weight' | 'linear.bias', [number, number]>;
}

/** What torch gave: see test/golden/layers.py. */
export const golden = JSON.parse(
  readFileSync(join(projectRoot(), 'test/golden/layers.json'), 'utf8'),
) as Golden;

/** A tensor's values in torch's layout. */
function torchValues(tensor: tf.Tensor, layout: 'image' | 'filter' | 'same'): Float32Array {
  const order = { image: [0, 3, 1, 2], filter: [3, 2, 0, 1], same: undefined }[layout];
  return tf.tidy(() => (order ? tf.transpose(tensor, order) : tensor).dataSync<'float32'>());
}

/** Runs a layer and takes the gradients of <output, random>, as layers.py does. */
export function pass(layer: Module, x: tf.Tensor): PassRecord {
  const parameters = layer.namedParameters();
  return tf.tidy(() => {
    const layout = x.rank === 4 ? 'image' : 'same';
    let y: tf.Tensor | undefined;
    const { grads } = tf.engine().gradients(() => {
      const output = layer.forward(x);
      y = tf.keep(output.clone());
      const [n, height, width, channels] = output.shape;
      const random = uniform('dy', output.size);
      const dy =
        output.rank === 4
          ? tf.tensor4d(random, [n, channels, height, width]).transpose([0, 2, 3, 1])
          : tf.tensor(random, output.shape);
      return tf.sum(tf.mul(output, dy));
    }, [x, ...parameters.map(([, parameter]) => parameter.value)]);
    const output = y!;
    const [n, height, width, channels] = output.shape;
    const record = {
      shape: output.rank === 4 ? [n, channels, height, width] : output.shape,
      y: summary(torchValues(output, layout), 'y'),
      dx: summary(torchValues(grads[0], layout), 'dx'),
      parameters: Object.fromEntries(
        parameters.map(([name, { layout }], i) => [name, summary(torchValues(grads[i + 1], layout), name)]),
      ),
    };
    output.dispose();
    return record;
  });
}

/** Holds a layer's pass to torch's and checks that no tensor is left behind. */
export function assertPass(layer: Module, x: tf.Tensor, expected: PassRecord, what: string): void {
  const before = tf.memory().numTensors;
  const actual = pass(layer, x);
  assert.equal(tf.memory().numTensors, before, `${what}: tensors left behind`);
  assert.deepEqual(actual.shape, expected.shape, what);
  assert.deepEqual(Object.keys(actual.parameters), Object.keys(expected.parameters), what);
  const pairs: [string, number[], number[]][] = [
    ['output', actual.y, expected.y],
    ['dx', actual.dx, expected.dx],
    ...Object.keys(expected.parameters).map((name): [string, number[], number[]] => [
      `gradient of ${name}`,
      actual.parameters[name],
      expected.parameters[name],
    ]),
  ];
  for (const [part, a, e] of pairs) {
    const error = relativeError(a, e);
    assert.ok(error < 1e-5, `${what}: ${part} is off by ${error}: ${a.join(', ')} instead of ${e.join(', ')}`);
  }
}
