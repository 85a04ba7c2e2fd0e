import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Linear } from '../../src/nn/layers';
import { Parameter } from '../../src/nn/parameter';
import type { StateTensor } from '../../src/state/stateDict';
import { backward } from '../../src/training/backward';
import { Adam, type Optimizer, SGD } from '../../src/training/optim';
import { fill, relativeError, uniform } from '../golden/formula';
import { golden } from '../golden/training';

const OPTIMIZERS: Record<string, (parameters: Parameter[], lr: number) => Optimizer> = {
  sgd: (ps, lr) => new SGD(ps, { lr }),
  'sgd, weight decay': (ps, lr) => new SGD(ps, { lr, weightDecay: 0.1 }),
  'sgd, momentum': (ps, lr) => new SGD(ps, { lr, momentum: 0.9, weightDecay: 0.01 }),
  'sgd, nesterov': (ps, lr) => new SGD(ps, { lr, momentum: 0.9, nesterov: true }),
  adam: (ps, lr) => new Adam(ps, { lr }),
  'adam, options': (ps, lr) => new Adam(ps, { lr, betas: [0.8, 0.95], eps: 1e-3, weightDecay: 0.1 }),
};
const SIZE = 4;

/** Four parameters, of which each step of the plan trains some, as training.py does. */
function follow(method: string, lr: number, plan: readonly string[], breakAt?: number): Float32Array[] {
  const parameters = [0, 1, 2, 3].map((i) => new Parameter(tf.tensor1d(uniform(`p${i}`, SIZE))));
  let optimizer = OPTIMIZERS[method](parameters, lr);
  plan.forEach((how, step) => {
    optimizer.zeroGrad();
    parameters.forEach((parameter, i) => (parameter.requiresGrad = how[i] !== 'f'));
    const loss = (): tf.Scalar =>
      parameters.reduce<tf.Scalar>((sum, { value }, i) => {
        const g = tf.tensor1d(uniform(`g${step}.${i}`, SIZE));
        return how[i] === 'x' ? sum : sum.add(value.mul(g).add(value.square().div(2)).sum());
      }, tf.scalar(0));
    backward(parameters, loss).dispose();
    optimizer.step();
    if (step !== breakAt) return;
    const kept = optimizer.stateDict();
    optimizer.dispose();
    optimizer = OPTIMIZERS[method](parameters, lr);
    optimizer.loadStateDict(kept);
  });
  const values = parameters.map(({ value }) => value.dataSync<'float32'>().slice());
  optimizer.zeroGrad();
  optimizer.dispose();
  parameters.forEach((parameter) => parameter.dispose());
  return values;
}

for (const { method, lr, plan, values } of golden.optimizers) {
  test(`${method} at ${lr}: parameters that are left out or frozen for a while are where torch has them`, () => {
    const before = tf.memory().numTensors;
    const ours = follow(method, lr, plan);
    ours.forEach((actual, i) => {
      const error = relativeError(actual, values[i]);
      assert.ok(
        error < 2e-6,
        `parameter ${i} is off by ${error}: ${actual.join()}, torch has ${values[i].join()}`,
      );
    });
    for (const breakAt of [0, 5, 12])
      assert.deepEqual(follow(method, lr, plan, breakAt), ours, 'saved and loaded');
    assert.equal(tf.memory().numTensors, before);
  });
}

test("a parameter unfrozen after ten steps makes Adam's first step", () => {
  const [always, later] = [1, 1].map((n) => new Parameter(tf.tensor1d([n])));
  const optimizer = new Adam([always, later], { lr: 0.1 });
  const step = (): void => {
    optimizer.zeroGrad();
    backward([always, later], () => always.value.add(later.value).sum()).dispose();
    optimizer.step();
  };
  later.requiresGrad = false;
  for (let i = 0; i < 10; i++) step();
  later.requiresGrad = true;
  step();
  assert.ok(Math.abs(later.value.dataSync()[0] - 0.9) < 1e-6, `moved to ${later.value.dataSync()[0]}`);
  optimizer.zeroGrad();
  optimizer.dispose();
  [always, later].forEach((parameter) => parameter.dispose());
});

test('nonsense is refused when an optimizer is made, and when its rate is set', () => {
  const ps = [new Parameter(tf.tensor1d([1]))];
  const before = tf.memory().numTensors;
  for (const [make, words] of [
    [() => new Adam([]), /Adam: there are no parameters/],
    [() => new SGD([...ps, ...ps]), /SGD: the same parameter was given twice/],
    [() => new Adam(ps, { lr: NaN }), /Adam: lr must be a number from 0, not NaN/],
    [() => new SGD(ps, { lr: -0.1 }), /SGD: lr must be a number from 0, not -0\.1/],
    [() => new Adam(ps, { lr: Infinity }), /Adam: lr must be a number from 0, not Infinity/],
    [() => new Adam(ps, { weightDecay: NaN }), /Adam: weightDecay must be a number from 0, not NaN/],
    [() => new SGD(ps, { weightDecay: -1 }), /SGD: weightDecay must be a number from 0, not -1/],
    [() => new Adam(ps, { betas: [0.9, 1] }), /Adam: beta2 must be a number from 0 to below 1, not 1/],
    [() => new Adam(ps, { betas: [-0.1, 0.9] }), /Adam: beta1 must be a number from 0 to below 1, not -0\.1/],
    [() => new Adam(ps, { betas: [0.9, NaN] }), /Adam: beta2 must be a number from 0 to below 1, not NaN/],
    [() => new Adam(ps, { eps: -1e-8 }), /Adam: eps must be a number from 0, not -1e-8/],
    [() => new SGD(ps, { momentum: NaN }), /SGD: momentum must be a number from 0, not NaN/],
    [() => new SGD(ps, { momentum: -0.9 }), /SGD: momentum must be a number from 0, not -0\.9/],
    [() => new SGD(ps, { nesterov: true }), /SGD: nesterov needs a momentum above 0/],
  ] as const)
    assert.throws(make, words);
  assert.equal(tf.memory().numTensors, before, 'nothing is left of what was refused');
  const optimizer = new SGD(ps, { lr: 0.5 });
  assert.throws(() => (optimizer.lr = NaN), /SGD: lr must be a number from 0, not NaN/);
  assert.equal(optimizer.lr, 0.5);
  optimizer.dispose();
  ps[0].dispose();
});

test('the state of another method, of other parameters, or damaged is refused before anything changes', () => {
  const make = (...sizes: number[]): Parameter[] => sizes.map((n) => new Parameter(tf.ones([n])));
  const [two, other, three] = [make(2, 3), make(2, 4), make(2, 3, 4)];
  const adam = new Adam(two);
  const good = adam.stateDict();
  assert.deepEqual(good.get('steps')!.data, Int32Array.of(0, 0), 'a count for each parameter');
  const sources = [new SGD(two, { momentum: 0.9 }), new SGD(two), new Adam(other), new Adam(three)];
  const misfit = /The optimizer state does not fit/;
  for (const source of sources) assert.throws(() => adam.loadStateDict(source.stateDict()), misfit);
  const one: StateTensor = { dtype: 'int32', shape: [], data: Int32Array.of(3) };
  assert.throws(() => adam.loadStateDict(new Map([...good, ['steps', one]])), /one count of steps/);
  const short: StateTensor = { dtype: 'float32', shape: [2], data: Float32Array.of(1) };
  for (const [name, bad] of [
    ['0.0', short],
    ['0.0', { ...short, shape: [1] }],
    ['steps', { ...one, shape: [2], data: Int32Array.of(3, -1) }],
    ['steps', { ...one, shape: [1], data: Int32Array.of(3) }],
    ['more', short],
  ] as [string, StateTensor][])
    assert.throws(() => adam.loadStateDict(new Map([...good, [name, bad]])), misfit);
  assert.deepEqual(adam.stateDict(), good);
  [adam, ...sources].forEach((optimizer) => optimizer.dispose());
  [...two, ...other, ...three].forEach((parameter) => parameter.dispose());
});

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
