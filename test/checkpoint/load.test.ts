import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { bytesOf } from '../../src/state/dtype';
import { loadCheckpoint } from '../../src/checkpoint/load';
import { readSafetensorsMetadata } from '../../src/checkpoint/safetensors';
import type { StateDict } from '../../src/state/stateDict';
import { entry, golden, goldenJson, sharedCheckpoints } from './golden';

type Described = [name: string, dtype: string, shape: number[], bytesInHex: string][];
const expected = goldenJson('expected.json') as Record<string, Described>;

function described(dict: StateDict): Described {
  return [...dict].map(([name, tensor]) => [
    name,
    tensor.dtype,
    [...tensor.shape],
    Buffer.from(bytesOf(tensor)).toString('hex'),
  ]);
}

const shared = sharedCheckpoints();

describe('loadCheckpoint on what torch 2.14.1 wrote', () => {
  for (const [file, key] of [
    ['dtypes.pth', 'dtypes'],
    ['dtypes-protocol5.pth', 'dtypes'],
    ['dtypes-old.pth', 'dtypes'],
    ['dtypes-old-protocol4.pth', 'dtypes'],
    ['views.pth', 'views'],
    ['views-old.pth', 'views'],
    ['no-checksums.pth', 'views'],
    ['parameters.pth', 'parameters'],
    ['negated.pth', 'negated'],
    ['negated-old.pth', 'negated'],
    ['training.pth', 'training'],
    ['model-old.pth', 'training'],
    ['wrapped-model_state_dict.pth', 'linear'],
    ['wrapped-net.pth', 'linear'],
    ['wrapped-checkpoint.model.pth', 'linear'],
    ['wrapped-weights.pth', 'linear'],
  ]) {
    it(`${file}: names, types, shapes and bits`, () => {
      assert.deepEqual(described(loadCheckpoint(golden(file))), expected[key]);
    });
  }

  it('opens the entry that the option names, or says which there are', () => {
    for (const key of ['model_state_dict', 'net', 'checkpoint.model', 'weights']) {
      const file = golden(`wrapped-${key}.pth`);
      assert.deepEqual(described(loadCheckpoint(file, { key })), expected.linear);
      assert.throws(
        () => loadCheckpoint(file, { key: 'state_dict' }),
        new RegExp(`: it has no state dict under the key "state_dict"; choose from .*"${key}"`),
      );
    }
    const several = golden('wrapped-twice.pth');
    assert.throws(
      () => loadCheckpoint(several),
      /: it holds several state dicts; choose one by its key, which may be "generator", "ema"$/,
    );
    assert.deepEqual(described(loadCheckpoint(several, { key: 'generator' })), expected.linear);
    assert.notDeepEqual(described(loadCheckpoint(several, { key: 'ema' })), expected.linear);
    for (const file of ['dtypes.pth', 'official.safetensors'])
      assert.throws(() => loadCheckpoint(golden(file), { key: 'x' }), /leave the key out$/);
  });

  it('never takes metrics, counters or an optimizer for weights unless they are named', () => {
    const file = golden('wrapped-weights.pth');
    assert.deepEqual([...loadCheckpoint(file, { key: 'metrics' }).keys()], ['acc']);
    assert.throws(
      () => loadCheckpoint(golden('wrapped-model_state_dict.pth'), { key: 'optimizer_state_dict' }),
      /no state dict under the key "optimizer_state_dict"; choose from "model_state_dict"$/,
    );
  });

  it('reads parameters with attributes of their own', () => {
    const { data } = entry(loadCheckpoint(golden('wrapped-parameters.pth')), 'weight');
    assert.deepEqual([...data], [1, 1]);
  });

  it('shares data where torch shares a storage', () => {
    const dict = loadCheckpoint(golden('views.pth'));
    const base = entry(dict, 'base').data;
    assert.equal(entry(dict, 'offset').data.buffer, base.buffer);
    assert.notEqual(entry(dict, 'transposed').data.buffer, base.buffer);
  });

  it('refuses complex numbers and whole models by the name of what they ask for', () => {
    assert.throws(
      () => loadCheckpoint(golden('complex.pth')),
      /"torch\.ComplexFloatStorage".*nothing was run/,
    );
    assert.throws(
      () => loadCheckpoint(golden('whole-model.pth')),
      /"torch\.nn\.modules\.linear\.Linear".*nothing was run\. Look for a file with the weights alone/,
    );
  });
});

describe('loadCheckpoint on what the safetensors library wrote', () => {
  it('official.safetensors: the same tensors, and its metadata', () => {
    // The library sorts by type; our own files keep the state dict's order (save.test.ts).
    const sorted = (list: Described) => [...list].sort(([a], [b]) => (a < b ? -1 : 1));
    const dict = loadCheckpoint(golden('official.safetensors'));
    assert.deepEqual(sorted(described(dict)), sorted(expected.dtypes));
    assert.deepEqual(readSafetensorsMetadata(golden('official.safetensors')), { source: 'torch' });
  });
});

describe(
  'loadCheckpoint on published checkpoints in the old format',
  { skip: !shared && 'no shared folder' },
  () => {
    for (const [file, tensors, n] of [
      ['resnet20-12fca82f.th', 97, 3],
      ['resnet56-4bfd9763.th', 277, 9],
    ] as const) {
      // 6n + 2 layers: 2n convolutions with BatchNorm at each of three widths, shortcuts without parameters (option A).
      const layer = (from: number, to: number) => 9 * from * to + 2 * to;
      const middle = [16, 32, 64].map((width) => (2 * n - 1) * layer(width, width));
      const parameters =
        layer(3, 16) +
        layer(16, 16) +
        layer(16, 32) +
        layer(32, 64) +
        middle[0] +
        middle[1] +
        middle[2] +
        650;
      it(file, () => {
        const dict = loadCheckpoint(path.join(shared ?? '', file));
        assert.equal(dict.size, tensors);
        assert.deepEqual(entry(dict, 'module.conv1.weight').shape, [16, 3, 3, 3]);
        assert.deepEqual(entry(dict, 'module.linear.weight').shape, [10, 64]);
        let count = 0;
        for (const [name, { dtype, data }] of dict) {
          assert.equal(dtype, 'float32');
          if (!name.includes('running_')) count += data.length;
          for (const value of data) assert.ok(Math.abs(Number(value)) < 1000, name);
        }
        assert.equal(count, parameters);
        assert.ok(entry(dict, 'module.bn1.running_var').data.every((value: number | bigint) => value > 0));
      });
    }
  },
);
