import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { COUNTS, drawJpeg, generate, isUpToDate, plan } from '../../data-scripts/drawings/generate';
import { drawPicture, type Animal } from '../../data-scripts/drawings/picture';
import { Random } from '../../src/random';

const FEW: typeof COUNTS = {
  train: { '0_cat': 3, '1_dog': 2, '2_ants': 2, '3_bees': 2 },
  eval: { '0_cat': 1, '1_dog': 1, '2_ants': 1, '3_bees': 1 },
};

let folder: string;
beforeEach(() => (folder = join(mkdtempSync(join(tmpdir(), 'drawings-')), 'set')));
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

const files = (): string[] =>
  (readdirSync(folder, { recursive: true }) as string[]).filter((n) => n.endsWith('.jpg')).sort();

test("the set has the article's counts", () => {
  assert.deepEqual(Object.values(COUNTS.train), [130, 222, 123, 121]);
  assert.deepEqual(Object.values(COUNTS.eval), [100, 102, 70, 83]);
  const all = plan();
  assert.equal(all.length, 951);
  assert.equal(new Set(all.map(({ path }) => path)).size, 951);
  assert.equal(
    new Set(all.map(({ keys }) => keys.join())).size,
    951,
    'no two pictures draw the same numbers',
  );
});

test('the same keys give the same bytes, other keys other pictures', () => {
  const [first, second] = plan();
  assert.ok(drawJpeg(first).equals(drawJpeg(first)));
  assert.ok(!drawJpeg(first).equals(drawJpeg(second)));
});

test('pictures are upright and lying, 160 to 320 pixels a side, and covered to the edge', () => {
  const shapes = new Set<string>();
  for (const animal of ['cat', 'dog', 'ant', 'bee'] as Animal[])
    for (let i = 0; i < 6; i++) {
      const canvas = drawPicture(animal, new Random(7, i));
      const { width, height } = canvas;
      assert.ok(Math.min(width, height) >= 160 && Math.max(width, height) <= 320, `${width}x${height}`);
      shapes.add(width > height ? 'lying' : 'upright');
      const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
      for (let at = 3; at < data.length; at += 4)
        assert.equal(data[at], 255, `a clear pixel in ${animal} ${i}`);
    }
  assert.equal(shapes.size, 2);
});

test('the mean colour of a picture says nothing about its class', () => {
  const perClass = 40;
  const means = (['cat', 'dog', 'ant', 'bee'] as Animal[]).map((animal, c) =>
    Array.from({ length: perClass }, (_, i) => {
      const canvas = drawPicture(animal, new Random(11, c, i));
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const sums = [0, 0, 0];
      for (let at = 0; at < data.length; at++) if (at % 4 < 3) sums[at % 4] += data[at];
      return sums.map((sum) => sum / (data.length / 4));
    }),
  );
  for (const channel of [0, 1, 2]) {
    const values = means.map((pictures) => pictures.map((mean) => mean[channel]));
    const average = (list: number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
    const all = average(values.flat());
    const deviation = Math.sqrt(average(values.flat().map((value) => (value - all) ** 2)));
    // Four standard errors of a mean of 40: by chance alone a class is beyond it once in 16,000 times.
    for (const list of values)
      assert.ok(Math.abs(average(list) - all) < (4 * deviation) / Math.sqrt(perClass));
  }
});

test('a set is drawn once, resumed where it stopped, and put in place whole', async () => {
  const seen: number[] = [];
  await generate(folder, (done) => seen.push(done), FEW);
  assert.deepEqual(
    seen,
    Array.from({ length: 13 }, (_, i) => i + 1),
  );
  assert.deepEqual(
    files(),
    plan(FEW)
      .map(({ path }) => path)
      .sort(),
  );
  assert.ok(await isUpToDate(folder, FEW));
  assert.ok(!(await isUpToDate(folder)), 'other counts are another set');

  // An interrupted run: half a set in the partial folder, one of its files marked to see whether it is kept.
  const again = `${folder}-again`;
  await assert.rejects(
    generate(again, (done) => { if (done === 5) throw new Error('interrupted'); }, FEW), // prettier-ignore
    /interrupted/,
  );
  assert.throws(() => statSync(again), 'nothing stands under the real name');
  const kept = join(`${again}.partial`, plan(FEW)[0].path);
  writeFileSync(kept, 'kept');
  await generate(again, undefined, FEW);
  assert.equal(readFileSync(join(again, plan(FEW)[0].path), 'utf8'), 'kept');
  assert.deepEqual(
    readFileSync(join(again, plan(FEW)[12].path)),
    readFileSync(join(folder, plan(FEW)[12].path)),
  );
});

test('what another generator drew is drawn anew', async () => {
  await generate(folder, undefined, FEW);
  const path = join(folder, 'manifest.json');
  writeFileSync(
    path,
    readFileSync(path, 'utf8').replace(/"generator": "[0-9a-f]{8}/, '"generator": "00000000'),
  );
  assert.ok(!(await isUpToDate(folder, FEW)));
  const first = join(folder, plan(FEW)[0].path);
  writeFileSync(first, 'old');
  await generate(folder, undefined, FEW);
  assert.deepEqual(readFileSync(first), drawJpeg(plan(FEW)[0]));
});
