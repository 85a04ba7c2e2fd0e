import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import sharp from 'sharp';
import type { RgbImage } from '../../src/data/image';
import { ImageFolder } from '../../src/data/imageFolder';
import { calMeanStd, datasetStatistics, type PictureSource } from '../../src/data/statistics';
import { setProgress, silentProgress } from '../../src/progress';
import { golden, largestDifference, picture } from './golden';

setProgress(silentProgress);

function source(...pictures: RgbImage[]): PictureSource {
  return { length: pictures.length, picture: (index) => pictures[index] };
}

/** One row of grey pixels. */
function grey(...values: number[]): RgbImage {
  return {
    data: Uint8Array.from(values.flatMap((v) => [v, v, v])),
    height: 1,
    width: values.length,
    channels: 3,
  };
}

test('by hand: even pictures have no deviation of their own, but differ from each other', async () => {
  const two = source(grey(51), grey(153, 153, 153)); // 0.2 once and 0.6 three times
  assert.deepEqual(await calMeanStd(two), [
    [0.4, 0.4, 0.4], // (0.2 + 0.6) / 2: each picture counts once
    [0, 0, 0],
  ]);
  const [mean, std] = await datasetStatistics(two);
  assert.ok(largestDifference(mean, [0.5, 0.5, 0.5]) < 1e-12); // (0.2 + 3 * 0.6) / 4
  const expected = Math.sqrt((0.3 ** 2 + 3 * 0.1 ** 2) / 4);
  assert.ok(largestDifference(std, [expected, expected, expected]) < 1e-12);
});

test('numpy’s numbers, for both ways', async () => {
  const { sizes, calMeanStd: article, allPixels } = golden.statistics;
  const pictures = source(...sizes.map((size) => picture(...size)));
  assert.deepEqual(await calMeanStd(pictures), article);
  const [mean, std] = await datasetStatistics(pictures);
  assert.ok(largestDifference(mean, allPixels[0]) < 1e-9);
  assert.ok(largestDifference(std, allPixels[1]) < 1e-9);
});

test('from a folder: red first, an unreadable picture stops with its name or is left out', async () => {
  const root = mkdtempSync(join(tmpdir(), 'statistics-'));
  after(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'x'));
  const orange = {
    create: { width: 5, height: 4, channels: 3 as const, background: { r: 255, g: 102, b: 0 } },
  };
  writeFileSync(join(root, 'x', 'orange.png'), await sharp(orange).png().toBuffer());
  const expected = [
    [1, 0.4, 0],
    [0, 0, 0],
  ];
  assert.deepEqual(await calMeanStd(new ImageFolder(root)), expected);
  writeFileSync(join(root, 'x', 'broken.png'), 'no picture');
  await assert.rejects(calMeanStd(new ImageFolder(root)), /broken\.png: is no JPEG/);
  const lenient = new ImageFolder(root, { onError: 'skip' });
  assert.deepEqual(await calMeanStd(lenient), expected);
  assert.deepEqual(await datasetStatistics(lenient), expected);
  assert.equal(lenient.skipped.length, 1);
  rmSync(join(root, 'x', 'orange.png'));
  await assert.rejects(calMeanStd(new ImageFolder(root, { onError: 'skip' })), /no readable picture/);
});

test('a picture with other values than its size says is named', async () => {
  const short = { ...grey(1, 2, 3), width: 4 };
  for (const statistics of [calMeanStd, datasetStatistics])
    await assert.rejects(statistics(source(grey(1), short)), /Picture 1 has 9 values; 1x4 pixels .* are 12/);
});
