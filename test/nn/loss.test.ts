import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CrossEntropyLoss, MultiMarginLoss } from '../../src/nn/loss';
import { relativeError, uniform } from '../golden/formula';
import { golden } from '../golden/layers';

test("CrossEntropyLoss and its gradient are torch's, with label smoothing and with huge logits", () => {
  const before = tf.memory().numTensors;
  for (const { smoothing, scale, loss, dx } of golden.losses) {
    tf.tidy(() => {
      const logits = tf.tensor2d(uniform('logits', 30), [6, 5]).mul<tf.Tensor2D>(scale);
      const labels = tf.tensor1d([0, 1, 2, 3, 4, 0], 'int32');
      const lossFunc = new CrossEntropyLoss({ labelSmoothing: smoothing });
      const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => lossFunc.forward(x as tf.Tensor2D, labels))(
        logits,
      );
      const what = `smoothing ${smoothing}, scale ${scale}`;
      assert.ok(
        relativeError(value.dataSync(), [loss]) < 1e-6,
        `${what}: ${value.dataSync()[0]}, torch has ${loss}`,
      );
      assert.ok(relativeError(grad.dataSync(), dx) < 1e-6, what);
    });
  }
  assert.equal(tf.memory().numTensors, before);
});

test("MultiMarginLoss and its gradient are torch's, for both powers and other margins", () => {
  const before = tf.memory().numTensors;
  assert.equal(golden.margin_losses.length, 5);
  for (const { p, margin, scale, loss, dx } of golden.margin_losses) {
    tf.tidy(() => {
      const outputs = tf.tensor2d(uniform('outputs', 30), [6, 5]).mul<tf.Tensor2D>(scale);
      const labels = tf.tensor1d([0, 1, 2, 3, 4, 0], 'int32');
      const lossFunc = new MultiMarginLoss({ p, margin });
      const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => lossFunc.forward(x as tf.Tensor2D, labels))(
        outputs,
      );
      const what = `p ${p}, margin ${margin}, scale ${scale}`;
      assert.ok(
        relativeError(value.dataSync(), [loss]) < 1e-6,
        `${what}: ${value.dataSync()[0]}, torch has ${loss}`,
      );
      assert.ok(relativeError(grad.dataSync(), dx) < 1e-6, what);
    });
  }
  assert.equal(tf.memory().numTensors, before);
});

test('a label that is no class is an error, not a row without a loss', () => {
  const before = tf.memory().numTensors;
  for (const lossFunc of [new CrossEntropyLoss(), new MultiMarginLoss()]) {
    for (const label of [3, -1])
      tf.tidy(() => {
        const labels = tf.tensor1d([0, label], 'int32');
        assert.throws(
          () => lossFunc.forward(tf.zeros([2, 3]), labels),
          new RegExp(`RangeError: The label ${label} is no class: there are 3 outputs, .* from 0 to 2`),
        );
      });
  }
  assert.equal(tf.memory().numTensors, before);
});

test('nonsense is refused when a loss is made', () => {
  for (const labelSmoothing of [NaN, -0.1, 1.1])
    assert.throws(
      () => new CrossEntropyLoss({ labelSmoothing }),
      /CrossEntropyLoss: labelSmoothing must be a number from 0 to 1, not /,
    );
  // torch refuses other powers too; a margin may be below 0 there
  for (const p of [0, 1.5, 3, NaN] as unknown as 1[])
    assert.throws(
      () => new MultiMarginLoss({ p }),
      /MultiMarginLoss: p must be an integer from 1 to 2, not /,
    );
  assert.throws(() => new MultiMarginLoss({ margin: NaN }), /margin must be a number, not NaN/);
});
