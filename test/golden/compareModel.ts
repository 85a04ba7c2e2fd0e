import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { toFloat32 } from '../../src/state/convert';
import { CrossEntropyLoss } from '../../src/nn/loss';
import type { Module } from '../../src/nn/module';
import { capture } from '../../src/ops/capture';
import { type Parameter, StateBuffer } from '../../src/nn/parameter';
import { backward } from '../../src/training/backward';
import { Adam, type Optimizer, SGD } from '../../src/training/optim';
import { fill, gradientOf, relativeError, summary, value } from './formula';
import type { ModelRecord } from './models';

/**
 * How far a number may be from torch's, as a part of the largest of its kind: what is asked for at least, or three times
 * what torch's own single precision is off its double precision.
 *
 * Without normalization by the batch nothing amplifies rounding. In a training pass a relu whose input is zero but for
 * rounding may fall on either side: in ResNet-50 one of the 32,768 in the last block does, which turns every gradient by
 * half a percent (norms stay the same to 1e-4). Adam takes the sign of such gradients. The single layers are held to torch
 * more closely in test/nn.
 */
const ASKED = { logits: 1e-5, training: 1e-5, gradients: 1e-2, norms: 1e-3, losses: 1e-3, moves: 0.1 } as const;

/**
 * The first normalization's offset gets the sum of a gradient over all pixels, most of which cancel: what is left in a
 * channel may have either sign, and Adam moves by the sign. With three orders of summation its moves were 0.008 to 0.21 off
 * torch's, all other parameters' less than 0.04.
 */
const BY_SIGN = { name: 'bn1.bias', moves: 0.3 } as const;

function close(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  const error = relativeError(actual, expected);
  if (process.env.SHOW_ERRORS) console.log(what, error.toExponential(1));
  assert.ok(error < tolerance, `${what}: off by ${error.toExponential(1)}, allowed is ${tolerance}`);
}

/** Every stride-th logit of each picture. */
function pick(logits: tf.Tensor, stride: number): number[][] {
  return (logits.arraySync() as number[][]).map((row) => row.filter((_, i) => i % stride === 0));
}

/** Keys, order and shapes of the state dict, as models.py hashes them. */
export function layoutOf(model: Module): ModelRecord['layout'] {
  const lines = model.namedTensors().map(([name, { torchShape }]) => `${name} [${torchShape.join(', ')}]\n`);
  return { keys: lines.length, sha256: createHash('sha256').update(lines.join('')).digest('hex') };
}

function compareTensors(model: Module, expected: Record<string, number[]>, tolerance: number, what: string): void {
  const tensors = new Map<string, Parameter | StateBuffer>(model.namedTensors());
  for (const [name, numbers] of Object.entries(expected)) {
    const values = toFloat32(tensors.get(name)!.toState());
    close(summary(values, name), numbers, tolerance, `${what}, ${name}`);
  }
}

/**
 * Takes a model through what models.py does: evaluation, a training pass with its gradients, steps of Adam and SGD.
 *
 * @param build - makes the model; its weights are replaced by the formula's.
 * @param stride - which logits were recorded.
 * @param enabled - whether its passes and steps run as a graph, from the third on.
 */
export function compareModel(
  build: () => Module,
  x: tf.Tensor4D,
  labels: tf.Tensor1D,
  stride: number,
  expected: ModelRecord,
  enabled = false,
): void {
  const tolerance = Object.fromEntries(
    Object.entries(ASKED).map(([key, asked]) => [
      key,
      Math.max(asked, 3 * expected.rounding[key === 'norms' ? 'gradients' : (key as keyof ModelRecord['rounding'])]),
    ]),
  ) as Record<keyof typeof ASKED, number>;
  const before = tf.memory().numTensors;
  const lossFunc = new CrossEntropyLoss();
  const model = fill(build());
  assert.deepEqual(layoutOf(model), expected.layout);

  const count = tf.memory().numTensors;
  model.eval();
  const untouched = model.namedBuffers().map(([, buffer]) => buffer.value.id);
  tf.tidy(() => {
    const logits = pick(model.forward(x), stride);
    logits.forEach((row, i) => close(row, expected.evalLogits[i], tolerance.logits, `logits of picture ${i}`));
  });
  assert.deepEqual(
    model.namedBuffers().map(([, buffer]) => buffer.value.id),
    untouched,
    'a forward pass in evaluation mode changed a buffer',
  );
  assert.equal(tf.memory().numTensors, count, 'a forward pass left tensors behind');

  model.train();
  let logits: number[][] = [];
  const pass = (pictures: tf.Tensor4D, targets: tf.Tensor1D): tf.Tensor[] => {
    const outputs: tf.Tensor2D[] = [];
    const loss = backward(model.parameters(), () => {
      outputs.push(tf.keep(model.forward(pictures) as tf.Tensor2D));
      return lossFunc.forward(outputs[0], targets);
    });
    return [loss, ...outputs];
  };
  const captured = capture([model, lossFunc], pass, { enabled });
  const step = (): number => {
    const [loss, outputs] = captured(x, labels);
    logits = pick(outputs, stride);
    const [number] = loss.dataSync();
    tf.dispose([loss, outputs]);
    return number;
  };
  const loss = step();
  close(logits.flat(), expected.trainLogits.flat(), tolerance.training, 'logits in training mode');
  close([loss], [expected.loss], tolerance.training, 'loss');
  compareTensors(model, expected.buffers, tolerance.training, 'running statistics');
  const parameters = new Map(model.namedParameters());
  for (const [name, numbers] of Object.entries(expected.gradients)) {
    close(summary(gradientOf(parameters.get(name)!), name), numbers, tolerance.gradients, `gradient, ${name}`);
  }
  const norms = tf.tidy(() =>
    tf.stack([...parameters.values()].map(({ grad }) => tf.sqrt(tf.sum(tf.square(grad!))))).dataSync(),
  );
  norms.forEach((norm, i) => close([norm], [expected.gradientNorms[i]], tolerance.norms, `gradient's norm ${i}`));
  model.parameters().forEach((parameter) => parameter.zeroGrad());
  assert.equal(tf.memory().numTensors, count, 'a training step left tensors behind');

  const optimizers = {
    adam: (): Optimizer => new Adam(model.parameters(), { lr: 1e-5 }),
    sgd: (): Optimizer => new SGD(model.parameters(), { lr: 1e-3, momentum: 0.9, weightDecay: 1e-3 }),
  };
  let moved = false;
  for (const name of ['adam', 'sgd'] as const) {
    const record = expected[name];
    if (!record) continue;
    if (moved) fill(model);
    else fill(model, StateBuffer); // the training pass moved running statistics alone
    moved = true;
    const optimizer = optimizers[name]();
    const losses: number[] = [];
    record.losses.forEach(() => {
      optimizer.zeroGrad();
      losses.push(step());
      optimizer.step();
    });
    close(losses, record.losses, tolerance.losses, `${name}, losses`);
    for (const [key, numbers] of Object.entries(record.moves)) {
      const parameter = parameters.get(key)!;
      const start = toFloat32(value(key, parameter.torchShape));
      const moved = toFloat32(parameter.toState()).map((now, i) => now - start[i]);
      const bySign = name === 'adam' && key === BY_SIGN.name ? BY_SIGN.moves : 0;
      close(summary(moved, key), numbers, Math.max(tolerance.moves, bySign), `${name}, ${key}`);
    }
    compareTensors(model, record.buffers, tolerance.losses, `${name}, running statistics`);
    optimizer.zeroGrad();
    optimizer.dispose();
  }
  assert.equal(captured.graphs(), enabled ? 1 : 0);
  captured.dispose();
  model.dispose();
  assert.equal(tf.memory().numTensors, before, 'tensors left behind');
}
