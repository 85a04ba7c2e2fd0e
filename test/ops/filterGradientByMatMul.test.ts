import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasBfloat16 } from '../../src/ops/bfloat16';
import { conv2d } from '../../src/ops/conv2d';
import { filterGradientByMatMul, isWide } from '../../src/ops/filterGradientByMatMul';
import { groupedFilterGradient } from '../../src/ops/groupedConv2dGradients';
import { toBfloat16, withPrecision } from '../../src/ops/precision';
import { pictures, relativeError, uniform } from '../golden/formula';

function fieldOf(name: string, shape: [number, number, number, number]): tf.Tensor4D {
  return tf.tensor4d(uniform(name, tf.util.sizeFromShape(shape)), shape);
}

function filterGradient(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  dy: tf.Tensor,
  options: Parameters<typeof conv2d>[2],
): tf.Tensor {
  return tf.grad((w: tf.Tensor) => conv2d(x, w as tf.Tensor4D, options))(filter, dy);
}

// test/nn/conv.test.ts holds conv2d's gradients to torch's at 8 channels, where oneDNN computes them
test('the gradient of a filter as a matrix product is the one that conv2d gives', () => {
  const before = tf.memory().numTensors;
  for (const [side, kernel, padding, dilation] of [
    [7, 3, 1, 1],
    [6, 1, 0, 1],
    [8, 5, 0, 1],
    [9, 3, 2, 2],
    [5, 2, 1, 1],
  ]) {
    tf.tidy(() => {
      const options = { stride: 1, padding, dilation, groups: 1 };
      const x = pictures('x', [2, 8, side, side + 1]);
      const filter = fieldOf('filter', [kernel, kernel, 8, 12]);
      const dy = fieldOf('dy', conv2d(x, filter, options).shape);
      assert.equal(isWide(x, filter, options), false);
      const error = relativeError(
        filterGradientByMatMul(dy, x, filter.shape, options).dataSync(),
        filterGradient(x, filter, dy, options).dataSync(),
      );
      assert.ok(error < 1e-5, `${JSON.stringify({ side, kernel, ...options })}: off by ${error}`);
    });
  }
  assert.equal(tf.memory().numTensors, before);
});

test(
  'in bfloat16, with 512 channels, conv2d takes the product, and the gradient is right',
  { skip: !hasBfloat16() && 'no bfloat16' },
  () => {
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const options = { stride: 1, padding: 1, dilation: 1, groups: 1 };
      const x = fieldOf('x', [2, 3, 4, 512]);
      const filter = fieldOf('filter', [3, 3, 512, 6]);
      const dy = fieldOf('dy', [2, 3, 4, 6]);
      const rounded = toBfloat16(x);
      assert.equal(isWide(x, filter, options), false);
      assert.equal(isWide(rounded, filter, options), true);
      assert.equal(isWide(rounded, filter, { ...options, stride: 2 }), false);
      assert.equal(isWide(rounded, filter, { ...options, groups: 2 }), false);
      const gradient = withPrecision('bfloat16', () =>
        filterGradient(rounded, filter, toBfloat16(dy), options),
      );
      const expected = groupedFilterGradient(dy, x, filter, options).dataSync();
      const error = relativeError(gradient.dataSync(), expected);
      assert.ok(error > 0 && error < 2 ** -7, `off by ${error}`); // two factors and a sum, each rounded to 8 bits
    });
    assert.equal(tf.memory().numTensors, before);
  },
);
