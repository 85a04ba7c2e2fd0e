import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { convert, toFloat32 } from '../../src/state/convert';
import { CheckpointError } from '../../src/state/error';
import type { DType, DTypeArrays, StateTensor } from '../../src/state/stateDict';
import { goldenJson } from '../checkpoint/golden';

/** What torch 2.14.1 makes of the same numbers, as bits (test/golden/checkpoint.py). */
const torch = goldenJson('conversions.json') as {
  float32: number[];
  float16: number[];
  bfloat16: number[];
  every_float16: number;
  every_bfloat16: number;
  doubles: string[];
  doubles_as_float16: number[];
  doubles_as_int32: number[];
  longs: string[];
  longs_as_float32: number[];
  longs_as_bfloat16: number[];
};

function tensor<D extends DType>(dtype: D, data: DTypeArrays[D]): StateTensor {
  return { dtype, shape: [data.length], data };
}

/** As in the Python script: NaNs aside, the sum of all bits, each times its place. */
function checksum(values: Float32Array): number {
  const bits = new Uint32Array(values.buffer);
  return bits.reduce((sum, word, i) => sum + (Number.isNaN(values[i]) ? 0 : word) * ((i % 1000) + 1), 0);
}

describe('convert, against torch', () => {
  const floats = new Float32Array(Uint32Array.from(torch.float32).buffer);

  for (const dtype of ['float16', 'bfloat16'] as const) {
    it(`float32 to ${dtype}: ties to even, subnormals, overflow`, () => {
      assert.ok(floats.length > 1000);
      assert.deepEqual([...convert(tensor('float32', floats), dtype).data], torch[dtype]);
    });

    it(`every ${dtype} to float32, and back to itself`, () => {
      const every = new Uint16Array(Int16Array.from({ length: 65536 }, (_, i) => i - 32768).buffer);
      const values = toFloat32(tensor(dtype, every));
      assert.equal(checksum(values), torch[`every_${dtype}`]);
      const back = convert(tensor('float32', values), dtype).data;
      assert.ok(every.every((bits, i) => back[i] === bits || Number.isNaN(values[i])));
    });
  }

  it('NaN stays NaN in both half precisions', () => {
    for (const dtype of ['float16', 'bfloat16'] as const) {
      const nan = convert(tensor('float32', Float32Array.of(NaN, 1)), dtype);
      assert.deepEqual([...toFloat32(nan)], [NaN, 1]);
    }
  });

  it('float64 to float16 by way of float32, and to integers by dropping the fraction', () => {
    const doubles = new Float64Array(torch.doubles.length);
    torch.doubles.forEach((hex, i) => (doubles[i] = Buffer.from(hex, 'hex').readDoubleLE()));
    assert.deepEqual([...convert(tensor('float64', doubles), 'float16').data], torch.doubles_as_float16);
    const integers = convert(tensor('float64', doubles.slice(4, 6)), 'int64').data;
    assert.deepEqual([...integers].map(Number), torch.doubles_as_int32);
  });

  it('int64 to floats in one rounding', () => {
    const longs = tensor('int64', BigInt64Array.from(torch.longs, BigInt));
    assert.deepEqual([...new Int32Array(toFloat32(longs).buffer)], torch.longs_as_float32);
    assert.deepEqual([...convert(longs, 'bfloat16').data], torch.longs_as_bfloat16);
  });

  it('bool: all but 0 is true', () => {
    assert.deepEqual([...toFloat32(tensor('bool', Uint8Array.of(0, 1, 2)))], [0, 1, 1]);
    assert.deepEqual([...convert(tensor('bool', Uint8Array.of(0, 2)), 'int64').data], [0n, 1n]);
  });

  it('every integer type to int64 as it is', () => {
    const cases = [
      tensor('int32', Int32Array.of(-(2 ** 31), 2 ** 24 + 1, 2 ** 31 - 1)),
      tensor('int16', Int16Array.of(-(2 ** 15), 2 ** 15 - 1)),
      tensor('int8', Int8Array.of(-128, 127)),
      tensor('uint8', Uint8Array.of(0, 255)),
    ];
    for (const each of cases)
      assert.deepEqual([...convert(each, 'int64').data], Array.from(each.data as Int32Array, BigInt));
  });

  it('gives the tensor itself where nothing changes, and float32 without a copy', () => {
    const same = tensor('float32', Float32Array.of(1));
    assert.equal(convert(same, 'float32'), same);
    assert.equal(toFloat32(same), same.data);
  });

  it('refuses floats that no 64-bit integer is near', () => {
    for (const value of [NaN, Infinity, 2 ** 63])
      assert.throws(() => convert(tensor('float64', Float64Array.of(value)), 'int64'), CheckpointError);
    assert.deepEqual(
      [...convert(tensor('float64', Float64Array.of(-(2 ** 63))), 'int64').data],
      [-(2n ** 63n)],
    );
  });
});
