import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Linear } from '../../src/nn/layers';
import type { Parameter } from '../../src/nn/parameter';
import { backward } from '../../src/training/backward';
import { Adam, type Optimizer, SGD } from '../../src/training/optimizers';
import { fill, relativeError, uniform } from '../golden/formula';
import { golden } from '../golden/layers';

const OPTIMIZERS: Record<string, (parameters: Parameter[]) => Optimizer> = {
  sgd: (ps) => new SGD(ps, { lr: 0.05 }),
  'sgd, weight decay': (ps) => new SGD(ps, { lr: 0.05, weightDecay: 0.1 }),
  'sgd, momentum': (ps) => new SGD(ps, { lr: 0.05, momentum: 0.9, weightDecay: 0.01 }),
  'sgd, nesterov': (ps) => new SGD(ps, { lr: 0.05, momentum: 0.9, nesterov: true }),
  adam: (ps) => new Adam(ps, { lr: 0.01 }),
  'adam, options': (ps) => new Adam(ps, { lr: 0.01, betas: [0.8, 0.95], eps: 1e-3, weightDecay: 0.1 }),
};

for (const [name, expected] of Object.entries(golden.optimizers)) {
  test(`twelve steps of ${name} are torch's`, () => {
    const before = tf.memory().numTensors;
    const layer = fill(new Linear(7, 4));
    const optimizer = OPTIMIZERS[name](layer.parameters());
    for (let step = 0; step < 12; step++) {
      optimizer.zeroGrad();
      const x = tf.tensor2d(uniform(`x${step}`, 35), [5, 7]);
      backward(layer.parameters(), () => tf.mean<tf.Scalar>(tf.square(layer.forward(x)))).dispose();
      optimizer.step();
      x.dispose();
    }
    for (const parameter of ['weight', 'bias'] as const) {
      const error = relativeError(layer[parameter].value.dataSync(), expected[parameter]);
      assert.ok(error < 1e-5, `${parameter} is off by ${error}`);
    }
    optimizer.zeroGrad();
    optimizer.dispose();
    layer.dispose();
    assert.equal(tf.memory().numTensors, before);
  });
}

test('gradients add up until zeroGrad, as in torch', () => {
  const layer = fill(new Linear(7, 4));
  const x = tf.tensor2d(uniform('x', 35), [5, 7]);
  const loss = (): tf.Scalar => tf.mean<tf.Scalar>(layer.forward(x));
  backward(layer.parameters(), loss).dispose();
  const once = layer.weight.grad!.dataSync();
  backward(layer.parameters(), loss).dispose();
  assert.ok(
    relativeError(
      layer.weight.grad!.dataSync(),
      once.map((g) => 2 * g),
    ) < 1e-6,
  );
  layer.parameters().forEach((parameter) => parameter.zeroGrad());
  assert.equal(layer.weight.grad, null);
  x.dispose();
  layer.dispose();
});

test('a frozen parameter gets no gradient and does not move', () => {
  const layer = fill(new Linear(7, 4)).requiresGrad(false, (name) => name === 'weight');
  const weight = layer.weight.value.dataSync().slice();
  const bias = layer.bias.value.dataSync().slice();
  const optimizer = new Adam(layer.parameters(), { lr: 0.1 });
  const x = tf.tensor2d(uniform('x', 35), [5, 7]);
  backward(layer.parameters(), () => tf.mean<tf.Scalar>(tf.square(layer.forward(x)))).dispose();
  assert.equal(layer.weight.grad, null);
  optimizer.step();
  assert.deepEqual(layer.weight.value.dataSync(), weight);
  assert.notDeepEqual(layer.bias.value.dataSync(), bias);
  layer.requiresGrad(false);
  assert.throws(() => backward(layer.parameters(), () => tf.scalar(0)), /every parameter is frozen/);
  x.dispose();
  optimizer.dispose();
  layer.dispose();
});
