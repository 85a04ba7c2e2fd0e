import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { convert } from '../../src/state/convert';
import { CheckpointError } from '../../src/state/error';
import { loadCheckpoint } from '../../src/checkpoint/load';
import { readSafetensorsMetadata, saveSafetensors } from '../../src/checkpoint/safetensors';
import { saveCheckpoint } from '../../src/checkpoint/save';
import type { StateDict, StateTensor } from '../../src/state/stateDict';
import { entry, golden, temporaryFolder } from './golden';
import { FLOAT16_OPTIONS, WRITTEN } from './writeGolden';

const folder = temporaryFolder();
const weights: StateTensor = { dtype: 'float32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
const small: StateDict = new Map([['w', weights]]);
const SAVERS = { 'a.pth': saveCheckpoint, 'a.safetensors': saveSafetensors };

describe('what this library writes', () => {
  for (const [name, write] of Object.entries(WRITTEN)) {
    it(`${name}: the bytes that torch was seen to read (test/golden/checkpoint.py check)`, () => {
      const target = path.join(folder, name);
      write(target);
      assert.deepEqual(fs.readFileSync(target), fs.readFileSync(golden(name)));
    });
  }

  it('is read back in the same order, bit for bit', () => {
    const dict = loadCheckpoint(golden('dtypes.pth'));
    for (const [name, save] of Object.entries(SAVERS)) {
      const target = path.join(folder, name);
      save(target, dict);
      assert.deepEqual([...loadCheckpoint(target)], [...dict]);
    }
  });

  it('keeps names of any kind', () => {
    const names = ['b', '10', '2', '__proto__', 'ü "\\\n', ''];
    const dict: StateDict = new Map(names.map((name) => [name, weights]));
    for (const [name, save] of Object.entries(SAVERS)) {
      save(path.join(folder, name), dict);
      assert.deepEqual([...loadCheckpoint(path.join(folder, name)).keys()].sort(), names.toSorted());
    }
  });

  it('an empty state dict, and shared data once', () => {
    for (const [name, save] of Object.entries(SAVERS)) {
      save(path.join(folder, name), new Map());
      assert.equal(loadCheckpoint(path.join(folder, name)).size, 0);
    }
    saveCheckpoint(
      path.join(folder, 'a.pth'),
      new Map([
        ['a', weights],
        ['b', weights],
      ]),
    );
    const loaded = loadCheckpoint(path.join(folder, 'a.pth'));
    assert.equal(entry(loaded, 'a').data.buffer, entry(loaded, 'b').data.buffer);
  });

  it('safetensors in half precision: floats as float16, counters as they are, metadata', () => {
    const dict = loadCheckpoint(golden('dtypes.pth'));
    const target = path.join(folder, 'half.safetensors');
    saveSafetensors(target, dict, FLOAT16_OPTIONS);
    assert.deepEqual(readSafetensorsMetadata(target), FLOAT16_OPTIONS.metadata);
    const loaded = loadCheckpoint(target);
    assert.deepEqual(loaded.get('float32'), convert(entry(dict, 'float32'), 'float16'));
    assert.equal(entry(loaded, 'int64').dtype, 'int64');
    assert.equal(entry(loaded, 'bool').dtype, 'bool');
  });
});

describe('saving that fails', () => {
  it('on a full disk leaves the old file whole and no temporary file', (test) => {
    for (const [name, save] of Object.entries(SAVERS)) {
      const inner = fs.mkdtempSync(path.join(folder, 'full-'));
      const target = path.join(inner, name);
      save(target, small);
      const before = fs.readFileSync(target);
      let left = 100;
      const write = fs.writeSync;
      test.mock.method(
        fs,
        'writeSync',
        (...[fd, bytes, offset, length]: [number, Uint8Array, number, number]) => {
          // As the system does: first a part of what was asked for, then the error.
          if (left === 0)
            throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC', syscall: 'write' });
          const count = Math.min(left, length);
          left -= count;
          return write(fd, bytes, offset, count);
        },
      );
      assert.throws(
        () => save(target, loadCheckpoint(golden('dtypes.pth'))),
        /^CheckpointError: cannot write .*disk is full/,
      );
      test.mock.restoreAll();
      assert.deepEqual(fs.readFileSync(target), before);
      assert.deepEqual(fs.readdirSync(inner), [name]);
    }
  });

  it('goes on after a write that took only a part', (test) => {
    const write = fs.writeSync;
    test.mock.method(
      fs,
      'writeSync',
      (...[fd, bytes, offset, length]: [number, Uint8Array, number, number]) =>
        write(fd, bytes, offset, Math.min(7, length)),
    );
    saveCheckpoint(path.join(folder, 'slow.pth'), small);
    test.mock.restoreAll();
    assert.deepEqual([...loadCheckpoint(path.join(folder, 'slow.pth'))], [...small]);
  });

  it('says what does not fit', () => {
    const target = path.join(folder, 'wrong');
    const save = (tensor: unknown) => () => saveCheckpoint(target, new Map([['w', tensor as StateTensor]]));
    assert.throws(save({ ...weights, shape: [3] }), /"w" has shape \[3\], which does not fit its 4 elements/);
    assert.throws(
      save({ ...weights, dtype: 'int64' }),
      /"w" is int64, expected its data in a BigInt64Array, found Float32Array/,
    );
    assert.throws(save({ ...weights, dtype: 'float8' }), /has "dtype float8"; expected one of float64/);
    assert.throws(() => saveSafetensors(target, new Map([['__metadata__', weights]])), CheckpointError);
    assert.throws(
      () => saveCheckpoint(path.join(folder, 'no', 'where.pth'), small),
      /no such file or folder/,
    );
    assert.ok(!fs.existsSync(target));
  });
});
