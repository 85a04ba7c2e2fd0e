import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdaptiveAvgPool2d, Identity, Linear, MaxPool2d, ReLU, Sequential } from '../../src/nn/layers';
import { fill, pictures, uniform } from '../golden/formula';
import { assertPass, golden } from '../golden/layers';

test("MaxPool2d and its gradient are torch's; padding never wins", () => {
  for (const expected of golden.pools) {
    const { side, kernel, stride, padding } = expected;
    const x = tf.tidy(() => pictures('x', [2, 3, side, side + 1]).sub(2));
    assertPass(
      new MaxPool2d({ kernelSize: kernel, stride, padding }),
      x,
      expected,
      JSON.stringify({ side, kernel, stride, padding }),
    );
    x.dispose();
  }
});

test("ReLU, AdaptiveAvgPool2d and Linear are torch's, with their gradients", () => {
  const image = pictures('x', [2, 3, 5, 6]);
  const x = tf.tensor2d(uniform('x', 35), [5, 7]);
  const linear = fill(new Linear(7, 4));
  assertPass(new ReLU(), image, golden.others.relu, 'ReLU');
  assertPass(new AdaptiveAvgPool2d(), image, golden.others.avgpool, 'AdaptiveAvgPool2d');
  assertPass(linear, x, golden.others.linear, 'Linear');
  tf.dispose([image, x]);
  linear.dispose();
});

test('Sequential runs its modules in order and names them by number', () => {
  const net = new Sequential(new Linear(2, 3), new ReLU(), new Identity(), new Linear(3, 1));
  assert.equal(net.length, 4);
  assert.ok(net[1] instanceof ReLU);
  assert.deepEqual([...net.stateDict().keys()], ['0.weight', '0.bias', '3.weight', '3.bias']);
  const before = tf.memory().numTensors;
  const x = tf.ones([5, 2]);
  const y = net.forward(x);
  assert.deepEqual(y.shape, [5, 1]);
  assert.equal(tf.memory().numTensors, before + 2);
  tf.dispose([x, y]);
  net.dispose();
  assert.equal(tf.memory().numTensors, before - 4 * 2); // a variable is a handle and its value
});

test('Linear says what it expects', () => {
  const linear = new Linear(512, 4);
  const x = tf.zeros([2, 1, 1, 512]);
  assert.throws(() => linear.forward(x), /Linear: expected \[N, 512\], got \[2, 1, 1, 512\]/);
  x.dispose();
  linear.dispose();
});
