import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/locations';
import { resnet18 } from '../../src/models/builders';
import { CifarResNet } from '../../src/models/cifar';
import { CrossEntropyLoss } from '../../src/nn/loss';
import type { Module } from '../../src/nn/module';
import { hasBfloat16, isBfloat16 } from '../../src/ops/bfloat16';
import {
  type Precision,
  fastestPrecision,
  precision,
  toBfloat16,
  toFloat32,
  withPrecision,
} from '../../src/ops/precision';
import { backward } from '../../src/training/backward';
import { fill, pictures } from '../golden/formula';

type Distances = Record<'evaluated' | 'trained' | 'gradients', number>;

const skip = hasBfloat16() ? false : 'this processor has no bfloat16';

/** The upper half of the float32's bits, rounded. */
function nearest(x: number): number {
  const bits = new Uint32Array(Float32Array.of(x).buffer);
  bits[0] = (bits[0] + 0x7fff + ((bits[0] >>> 16) & 1)) & 0xffff0000;
  return new Float32Array(bits.buffer)[0];
}

test('casting rounds to the nearest bfloat16, ties to even, and back is exact', () => {
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const x = tf.tensor1d([1, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -7, -3.14159265, 1e-30, Infinity]);
    const rounded = toBfloat16(x);
    assert.ok(isBfloat16(rounded) && !isBfloat16(x));
    assert.equal(toBfloat16(rounded), rounded);
    const expected = [...x.dataSync()].map(nearest);
    assert.deepEqual(expected.slice(0, 4), [1, 1, 1 + 2 ** -6, 1 + 2 ** -7]);
    const values = [...toFloat32(rounded).dataSync()];
    assert.deepEqual(values, expected);
    assert.deepEqual([...rounded.dataSync()], values); // it can be read as it is, too
  });
  assert.equal(tf.memory().numTensors, before);
});

test('ordinary operations on a tensor in bfloat16 stay in it', () => {
  tf.tidy(() => {
    const x = toBfloat16(tf.tensor1d([1, 2, 3, 4]));
    const results = [x.add(x), x.reshape([2, 2]), x.clone(), tf.slice(x, 1, 2)];
    results.forEach((result) => assert.ok(isBfloat16(result)));
    assert.deepEqual([...results[0].dataSync()], [2, 4, 6, 8]);
  });
});

test('gradients pass through the casts', () => {
  tf.tidy(() => {
    const x = tf.tensor1d([1, 2, 3]);
    const [dx] = tf.grads((x) => toFloat32(toBfloat16(x)).mul(tf.tensor1d([1, 2, 4])))([x]);
    assert.ok(!isBfloat16(dx));
    assert.deepEqual([...dx.dataSync()], [1, 2, 4]);
  });
});

function run(model: Module, side: number, precision: Precision): Record<keyof Distances, Float32Array> {
  const x = pictures('pictures', [16, 3, side, side], 2);
  const labels = tf.tensor1d(
    Array.from({ length: 16 }, (_, i) => i % 10),
    'int32',
  );
  const evaluated = tf.tidy(() =>
    withPrecision(precision, () => model.eval().forward(x))
      .dataSync<'float32'>()
      .slice(),
  );
  let trained = new Float32Array();
  const loss = backward(model.train().parameters(), () =>
    withPrecision(precision, () => {
      const logits = model.forward(x) as tf.Tensor2D;
      trained = logits.dataSync<'float32'>().slice();
      return new CrossEntropyLoss().forward(logits, labels);
    }),
  );
  const gradients = Float32Array.from(model.parameters().flatMap(({ grad }) => [...grad!.dataSync()]));
  model.parameters().forEach((parameter) => {
    assert.ok(!isBfloat16(parameter.grad!));
    parameter.zeroGrad();
  });
  tf.dispose([x, labels, loss]);
  return { evaluated, trained, gradients };
}

function distance(a: Float32Array, b: Float32Array): number {
  const square = (total: number, value: number): number => total + value * value;
  return Math.sqrt(a.map((value, i) => value - b[i]).reduce(square, 0) / b.reduce(square, 0));
}

const golden = JSON.parse(readFileSync(join(projectRoot(), 'test/golden/precision.json'), 'utf8')) as Record<
  string,
  Distances
>;
const NETS: Record<string, [() => Module, number]> = {
  'cifar 20 A': [() => new CifarResNet(20), 32],
  resnet18: [() => resnet18({ numClasses: 10 }), 64],
};

for (const [name, [build, side]] of Object.entries(NETS)) {
  test(`${name} in bfloat16 is no further off its float32 than torch's autocast is`, { skip }, () => {
    const model = fill(build());
    const before = tf.memory().numTensors;
    const exact = run(model, side, 'float32');
    fill(model);
    const rounded = run(model, side, 'bfloat16');
    assert.equal(tf.memory().numTensors, before);
    for (const part of ['evaluated', 'trained', 'gradients'] as const) {
      const off = distance(rounded[part], exact[part]);
      assert.ok(off > 1e-4, `${part}: nothing was rounded`);
      assert.ok(off < 1.25 * golden[name][part], `${part}: off by ${off}, torch by ${golden[name][part]}`);
    }
    model.dispose();
  });
}

test(
  'a processor without bfloat16 is told apart before anything is computed',
  { skip: !skip && 'it has' },
  () => {
    assert.throws(() => withPrecision('bfloat16', () => 1), /does not multiply bfloat16/);
  },
);

test('the precision is what it was before, also after an error', { skip }, () => {
  const boom = (): never => {
    throw new Error('boom');
  };
  assert.throws(() => withPrecision('bfloat16', boom), /boom/);
  tf.tidy(() => {
    const model = new CifarResNet(8);
    const layer = model.conv1.forward(tf.zeros([1, 8, 8, 3]));
    assert.ok(!isBfloat16(layer));
    model.dispose();
  });
});

test('an asynchronous function is refused: after its first await it would go on in float32', () => {
  const wanted = fastestPrecision();
  const asynchronous = async (): Promise<number> => Promise.resolve(1);
  const rejected = (): Promise<number> => Promise.reject(new Error('nobody waits for it'));
  const refusal = /takes no asynchronous function/;
  // @ts-expect-error -- the types refuse it too
  assert.throws(() => withPrecision(wanted, asynchronous), refusal);
  // @ts-expect-error -- and any function that returns a promise
  assert.throws(() => withPrecision(wanted, rejected), refusal);
  assert.equal(precision(), 'float32');
  assert.equal(withPrecision(wanted, precision), wanted);
});

test('where bfloat16 meets float32 both go on in float32, as in torch', () => {
  tf.tidy(() => {
    const [x, y] = [tf.tensor1d([1, 2, 3]), tf.tensor1d([0.1, 0.2, 0.3])];
    const narrow = toBfloat16(x);
    for (const [result, expected] of [
      [narrow.add(y), x.add(y)],
      [y.mul(narrow), y.mul(x)],
      [tf.maximum(narrow, y), x],
      [tf.concat([narrow, y]), tf.concat([x, y])],
      [narrow.reshape([1, 3]).matMul(y.reshape([3, 1])), x.reshape([1, 3]).matMul(y.reshape([3, 1]))],
    ]) {
      assert.ok(!isBfloat16(result));
      assert.deepEqual(result.dataSync(), expected.dataSync());
    }
    const [dx, dy] = tf.grads((a, b) => toBfloat16(a).mul(b))([x, y]);
    assert.deepEqual([...dx.dataSync()], [...y.dataSync()]);
    assert.deepEqual([...dy.dataSync()], [1, 2, 3]);
  });
});
