import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Module } from '../../src/nn/module';
import { BatchNorm2d, FrozenBatchNorm2d, GroupNorm } from '../../src/nn/norm';
import type { StateDict } from '../../src/state/stateDict';
import { fill, pictures, relativeError } from '../golden/formula';
import { assertPass, golden } from '../golden/layers';

const LAYERS: Record<string, () => Module> = {
  default: () => new BatchNorm2d(6),
  'momentum 0.3, eps 1e-3': () => new BatchNorm2d(6, { eps: 1e-3, momentum: 0.3 }),
  frozen: () => new FrozenBatchNorm2d(6),
  'groups of 3': () => new GroupNorm(2, 6),
  'one group': () => new GroupNorm(1, 6, { eps: 1e-3 }),
};

function input(): tf.Tensor {
  return tf.tidy(() => pictures('x', [3, 6, 4, 5], 2).add(0.5));
}

function numbers(dict: StateDict, name: string): number[] {
  return [...dict.get(name)!.data].map(Number);
}

for (const [name, expected] of Object.entries(golden.batch_norms)) {
  test(`normalization (${name}): output, gradients and running statistics are torch's`, () => {
    const [, layerName, mode] = /^(.*), (train|eval)$/.exec(name)!;
    const layer = fill(LAYERS[layerName]()).train(mode === 'train');
    const x = input();
    assertPass(layer, x, expected, name);
    const dict = layer.stateDict();
    for (const [buffer, values] of Object.entries(expected.buffers)) {
      const error = relativeError(numbers(dict, buffer), values);
      assert.ok(error < 1e-6, `${buffer} is off by ${error}`);
    }
    layer.dispose();
    x.dispose();
  });
}

test('running statistics follow the batch: momentum 0.1, the variance unbiased, batches counted as int64', () => {
  const layer = new BatchNorm2d(1);
  const x = tf.tensor4d([1, 2, 3, 6], [4, 1, 1, 1]); // mean 3, biased variance 3.5, unbiased 14/3
  layer.forward(x).dispose();
  const dict = layer.stateDict();
  assert.ok(Math.abs(numbers(dict, 'running_mean')[0] - 0.3) < 1e-6);
  assert.ok(Math.abs(numbers(dict, 'running_var')[0] - (0.9 + 0.1 * (14 / 3))) < 1e-6);
  assert.deepEqual(dict.get('num_batches_tracked'), {
    dtype: 'int64',
    shape: [],
    data: BigInt64Array.of(1n),
  });
  layer.dispose();
  x.dispose();
});

test('statistics never move in evaluation mode, nor when frozen, whatever the mode', () => {
  for (const layer of [fill(new BatchNorm2d(6)).eval(), fill(new FrozenBatchNorm2d(6)).train()]) {
    const before = layer.stateDict();
    const x = input();
    for (let i = 0; i < 3; i++) layer.forward(x).dispose();
    assert.deepEqual(layer.stateDict(), before);
    layer.dispose();
    x.dispose();
  }
});

test('a frozen normalization has no parameters, and loads what BatchNorm2d saved', () => {
  const [batch, frozen] = [fill(new BatchNorm2d(6)).eval(), new FrozenBatchNorm2d(6)];
  assert.deepEqual(frozen.parameters(), []);
  assert.deepEqual([...frozen.stateDict().keys()], ['weight', 'bias', 'running_mean', 'running_var']);
  assert.deepEqual(frozen.loadStateDict(batch.stateDict()), { missingKeys: [], unexpectedKeys: [] });
  const x = input();
  const [a, b] = [batch.forward(x), frozen.forward(x)];
  assert.ok(relativeError(a.dataSync(), b.dataSync()) < 1e-6);
  tf.dispose([x, a, b]);
  batch.dispose();
  frozen.dispose();
});

test('BatchNorm2d loads a checkpoint from before torch counted batches', () => {
  const layer = new BatchNorm2d(6);
  const dict = fill(layer).stateDict();
  dict.delete('num_batches_tracked');
  assert.deepEqual(layer.loadStateDict(dict).missingKeys, []);
  layer.dispose();
});

test('normalizations refuse what torch refuses', () => {
  const layer = new BatchNorm2d(6);
  const [one, wrong] = [tf.zeros([1, 1, 1, 6]), tf.zeros([1, 2, 2, 5])];
  assert.throws(() => layer.forward(one), /more than 1 value per channel when training, got \[1, 1, 1, 6\]/);
  assert.throws(() => layer.forward(wrong), /expected \[N, H, W, 6\] \(channels last\), got \[1, 2, 2, 5\]/);
  layer.eval().forward(one).dispose(); // evaluation needs no statistics of the batch
  assert.throws(() => new GroupNorm(4, 6), /num_channels \(6\) must be divisible by num_groups \(4\)/);
  tf.dispose([one, wrong]);
  layer.dispose();
});
