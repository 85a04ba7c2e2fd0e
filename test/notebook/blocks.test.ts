import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs-node';
import { CifarBlock } from '../../src/models/cifar';
import { BasicBlock, Bottleneck, conv1x1 } from '../../src/models/resnet';
import { BatchNorm2d } from '../../src/nn/norm';
import { Sequential } from '../../src/nn/layers';
import { traceBlock } from '../../src/notebook/blocks';

const labels = (steps: { label: string }[] | null) => steps?.map(({ label }) => label);

test('an identity shortcut is found as an addition with no layer beside F(x)', () => {
  const block = new BasicBlock(8, 8);
  const trace = traceBlock(block, [1, 6, 6, 8]);
  assert.deepEqual(labels(trace.main), [
    '3×3 conv, 8 → 8',
    'batch norm',
    'relu',
    '3×3 conv, 8 → 8',
    'batch norm',
  ]);
  assert.deepEqual(labels(trace.shortcut), []);
  assert.deepEqual(labels(trace.after), ['relu']);
  block.dispose();
});

test('the layers of a projection are told from those of F(x), with their shapes', () => {
  const downsample = new Sequential(conv1x1(16, 32, 2), new BatchNorm2d(32));
  const block = new Bottleneck(16, 8, { stride: 2, downsample });
  const trace = traceBlock(block, [2, 6, 6, 16]);
  assert.equal(trace.main.length, 8);
  assert.deepEqual(labels(trace.shortcut), ['1×1 conv, 16 → 32, /2', 'batch norm']);
  assert.deepEqual(trace.shortcut?.[1].shape, [2, 3, 3, 32]);
  assert.deepEqual(trace.output, [2, 3, 3, 32]);
  block.dispose();
});

test('a plain block has no shortcut, and option A shows its subsampling', () => {
  const plain = new CifarBlock(4, 8, 2, 'none');
  const padded = new CifarBlock(4, 8, 2, 'A');
  assert.equal(traceBlock(plain, [1, 8, 8, 4]).shortcut, null);
  assert.deepEqual(labels(traceBlock(padded, [1, 8, 8, 4]).shortcut), ['subsample, zero-pad']);
  plain.dispose();
  padded.dispose();
});

test('tracing leaves the block as it was', () => {
  const block = new BasicBlock(4, 4);
  const x = tf.randomNormal([2, 5, 5, 4]);
  const { numTensors } = tf.memory();
  const before = [...block.stateDict().entries()].map(([name, { data }]) => [
    name,
    [...(data as Float32Array)],
  ]);
  traceBlock(block, [1, 5, 5, 4]);
  assert.equal(tf.memory().numTensors, numTensors);
  assert.equal(block.training, true);
  assert.equal(Object.hasOwn(block.conv1, 'forward'), false);
  const after = [...block.stateDict().entries()].map(([name, { data }]) => [
    name,
    [...(data as Float32Array)],
  ]);
  assert.deepEqual(after, before);
  block.forward(x).dispose();
  block.dispose();
  x.dispose();
});
