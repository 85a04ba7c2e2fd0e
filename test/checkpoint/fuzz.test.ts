import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { CheckpointError } from '../../src/checkpoint/error';
import { loadCheckpoint } from '../../src/checkpoint/load';
import { Random } from '../../src/random';
import { stateDictPickle, torchLegacy, torchZip } from './forge';
import { golden, temporaryFolder } from './golden';

const file = path.join(temporaryFolder(), 'fuzz');

/** Of each subject; more by hand, for instance FUZZ_ROUNDS=5000. */
const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 150);

/** Numbers that sizes, offsets and counts go wrong at. */
const EXTREMES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** One to four faults at random places. */
function mutate(original: Buffer, random: Random): Buffer {
  let bytes = Buffer.from(original);
  for (let faults = 1 + random.integer(4); faults > 0; faults--) {
    const at = random.integer(bytes.length);
    const length = random.integer(9);
    switch (random.integer(6)) {
      case 0:
        bytes[at] ^= 1 << random.integer(8);
        break;
      case 1:
        bytes[at] = random.integer(256);
        break;
      case 2:
        if (at + 4 <= bytes.length) bytes.writeUInt32LE(EXTREMES[random.integer(EXTREMES.length)], at);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        break;
      case 4: {
        const from = random.integer(bytes.length);
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          bytes.subarray(from, from + length),
          bytes.subarray(at),
        ]);
        break;
      }
      case 5:
        if (random.integer(4) === 0) bytes = bytes.subarray(0, Math.max(1, at));
        break;
    }
    if (bytes.length === 0) return bytes;
  }
  return bytes;
}

/** Loads the bytes: whether that went well. Anything but success and a CheckpointError fails the test. */
function load(bytes: Buffer): boolean {
  fs.writeFileSync(file, bytes);
  const start = performance.now();
  try {
    const buffers = new Set([...loadCheckpoint(file).values()].map(({ data }) => data.buffer));
    const total = [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
    assert.ok(total <= 2 * bytes.length, `${total} bytes of tensors from a file of ${bytes.length}`);
    return true;
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    assert.match(error.message, /^\P{C}{1,600}$/u);
    return false;
  } finally {
    assert.ok(performance.now() - start < 2000, 'it took more than 2 s');
  }
}

/** Whole files; and pickles inside of zips whose checksums are right, which gets past the checks of the zip. */
const SUBJECTS: Record<string, { original: Buffer; wrap?: (bytes: Buffer) => Buffer }> = {
  'zip of torch': { original: fs.readFileSync(golden('dtypes.pth')) },
  'zip of torch without checksums': { original: fs.readFileSync(golden('no-checksums.pth')) },
  'old format': { original: fs.readFileSync(golden('dtypes-old.pth')) },
  'views in the old format': { original: fs.readFileSync(golden('views-old.pth')) },
  'small old format': { original: torchLegacy() },
  safetensors: { original: fs.readFileSync(golden('official.safetensors')) },
  'small zip': { original: torchZip() },
  'pickle in a zip': { original: stateDictPickle({ shape: [2, 2], stride: [1, 2] }), wrap: torchZip },
};

describe('mutated files load or are refused, in bounded time and memory', () => {
  for (const [name, { original, wrap = (bytes: Buffer) => bytes }] of Object.entries(SUBJECTS)) {
    it(name, () => {
      assert.ok(load(wrap(original)));
      const outcomes = { loaded: 0, refused: 0 };
      for (let round = 0; round < ROUNDS; round++) {
        const bytes = wrap(mutate(original, new Random(round, original.length)));
        outcomes[load(bytes) ? 'loaded' : 'refused']++;
      }
      assert.ok(outcomes.refused > ROUNDS / 10 && outcomes.loaded > 0, JSON.stringify(outcomes));
    });
  }
});
