import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { CifarResNet } from '../../src/models/cifar';
import { Bottleneck, ResNet, type ResNetOptions } from '../../src/models/resnet';
import { CrossEntropyLoss, type MultiMarginLoss } from '../../src/nn/loss';
import type { Module } from '../../src/nn/module';
import type { StateDict } from '../../src/state/stateDict';
import { backend } from '../../src/ops/backend';
import { type Captured, capture } from '../../src/ops/capture';
import { type Precision, withPrecision } from '../../src/ops/precision';
import { manualSeed } from '../../src/random';
import { backward } from '../../src/training/backward';
import { Adam, type Optimizer, SGD } from '../../src/training/optim';
import { pictures } from '../golden/formula';

export type Loss = CrossEntropyLoss | MultiMarginLoss;
export type Step = Captured<[tf.Tensor, tf.Tensor1D], tf.Scalar>;

/** Names of the functions that TensorFlow ran as ops meanwhile. */
export function functionsRun(work: () => void): string[] {
  const native = backend();
  const { binding } = native;
  const names: string[] = [];
  const executeOp: typeof binding.executeOp = (op, ...rest) => {
    if (op.startsWith('captured_')) names.push(op);
    return binding.executeOp(op, ...rest);
  };
  native.binding = Object.create(binding, { executeOp: { value: executeOp } }) as typeof binding;
  try {
    work();
  } finally {
    native.binding = binding;
  }
  return names;
}

export const tensorsOfTensorFlow = (): number =>
  (backend().binding as unknown as { getNumOfTensors(): number }).getNumOfTensors();

export interface Training {
  model: Module;
  optimizer: Optimizer;
  step: Step;
  /** Why something was not captured. */
  lines: string[];
  dispose(): void;
}

export interface Options {
  model?: () => Module;
  lossFunc?: Loss;
  optimizer?: (model: Module) => Optimizer;
  precision?: Precision;
  size?: number;
}

export const sgd = (model: Module): Optimizer =>
  new SGD(model.parameters(), { lr: 0.05, momentum: 0.9, weightDecay: 1e-3 });
export const adam = (model: Module): Optimizer =>
  new Adam(model.parameters(), { lr: 1e-3, weightDecay: 1e-3 });
export const small = (): Module => new CifarResNet(8, { numClasses: 5, widths: [4, 4, 8] });

export function training(enabled: boolean, options: Options = {}): Training {
  const { lossFunc = new CrossEntropyLoss(), precision = 'float32' } = options;
  manualSeed(1);
  const model = (options.model ?? small)().train();
  const optimizer = (options.optimizer ?? sgd)(model);
  const lines: string[] = [];
  const run = (x: tf.Tensor, labels: tf.Tensor1D): tf.Scalar =>
    backward(optimizer.parameters, () =>
      lossFunc.forward(withPrecision(precision, () => model.forward(x)) as tf.Tensor2D, labels),
    );
  const step = capture([model, lossFunc], run, { enabled, log: (line) => void lines.push(line) });
  const dispose = (): void => {
    optimizer.zeroGrad();
    optimizer.dispose();
    model.dispose();
    step.dispose();
  };
  return { model, optimizer, step, lines, dispose };
}

/** The i-th batch: other pictures and labels each time. */
export function batch(i: number, n = 4, size = 16): [tf.Tensor4D, tf.Tensor1D] {
  const labels = tf.tensor1d(
    Array.from({ length: n }, (_, j) => (i + j) % 5),
    'int32',
  );
  return [pictures(`batch ${i}`, [n, 3, size, size]), labels];
}

/** A step, or several whose gradients add up. @returns the losses. */
export function steps(
  { step, optimizer }: Training,
  numbers: number[],
  { n = 4, size = 16, accumulate = 1 } = {},
): number[] {
  return numbers.map((i) => {
    if (i % accumulate === 0) optimizer.zeroGrad();
    const inputs = batch(i, n, size);
    const loss = step(...inputs);
    const [value] = loss.dataSync();
    tf.dispose([loss, ...inputs]);
    if ((i + 1) % accumulate === 0) optimizer.step();
    return value;
  });
}

export const gradients = (model: Module): (Float32Array | undefined)[] =>
  model.parameters().map(({ grad }) => grad?.dataSync<'float32'>());

/** All that training changes. */
export function state({ model, optimizer }: Training): [StateDict, StateDict, unknown] {
  return [model.stateDict(), optimizer.stateDict(), gradients(model)];
}

/** Does the same op by op and captured, and compares to the bit; the captured one must have run `replays` functions. */
export function compare(options: Options, work: (side: Training) => unknown, replays?: number): void {
  const [eager, captured] = [training(false, options), training(true, options)];
  const expected = work(eager);
  let got: unknown;
  const names = functionsRun(() => (got = work(captured)));
  assert.deepEqual(got, expected);
  assert.deepEqual(state(captured), state(eager));
  if (replays !== undefined) {
    assert.deepEqual(captured.lines, []);
    assert.equal(names.length, replays);
  }
  eager.dispose();
  captured.dispose();
}

/** The small net, for which this was not said otherwise. */
export function net({ model }: Training): CifarResNet {
  assert.ok(model instanceof CifarResNet);
  return model;
}

export const first = (n: number): number[] => [...Array(n).keys()];
export const bottlenecks =
  (options: ResNetOptions = {}): (() => ResNet) =>
  () =>
    new ResNet(Bottleneck, [1, 1, 1, 1], { numClasses: 5, ...options });
