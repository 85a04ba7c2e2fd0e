/*
 * Damaged checkpoints, 150 of each subject. For longer, and to see how many were loaded and refused:
 *
 *   FUZZ_MINUTES=10 FUZZ_SEED=7 node --test .build/test/checkpoint/fuzz.test.js
 *
 * The subjects share the minutes. An input that fails is named by its subject, seed and round, which make it again.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { CheckpointError } from '../../src/state/error';
import { loadCheckpoint } from '../../src/checkpoint/load';
import { Random } from '../../src/random';
import { pickle, stateDictPickle, text, torchLegacy, torchZip } from './forge';
import { golden, temporaryFolder } from './golden';

const file = path.join(temporaryFolder(), 'fuzz');

/** Of each subject, and then as many as the time allows. */
const ROUNDS = 150;
const MINUTES = Number(process.env.FUZZ_MINUTES ?? 0);
const SEED = Number(process.env.FUZZ_SEED ?? 0);

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
  const start = process.cpuUsage(); // not the clock's time, which other programs take too
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
    const { user, system } = process.cpuUsage(start);
    assert.ok(user + system < 2e6, 'it took more than 2 s');
  }
}

/** {'a': {'b': {'w': tensor}}, 'c': {'param_groups': []}} */
const WRAPPERS = pickle(
  ...['}(', text('a'), '}', text('b'), stateDictPickle().subarray(2, -1), 's'],
  ...[text('c'), '}', text('param_groups'), ']su'],
);

/** Whole files; and pickles inside of zips whose checksums are right, which gets past the checks of the zip. */
const SUBJECTS: Record<string, { original: Buffer; wrap?: (bytes: Buffer) => Buffer }> = {
  'zip of torch': { original: fs.readFileSync(golden('dtypes.pth')) },
  'zip of torch without checksums': { original: fs.readFileSync(golden('no-checksums.pth')) },
  'old format': { original: fs.readFileSync(golden('dtypes-old.pth')) },
  'views in the old format': { original: fs.readFileSync(golden('views-old.pth')) },
  'negated tensors': { original: fs.readFileSync(golden('negated.pth')) },
  'negated tensors in the old format': { original: fs.readFileSync(golden('negated-old.pth')) },
  'a wrapper': { original: fs.readFileSync(golden('wrapped-checkpoint.model.pth')) },
  'small old format': { original: torchLegacy() },
  safetensors: { original: fs.readFileSync(golden('official.safetensors')) },
  'small zip': { original: torchZip() },
  'wrappers in a zip': { original: WRAPPERS, wrap: torchZip },
  'pickle in a zip': { original: stateDictPickle({ shape: [2, 2], stride: [1, 2] }), wrap: torchZip },
};

describe('mutated files load or are refused, in bounded time and memory', () => {
  const end = performance.now() + 60_000 * MINUTES;
  Object.entries(SUBJECTS).forEach(([name, { original, wrap = (bytes: Buffer) => bytes }], subject, all) => {
    it(name, (test) => {
      assert.ok(load(wrap(original)));
      const outcomes = { loaded: 0, refused: 0 };
      const start = performance.now();
      const share = (end - start) / (all.length - subject);
      for (let round = 0; round < ROUNDS || performance.now() - start < share; round++) {
        const bytes = wrap(mutate(original, new Random(SEED, round, original.length)));
        try {
          outcomes[load(bytes) ? 'loaded' : 'refused']++;
        } catch (cause) {
          throw new Error(`${name}, seed ${SEED}, round ${round}: ${String(cause)}`, { cause });
        }
      }
      test.diagnostic(`${name}, seed ${SEED}: ${JSON.stringify(outcomes)}`);
      assert.ok(outcomes.refused > ROUNDS / 10 && outcomes.loaded > 0, JSON.stringify(outcomes));
    });
  });
});
