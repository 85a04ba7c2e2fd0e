import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backend } from '../../src/ops/backend';
import { capture } from '../../src/ops/capture';
import { type Value, functionDef } from '../../src/ops/functionDef';

const FLOAT = 1;

/** One op or a few of tfjs's, for each kind of attribute, of lists, and of outputs that TensorFlow's ops have. */
const OPS: Record<string, (x: tf.Tensor2D) => tf.Tensor | tf.Tensor[]> = {
  'unequal parts': (x) => tf.split(x, [1, 2, 3], 1),
  'equal parts': (x) => tf.split(x, 3, 1),
  'one of the parts': (x) => tf.split(x, 2, 0)[1],
  concat: (x) => tf.concat([x, x.neg(), x], 1),
  stack: (x) => tf.stack([x, x.square()], 2),
  unstack: (x) => tf.unstack(x, 1),
  topk: (x) => Object.values(tf.topk(x, 3)),
  argMax: (x) => tf.argMax(x, 1),
  cast: (x) => x.toInt().toBool(),
  oneHot: (x) => tf.oneHot(x.abs().toInt(), 4),
  gatherND: (x) => tf.gatherND(x, tf.tensor2d([1, 2, 0, 0], [2, 2], 'int32')),
  where: (x) => tf.where(x.greater(0), x, tf.zerosLike(x)),
  stridedSlice: (x) => tf.stridedSlice(x, [0, 1], [4, 6], [2, 2]),
  pad: (x) =>
    tf.pad(
      x,
      [
        [1, 0],
        [0, 2],
      ],
      3,
    ),
  mirrorPad: (x) =>
    tf.mirrorPad(
      x,
      [
        [1, 1],
        [0, 0],
      ],
      'reflect',
    ),
  tile: (x) => tf.tile(x, [2, 1]),
  transpose: (x) => tf.transpose(x),
  reverse: (x) => tf.reverse(x, 1),
  cumsum: (x) => tf.cumsum(x, 1, true, true),
  matMul: (x) => tf.matMul(x, x, true),
  'log softmax': (x) => [tf.logSoftmax(x), tf.logSumExp(x, 1)],
  moments: (x) => Object.values(tf.moments(x, 0, true)),
  'norm, clip, step': (x) => [tf.norm(x), tf.clipByValue(x, -1, 1), tf.step(x, 0.5)],
  'elu, selu, leaky relu, prelu': (x) => [
    tf.elu(x),
    tf.selu(x),
    tf.leakyRelu(x, 0.1),
    tf.prelu(x, tf.fill([4, 6], 0.2)),
  ],
  pooling: (x) => [
    tf.maxPool(x.reshape<tf.Tensor4D>([1, 4, 6, 1]), 2, 2, 'same'),
    tf.avgPool(x.reshape<tf.Tensor4D>([1, 4, 6, 1]), 2, 1, 'valid'),
  ],
  resize: (x) => tf.image.resizeBilinear(x.reshape<tf.Tensor4D>([1, 4, 6, 1]), [5, 5], true),
  'depthwise convolution': (x) =>
    tf.depthwiseConv2d(x.reshape<tf.Tensor4D>([1, 2, 2, 6]), tf.ones([1, 1, 6, 2]), 1, 'same'),
  'space to batch': (x) =>
    tf.spaceToBatchND(
      x.reshape([1, 4, 6, 1]),
      [2, 2],
      [
        [0, 0],
        [0, 0],
      ],
    ),
  'unsorted segments': (x) => tf.unsortedSegmentSum(x, tf.tensor1d([0, 1, 0, 1], 'int32'), 2),
  einsum: (x) => tf.einsum('ij,kj->ik', x, x),
  'batch normalization': (x) =>
    tf.batchNorm(
      x.reshape<tf.Tensor4D>([1, 2, 2, 6]),
      tf.zeros([6]),
      tf.ones([6]),
      tf.ones([6]),
      tf.ones([6]),
      1e-3,
    ),
  'an argument as it is': (x) => [x.clone(), x.neg(), x.clone()],
  'numbers of the host alone': (x) => [tf.scalar(3), tf.range(0, 5), x.neg()],
};

for (const [name, run] of Object.entries(OPS)) {
  test(`a graph of ${name} gives what the ops give`, () => {
    const lines: string[] = [];
    const before = tf.memory().numTensors;
    const list = (x: tf.Tensor): tf.Tensor[] =>
      tf.tidy(() => {
        const result = run(x as tf.Tensor2D);
        return Array.isArray(result) ? result : [result];
      });
    const captured = capture([], list, { log: (line) => void lines.push(line) });
    for (let i = 0; i < 4; i++) {
      const x = tf.randomNormal([4, 6], 0, 2, 'float32', i + 1);
      const [got, expected] = [captured(x), list(x)];
      assert.deepEqual(
        got.map((each) => [each.dtype, each.shape, each.dataSync()]),
        expected.map((each) => [each.dtype, each.shape, each.dataSync()]),
      );
      tf.dispose([x, got, expected]);
    }
    assert.deepEqual([captured.graphs(), lines], [1, []]);
    captured.dispose();
    assert.equal(tf.memory().numTensors, before);
  });
}

test('the binding adds a function, runs it by its name, and removes it', () => {
  const { binding } = backend();
  const x: Value = { from: { given: 0 }, output: 0, type: FLOAT };
  const sum = { index: 0, op: 'AddV2', attributes: [], inputs: [x, x] };
  const name = 'test_doubles';
  const made = functionDef(name, [{ from: sum, output: 0, type: FLOAT }]);
  assert.deepEqual(made.arguments, [x.from]);
  const input = tf.tensor1d([1, 2, 3]);
  const ids = backend().getInputTensorIds([input]);
  const refused = /neither a type of a primitive operation nor a name of a function/;
  assert.throws(() => binding.executeOp(name, [], ids, 1), refused);
  binding.addFunction(made.definition);
  const [output] = binding.executeOp(name, [], ids, 1);
  assert.deepEqual([...binding.tensorDataSync(output.id)], [2, 4, 6]);
  binding.deleteTensor(output.id);
  binding.removeFunction(name);
  assert.throws(() => binding.executeOp(name, [], ids, 1), refused);
  input.dispose();
});

test('the binding refuses what is no function, no op and no argument of its', () => {
  const { binding } = backend();
  const call = (method: 'addFunction' | 'removeFunction' | 'opDef', ...args: unknown[]) => {
    return () => (binding[method] as (...args: unknown[]) => unknown)(...args);
  };
  assert.throws(call('addFunction', Buffer.from('nonsense')), /Invalid FunctionDef proto/);
  assert.throws(call('addFunction', [1]), /not a typed-array/);
  assert.throws(call('addFunction', new Float32Array(2)), /expects the bytes of a FunctionDef, a Uint8Array/);
  assert.throws(call('addFunction'), /not a typed-array/);
  assert.throws(call('removeFunction', 'nobody'), /non-existent function 'nobody'/);
  assert.throws(call('removeFunction', 3), /not a string/);
  assert.throws(call('opDef', 'Nothing'), /Op type not registered 'Nothing'/);
  assert.throws(call('opDef'), /not a string/);
});
