import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-node';
import { loadCheckpoint } from '../../src/checkpoint/load';
import { saveSafetensors } from '../../src/checkpoint/safetensors';
import { saveCheckpoint } from '../../src/checkpoint/save';
import { Conv2d } from '../../src/nn/conv';
import { Linear } from '../../src/nn/layers';
import { Module } from '../../src/nn/module';
import { BatchNorm2d } from '../../src/nn/norm';
import type { StateDict, StateTensor } from '../../src/state/stateDict';

const folder = mkdtempSync(join(tmpdir(), 'state-dict-'));
after(() => rmSync(folder, { recursive: true }));

class Net extends Module {
  readonly conv = new Conv2d(2, 3, { kernelSize: 1 });
  readonly bn = new BatchNorm2d(3);
  readonly fc = new Linear(3, 2);
  forward(x: tf.Tensor): tf.Tensor {
    return this.conv.forward(x);
  }
}

/** A network whose only child has the name that DataParallel gives the network it runs. */
class Wrapper extends Module {
  constructor(readonly module: Module) {
    super();
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.module.forward(x);
  }
}

/** Other numbers than the network was made with, of the same types and shapes. */
function others(net: Module, add: number): StateDict {
  const change = (tensor: StateTensor): StateTensor =>
    tensor.data instanceof Float32Array
      ? { ...tensor, data: tensor.data.map((value) => value + add) }
      : tensor;
  return new Map([...net.stateDict()].map(([name, tensor]) => [name, change(tensor)]));
}

const renamed = (dict: StateDict, rename: (name: string) => string): StateDict =>
  new Map([...dict].map(([name, tensor]) => [rename(name), tensor]));

test('whatever is wrong with whichever tensor, a refusal changes nothing and leaves no tensor behind', () => {
  const net = new Net();
  const before = net.stateDict();
  const live = tf.memory().numTensors;
  const wrongs: [what: RegExp, wrong: (tensor: StateTensor) => unknown][] = [
    [/shape/, (tensor) => ({ ...tensor, shape: [7, ...tensor.shape] })],
    [/which does not fit its \d+ elements/, (tensor) => ({ ...tensor, data: tensor.data.slice(1) })],
    [/which does not fit its 0 elements/, (tensor) => ({ ...tensor, data: tensor.data.slice(0, 0) })],
    [
      /which does not fit its 99 elements/,
      (tensor) => ({ ...tensor, dtype: 'float32', data: new Float32Array(99) }),
    ],
    [
      /which does not fit its 99 elements/,
      (tensor) => ({ ...tensor, dtype: 'float16', data: new Uint16Array(99) }),
    ],
    [/expected its data in a Uint16Array/, (tensor) => ({ ...tensor, dtype: 'bfloat16' })],
    [
      /expected its data in a Float64Array, found Array/,
      ({ shape, data }) => ({ shape, dtype: 'float64', data: [...data] }),
    ],
    [/"dtype complex64"; expected one of/, (tensor) => ({ ...tensor, dtype: 'complex64' })],
  ];
  for (const strict of [true, false]) {
    for (const name of before.keys()) {
      for (const [message, wrong] of wrongs) {
        const dict = others(net, 1);
        dict.set(name, wrong(before.get(name) as StateTensor) as StateTensor);
        assert.throws(
          () => net.loadStateDict(dict, { strict }),
          (error: Error) => error.message.includes('nothing was loaded') && message.test(error.message),
          `${name}: ${message}`,
        );
        assert.deepEqual(net.stateDict(), before, `${name}: ${message}`);
        assert.equal(tf.memory().numTensors, live);
      }
    }
  }
  net.loadStateDict(others(net, 1));
  assert.deepEqual(net.stateDict().get('fc.bias')?.data[0], (before.get('fc.bias')?.data[0] as number) + 1);
  net.dispose();
});

test("a counter takes floats without their fraction, as torch's copy_ does, and refuses NaN", () => {
  const net = new BatchNorm2d(1);
  const dict = net.stateDict();
  const counter = (value: number): StateDict =>
    dict.set('num_batches_tracked', { dtype: 'float32', shape: [], data: Float32Array.of(value) });
  net.loadStateDict(counter(2.9));
  assert.deepEqual(net.stateDict().get('num_batches_tracked')?.data, BigInt64Array.of(2n));
  assert.throws(
    () => net.loadStateDict(counter(NaN)),
    /nothing was loaded[^]*element 0 is NaN, which is not in int64's range/,
  );
  net.dispose();
});

test('"module." is left out where the network has no such names, and only there', () => {
  const cases: [net: () => Module, rename: (name: string) => string][] = [
    [() => new Net(), (name) => `module.${name}`], // DataParallel
    [() => new Wrapper(new Net()), (name) => name],
    [() => new Wrapper(new Net()), (name) => `module.${name}`],
    [() => new Wrapper(new Wrapper(new Net())), (name) => name],
    [() => new Wrapper(new Wrapper(new Net())), (name) => `module.${name}`],
  ];
  for (const [make, rename] of cases) {
    const net = make();
    const wanted = others(net, 0.5);
    for (const [file, save] of [
      ['a.pth', saveCheckpoint],
      ['a.safetensors', saveSafetensors],
    ] as const) {
      net.loadStateDict(others(net, 3));
      save(join(folder, file), renamed(wanted, rename));
      assert.deepEqual(net.loadStateDict(loadCheckpoint(join(folder, file))), {
        missingKeys: [],
        unexpectedKeys: [],
      });
      assert.deepEqual(net.stateDict(), wanted);
    }
    net.dispose();
  }
  const net = new Net();
  const half = renamed(net.stateDict(), (name) => (name.startsWith('fc') ? name : `module.${name}`));
  assert.throws(() => net.loadStateDict(half), /missing \(6\): conv\.weight/);
  net.dispose();
});
