import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CifarResNet } from '../../src/models/cifar';
import { CrossEntropyLoss } from '../../src/nn/loss';
import { Parameter } from '../../src/nn/parameter';
import { backward } from '../../src/training/backward';
import { fill, pictures, relativeError } from '../golden/formula';

function batch(): { x: tf.Tensor4D; labels: tf.Tensor1D } {
  return { x: pictures('pictures', [4, 3, 32, 32]), labels: tf.tensor1d([0, 1, 2, 3], 'int32') };
}

test("gradients are those of tfjs's own walk back", () => {
  const { x, labels } = batch();
  for (const shortcut of ['A', 'B', 'none'] as const) {
    const model = fill(new CifarResNet(8, { shortcut })).train();
    const parameters = model.parameters();
    const loss = () => new CrossEntropyLoss().forward(model.forward(x), labels);
    const expected = tf.tidy(() => {
      const { grads } = tf.engine().gradients(
        loss,
        parameters.map(({ value }) => value),
      );
      return grads.map((gradient) => gradient.dataSync());
    });
    backward(parameters, loss).dispose();
    parameters.forEach(({ grad }, i) => assert.ok(relativeError(grad!.dataSync(), expected[i]) < 1e-6));
    model.dispose();
  }
  tf.dispose([x, labels]);
});

test('the walk back frees what it has passed: at its end less is held than after the forward pass', () => {
  const { x, labels } = batch();
  const model = fill(new CifarResNet(20)).train();
  const before = tf.memory();
  let forward = 0;
  let highest = 0;
  const loss = backward(model.parameters(), () => {
    const value = new CrossEntropyLoss().forward(model.forward(x), labels);
    forward = tf.memory().numBytes;
    const { disposeData } = tf.backend();
    tf.backend().disposeData = function (...args) {
      highest = Math.max(highest, tf.memory().numBytes);
      return disposeData.apply(this, args);
    };
    return value;
  });
  delete (tf.backend() as Partial<tf.KernelBackend>).disposeData; // the class's own again
  assert.ok(forward > before.numBytes);
  const held = forward - before.numBytes;
  const more = highest - forward;
  assert.ok(more < 0.25 * held, `the walk back needed ${more} bytes beyond the forward pass's ${held}`);
  model.parameters().forEach((parameter) => parameter.zeroGrad());
  loss.dispose();
  assert.equal(tf.memory().numTensors, before.numTensors);
  model.dispose();
  tf.dispose([x, labels]);
});

test('gradients add up until they are freed', () => {
  const p = new Parameter(tf.tensor1d([1, 2]));
  for (let i = 0; i < 2; i++) backward([p], () => tf.sum<tf.Scalar>(p.value.square())).dispose();
  assert.deepEqual([...p.grad!.dataSync()], [4, 8]);
  p.dispose();
});

test('a parameter that the loss does not use gets no gradient, a frozen one neither', () => {
  const [used, unused, frozen] = [1, 2, 3].map((n) => new Parameter(tf.tensor1d([n])));
  frozen.requiresGrad = false;
  backward([used, unused, frozen], () => tf.sum<tf.Scalar>(used.value.mul(frozen.value))).dispose();
  assert.deepEqual([...used.grad!.dataSync()], [3]);
  assert.equal(unused.grad, null);
  assert.equal(frozen.grad, null);
  [used, unused, frozen].forEach((parameter) => parameter.dispose());
});

test('errors leave no tensors behind and the engine as it was', () => {
  const p = new Parameter(tf.tensor1d([1]));
  const before = tf.memory().numTensors;
  assert.throws(() => backward([p], () => tf.scalar(1)), /loss does not depend on the parameters/);
  assert.throws(() => {
    backward([p], () => {
      p.value.square();
      throw new Error('boom');
    });
  }, /boom/);
  p.requiresGrad = false;
  assert.throws(() => backward([p], () => tf.scalar(1)), /every parameter is frozen/);
  p.requiresGrad = true;
  assert.equal(tf.memory().numTensors, before);
  backward([p], () => tf.sum<tf.Scalar>(p.value)).dispose();
  p.dispose();
});
