import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeImage } from '../../src/data/decode/decode';
import { ImageError } from '../../src/data/decode/error';
import type { RgbImage } from '../../src/data/image';
import { projectRoot } from '../../src/locations';
import { Random } from '../../src/random';
import { CORNER, write } from './scratch';

/** By hand, for instance FUZZ_MINUTES=10 FUZZ_SEED=7; without, a few hundred tries under one seed. */
const MINUTES = Number(process.env.FUZZ_MINUTES ?? 0);
const SEED = Number(process.env.FUZZ_SEED ?? 1);
const ROUNDS = 400;
/** So that a header that promises much costs little. */
const MAX_PIXELS = 2_000_000;
/** Milliseconds for one file of at most nine kilobytes, on a busy machine. */
const LONGEST = 20_000;

/** Numbers that sizes, offsets and counts go wrong at. */
const EXTREMES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** One to four faults; half of them among the first hundred bytes, where headers are. */
function mutate(original: Buffer, random: Random): Buffer {
  let bytes = Buffer.from(original);
  for (let faults = 1 + random.integer(4); faults > 0 && bytes.length > 8; faults--) {
    const at = random.integer(random.integer(2) ? bytes.length : Math.min(100, bytes.length));
    const length = 1 + random.integer(8);
    const kind = random.integer(7);
    if (kind < 2) bytes[at] ^= 1 << random.integer(8);
    else if (kind === 2) bytes[at] = random.integer(256);
    else if (kind === 3 && at + 4 <= bytes.length) {
      const value = EXTREMES[random.integer(EXTREMES.length)];
      if (random.integer(2)) bytes.writeUInt32LE(value, at);
      else bytes.writeUInt32BE(value, at);
    } else if (kind === 4) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    else if (kind === 5) {
      const from = random.integer(bytes.length);
      bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(from, from + length), bytes.subarray(at)]);
    } else if (kind === 6 && random.integer(3) === 0) bytes = bytes.subarray(0, Math.max(1, at));
  }
  return bytes;
}

/** The picture, or undefined where it was refused by name. Anything else fails the test. */
async function attempt(path: string, part: boolean): Promise<RgbImage | undefined> {
  const start = performance.now();
  let promised: number[] = [];
  try {
    const picture = await decodeImage(path, MAX_PIXELS, (height, width) => {
      promised = part ? [1, 1] : [height, width];
      return part ? CORNER : { top: 0, left: 0, height, width };
    });
    assert.deepEqual([picture.height, picture.width], promised);
    assert.equal(picture.data.length, picture.height * picture.width * 3);
    return picture;
  } catch (error) {
    assert.ok(error instanceof ImageError, `${path}: ${String(error)}`);
    return undefined;
  } finally {
    assert.ok(performance.now() - start < LONGEST, `${path} took too long`);
  }
}

test('a damaged picture is a picture of the size that its header says, or refused by name', async (context) => {
  const { pictures } = JSON.parse(readFileSync(join(projectRoot(), 'test/golden/pictures.json'), 'utf8')) as {
    pictures: { name: string; file: string }[];
  };
  const random = new Random(SEED);
  const end = performance.now() + MINUTES * 60_000;
  const counts: Record<string, [tried: number, read: number]> = {};
  for (let round = 0; MINUTES > 0 ? performance.now() < end : round < ROUNDS; round++) {
    const { name, file } = pictures[random.integer(pictures.length)];
    const path = write('fuzz', mutate(Buffer.from(file, 'base64'), random));
    const whole = await attempt(path, false);
    const part = await attempt(path, true);
    const label = `round ${round} under seed ${SEED}, from ${name}`;
    assert.equal(part === undefined, whole === undefined, `${label}: it depends on the part`);
    assert.deepEqual([...(part?.data ?? [])], [...(whole?.data.subarray(0, 3) ?? [])], label);
    const count = (counts[name.replace(/.*\./, '')] ??= [0, 0]);
    count[0]++;
    if (whole) count[1]++;
  }
  const kinds = Object.entries(counts).map(([kind, [tried, read]]) => `${kind} ${tried} (${read} read)`);
  context.diagnostic(`seed ${SEED}: ${kinds.join(', ')}`);
  const megabytes = process.memoryUsage.rss() / 1e6;
  assert.ok(megabytes < 1500, `${megabytes} MB of memory are in use`);
});
