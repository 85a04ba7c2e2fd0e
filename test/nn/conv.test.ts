import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Conv2d } from '../../src/nn/conv';
import { fill, pictures } from '../golden/formula';
import { assertPass, golden } from '../golden/layers';

test(`Conv2d and its gradients are torch's in ${golden.convolutions.length} combinations of size, kernel, stride, padding, dilation and groups`, () => {
  for (const expected of golden.convolutions) {
    const { side, kernel, ...options } = expected;
    const layer = fill(new Conv2d(8, 12, { ...options, kernelSize: kernel, bias: side === 7 }));
    const x = pictures('x', [2, 8, side, side + 1]);
    const { stride, padding, dilation, groups } = options;
    assertPass(layer, x, expected, JSON.stringify({ side, kernel, stride, padding, dilation, groups }));
    layer.dispose();
    x.dispose();
  }
});

test('a frozen filter costs no gradient, and x gets its own alone', () => {
  const layer = fill(new Conv2d(8, 12, { kernelSize: 3, padding: 1, groups: 4 }));
  const x = pictures('x', [2, 8, 5, 5]);
  const [dx] = tf.grads((input: tf.Tensor) => tf.sum(layer.forward(input)))([x]);
  assert.deepEqual(dx.shape, x.shape);
  tf.dispose([dx, x]);
  layer.dispose();
});

test('Conv2d says what it expects', () => {
  assert.throws(
    () => new Conv2d(6, 8, { kernelSize: 1, groups: 4 }),
    /inChannels \(6\).*divisible by groups \(4\)/,
  );
  const layer = new Conv2d(3, 4, { kernelSize: 1 });
  const torchLayout = tf.zeros([1, 3, 8, 8]);
  assert.throws(
    () => layer.forward(torchLayout),
    /expected \[N, H, W, 3\] \(channels last\), got \[1, 3, 8, 8\]/,
  );
  torchLayout.dispose();
  layer.dispose();
});
