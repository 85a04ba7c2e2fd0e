import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { projectRoot } from '../../src/locations';
import { backend } from '../../src/ops/backend';
import type * as bfloat16 from '../../src/ops/bfloat16';

const root = projectRoot();
const BFLOAT16 = 14; // TensorFlow's number for the type
const file = require.resolve('../../src/ops/bfloat16');

/** What a fresh process would find on a processor with these features, and which ops on bfloat16 it would run for that. */
function found(t: TestContext, features: string, fails: string[] = []): [boolean, string[]] {
  const read = fs.readFileSync;
  const reads = t.mock.method(fs, 'readFileSync', (...args: Parameters<typeof read>) =>
    args[0] === '/proc/cpuinfo' ? `processor\t: 0\nflags\t\t: fpu ${features}\n` : read(...args),
  );
  const native = backend();
  const { binding } = native;
  const ops: string[] = [];
  const executeOp: typeof binding.executeOp = (op, attributes, ...rest) => {
    if (attributes.some(({ name, value }) => name === 'T' && value === BFLOAT16)) {
      ops.push(op);
      if (fails.includes(op)) throw new Error('could not create a primitive descriptor'); // as where oneDNN has no kernel
    }
    return binding.executeOp(op, attributes, ...rest);
  };
  native.binding = Object.create(binding, { executeOp: { value: executeOp } }) as typeof binding;
  const before = tf.memory().numTensors;
  const { [file]: cached } = require.cache;
  require.cache[file] = undefined; // so that it is loaded anew
  try {
    const { hasBfloat16 } = createRequire(__filename)(file) as typeof bfloat16;
    const has = hasBfloat16();
    const tried = ops.length;
    assert.equal(hasBfloat16(), has);
    assert.equal(ops.length, tried, 'it was tried again');
    assert.equal(tf.memory().numTensors, before);
    return [has, ops];
  } finally {
    require.cache[file] = cached;
    native.binding = binding;
    reads.mock.restore();
  }
}

const TRIED = ['Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter'];

test('bfloat16 is there where the processor has it and a convolution and its gradients run', (t) => {
  assert.deepEqual(found(t, 'avx2 avx512f avx512_bf16'), [true, TRIED]);
  for (const [index, op] of TRIED.entries()) {
    const got = found(t, 'avx2 avx512f avx512_bf16', [op]);
    assert.deepEqual(got, [false, TRIED.slice(0, index + 1)]);
  }
});

test('it is not tried on other processors, where TensorFlow computes it slowly', (t) => {
  assert.deepEqual(found(t, 'avx2 avx512f'), [false, []]);
});

/** A step in what the machine is said to train fastest in. */
const step = `
  const tf = require('@tensorflow/tfjs-node');
  const { fastestPrecision, withPrecision } = require('./.build/src/ops/precision');
  const { conv2d } = require('./.build/src/ops/conv2d');
  const options = { stride: 1, padding: 1, dilation: 1, groups: 1 };
  const loss = (x, filter) => withPrecision(fastestPrecision(), () => conv2d(x, filter, options).square().sum());
  for (const d of tf.grads(loss)([tf.ones([1, 6, 6, 8]), tf.ones([3, 3, 8, 8])])) d.dataSync();
  console.log('computed');`;

for (const limit of ['AVX2', 'AVX512_CORE', 'DEFAULT']) {
  test(`what a machine is said to train fastest in works, its instructions limited to ${limit}`, async () => {
    const preload = join(root, 'data-scripts', 'kernel', 'node-compat.cjs');
    const { stdout } = await promisify(execFile)(process.execPath, ['-r', preload, '-e', step], {
      cwd: root,
      env: { ...process.env, ONEDNN_MAX_CPU_ISA: limit },
    });
    assert.equal(stdout, 'computed\n');
  });
}
