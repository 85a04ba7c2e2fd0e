import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conv2d } from '../../src/ops/conv2d';
import { groupedFilterGradient, groupedInputGradient } from '../../src/ops/groupedConv2dGradients';
import { pictures, relativeError, uniform } from '../golden/formula';

// test/nn/conv.test.ts holds conv2d's gradients to torch's; here the composed ones are held to those.
test('the gradients composed for TensorFlow without oneDNN are those that conv2d gives', () => {
  const before = tf.memory().numTensors;
  for (const [side, kernel, stride, padding, dilation, groups] of [
    [8, 3, 1, 1, 1, 4],
    [8, 3, 2, 1, 1, 4],
    [7, 3, 2, 1, 1, 8],
    [9, 3, 1, 2, 2, 2],
    [12, 3, 2, 2, 2, 1],
    [11, 2, 3, 0, 1, 4],
    [8, 1, 2, 0, 1, 2],
  ]) {
    tf.tidy(() => {
      const options = { stride, padding, dilation, groups };
      const x = pictures('x', [2, 8, side, side + 1]);
      const filter = tf.tensor4d(uniform('filter', (kernel ** 2 * 8 * 16) / groups), [
        kernel,
        kernel,
        8 / groups,
        16,
      ]);
      const { shape } = conv2d(x, filter, options);
      const dy = tf.tensor4d(uniform('dy', tf.util.sizeFromShape(shape)), shape);
      const [dx, dFilter] = tf.grads((...[a, b]: tf.Tensor[]) =>
        conv2d(a as tf.Tensor4D, b as tf.Tensor4D, options),
      )([x, filter], dy);
      const composed = [
        groupedInputGradient(dy, x, filter, options),
        groupedFilterGradient(dy, x, filter, options),
      ];
      [dx, dFilter].forEach((gradient, i) => {
        assert.deepEqual(composed[i].shape, gradient.shape);
        const error = relativeError(composed[i].dataSync(), gradient.dataSync());
        assert.ok(error < 1e-5, `${JSON.stringify({ side, kernel, ...options })}: off by ${error}`);
      });
    });
  }
  assert.equal(tf.memory().numTensors, before);
});
