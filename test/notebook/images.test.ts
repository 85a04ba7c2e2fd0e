import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-node';
import { createCanvas } from 'canvas';
import sharp from 'sharp';
import { colorAt, featureMaps, showFeatureMaps } from '../../src/notebook/featureMaps';
import { VIRIDIS } from '../../src/notebook/style';
import { encodePicture, showImages } from '../../src/notebook/images';
import { tensorsKept } from '../../src/notebook/tensors';

const red = { data: Float32Array.from([1, 0, 0, 0.5, 0, 0]), height: 1, width: 2, channels: 3 } as const;

async function pixels(uri: string): Promise<number[]> {
  const bytes = Buffer.from(uri.split(',')[1], 'base64');
  return [...(await sharp(bytes).removeAlpha().raw().toBuffer())];
}

test('pixels come through as they are, each enlarged to a square', async () => {
  const { uri, width, height } = await encodePicture(red, 2);
  assert.deepEqual([width, height], [4, 2]);
  const row = [255, 0, 0, 255, 0, 0, 128, 0, 0, 128, 0, 0];
  assert.deepEqual(await pixels(uri), [...row, ...row]);
});

test('Normalize is undone; values out of range are not guessed at', async () => {
  const normalized = { ...red, data: red.data.map((v) => (v - 0.5) / 0.25) };
  const undone = await encodePicture(normalized, 1, { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] });
  assert.deepEqual(await pixels(undone.uri), [255, 0, 0, 128, 0, 0]);
  await assert.rejects(
    encodePicture(normalized, 1),
    /must lie in \[0, 1\]; these run from -2\.00 to 2\.00\. Pass \{ mean, std \}/,
  );
  await assert.rejects(encodePicture(normalized, 1, { mean: [1], std: [1] }), /takes three means/);
});

test('files are shown as photographs, and one that is none is named', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pictures-'));
  try {
    const good = join(folder, 'a picture.png');
    writeFileSync(good, createCanvas(1024, 256).toBuffer('image/png'));
    const { uri, width, height } = await encodePicture(good, 1);
    assert.deepEqual([width, height], [512, 128]);
    assert.match(uri, /^data:image\/jpeg;base64,/);
    const bad = join(folder, 'bad.gif');
    writeFileSync(bad, '<html>not found</html>');
    await assert.rejects(encodePicture(bad, 1), /bad\.gif can't be read/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('titles must fit the pictures; outside a notebook the alternative text is printed', async () => {
  await assert.rejects(showImages([red, red], { titles: ['one'] }), /2 pictures need as many titles; got 1/);
  const log = mock.method(console, 'log', () => {});
  await showImages([red, red], { titles: ['cat', 'dog'] });
  const printed = log.mock.calls.map((call) => call.arguments as unknown[]);
  log.mock.restore();
  assert.deepEqual(printed, [['2 pictures: cat, dog']]);
});

test('feature maps: each channel where it belongs, from its lowest to its highest value', async () => {
  // [1, 2, 2, 3]: channel 0 counts up, channel 1 is constant, channel 2 counts down
  const activation = tf.tensor4d([0, 7, 3, 1, 7, 2, 2, 7, 1, 3, 7, 0], [1, 2, 2, 3]);
  const { result, kept } = await tensorsKept(() =>
    featureMaps(activation, { channels: [0, 2], columns: 2, colors: 'grey' }),
  );
  assert.equal(kept, 0);
  const { data, info } = await sharp(result.png).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  assert.deepEqual([info.width, info.height], [96 * 2 + 4, 96]);
  const at = (x: number, y: number) => [
    ...data.subarray((y * info.width + x) * 4, (y * info.width + x) * 4 + 4),
  ];
  assert.deepEqual(at(0, 0), [0, 0, 0, 255]);
  assert.deepEqual(at(95, 95), [255, 255, 255, 255]);
  assert.equal(at(97, 50)[3], 0, 'the gap is transparent');
  assert.deepEqual(at(100, 0), [255, 255, 255, 255]);
  assert.deepEqual(at(195, 95), [0, 0, 0, 255]);
  assert.match(result.caption, /^2 of 3 channels, 2 × 2,/);
  await assert.rejects(featureMaps(activation, { channels: [3] }), /channel 3 of 3; the first is 0/);
  const flat = tf.zeros([4]);
  await assert.rejects(showFeatureMaps(flat), /expected an activation \[N, H, W, C\], got \[4\]/);
  tf.dispose([activation, flat]);
});

test('numbers around 0 are white at 0, however far they reach on either side', async () => {
  const activation = tf.tensor4d([-1, 0, 4, 0], [1, 2, 2, 1]);
  const { png } = await featureMaps(activation, { colors: 'blue-red' });
  const { data, info } = await sharp(png).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => [...data.subarray(4 * (y * info.width + x)).subarray(0, 3)];
  assert.deepEqual(at(90, 0), [247, 247, 247]);
  assert.deepEqual(at(0, 90), [178, 24, 43], 'the furthest from 0 is red');
  assert.ok(at(0, 0)[2] > at(0, 0)[0], 'below 0 is bluish');
  activation.dispose();
});

test('viridis runs from dark violet to yellow', () => {
  assert.deepEqual(
    [0, 1, 2].map((value) => colorAt(VIRIDIS, value)),
    [
      [68, 1, 84],
      [253, 231, 37],
      [253, 231, 37],
    ],
  );
});
