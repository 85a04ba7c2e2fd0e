import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crop, flipHorizontal } from '../../src/data/geometry';
import type { Image, ImageArray, RgbImage } from '../../src/data/image';
import { evalTransform, trainTransform } from '../../src/data/presets';
import { resize } from '../../src/data/resample';
import {
  CenterCrop,
  Compose,
  Normalize,
  RandomCrop,
  RandomHorizontalFlip,
  RandomResizedCrop,
  Resize,
  roundHalfToEven,
  ToTensor,
  type Transform,
} from '../../src/data/transforms';
import { Random } from '../../src/random';
import { bytesOf, floatsOf, golden, type GoldenImage, largestDifference, picture, sha256 } from './golden';

const random = new Random(0);

function assertSame(image: Image, expected: GoldenImage, what: string): void {
  assert.deepEqual([image.height, image.width], [expected.height, expected.width], what);
  assert.equal(largestDifference(image.data, bytesOf(expected)), 0, what);
}

/** A picture of one row whose three channels are equal. */
function greyRow(...values: number[]): RgbImage {
  return {
    data: Uint8Array.from(values.flatMap((v) => [v, v, v])),
    height: 1,
    width: values.length,
    channels: 3,
  };
}

function reds(image: Image): number[] {
  return Array.from(image.data).filter((_, i) => i % 3 === 0);
}

test('Resize by hand: halving averages with weights 1 3 3 1 over 8, the ends with 3 3 1 over 7', () => {
  const { data, height, width } = new Resize([1, 2]).forward(greyRow(0, 80, 160, 240));
  assert.deepEqual([height, width], [1, 2]);
  assert.deepEqual(reds({ data, height, width, channels: 3 } as RgbImage), [57, 183]); // (80*3 + 160) / 7, (80 + 160*3 + 240*3) / 7
});

test('Resize is torchvision’s to the bit', () => {
  for (const entry of golden.resize)
    assertSame(
      new Resize(entry.size).forward(picture(...entry.from)),
      entry,
      `${entry.from} to ${entry.size}`,
    );
  for (const entry of golden.resizeLarge) {
    const result = new Resize(entry.size).forward(picture(...entry.from)) as RgbImage;
    assert.deepEqual([result.height, result.width], [entry.height, entry.width]);
    assert.equal(sha256(result.data), entry.sha256, `${entry.from} to ${entry.size}`);
  }
});

test('a crop that is resized is torchvision’s resized_crop to the bit', () => {
  for (const entry of golden.resizedCrop) {
    const [top, left, height, width] = entry.box;
    const result = resize(picture(...entry.from), ...entry.size, { top, left, height, width });
    assertSame(result, entry, `${entry.box}`);
  }
});

test('CenterCrop pads and rounds as torchvision', () => {
  for (const entry of golden.centerCrop)
    assertSame(
      new CenterCrop(entry.size).forward(picture(...entry.from)),
      entry,
      `${entry.from} to ${entry.size}`,
    );
});

test('crop, also beyond the edge, and flip are torchvision’s', () => {
  for (const entry of golden.crop)
    assertSame(crop(picture(...entry.from), ...entry.box), entry, `${entry.box}`);
  assertSame(flipHorizontal(picture(...golden.flip.from)), golden.flip, 'flip');
});

test('ToTensor and Normalize give torch’s float32 numbers', () => {
  const { from, mean, std } = golden.normalized;
  const normalize = new Normalize(mean, std);
  const together = new Compose([new ToTensor(), normalize]).forward(picture(...from), random); // by a table
  const apart = normalize.forward(new ToTensor().forward(picture(...from)));
  for (const result of [together, apart]) {
    assert.ok(result.data instanceof Float32Array);
    assert.equal(largestDifference(result.data, floatsOf(golden.normalized)), 0);
  }
});

test('RandomResizedCrop falls back to the middle as torchvision', () => {
  for (const { from, ratio, box } of golden.fallback) {
    const { top, left, height, width } = RandomResizedCrop.getParams(...from, [1, 1], ratio, random);
    assert.deepEqual([top, left, height, width], box, `${from} with ratio ${ratio}`);
  }
});

test('RandomResizedCrop draws boxes as torchvision does, on average', () => {
  const { from, mean, std } = golden.boxAverages;
  const n = 20_000;
  const stream = new Random(1);
  const sums = [0, 0, 0, 0];
  const squares = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const box = RandomResizedCrop.getParams(...from, [0.08, 1], [3 / 4, 4 / 3], stream);
    assert.ok(
      box.top >= 0 && box.top + box.height <= from[0] && box.left >= 0 && box.left + box.width <= from[1],
    );
    [box.top, box.left, box.height, box.width].forEach((value, k) => {
      sums[k] += value;
      squares[k] += value * value;
    });
  }
  for (let k = 0; k < 4; k++) {
    const ourMean = sums[k] / n;
    // Two averages of 20,000 draws differ by sqrt(2 / 20,000) = 1 % of the deviation; 5 % would be a different law.
    assert.ok(Math.abs(ourMean - mean[k]) < 0.05 * std[k], `mean ${ourMean} against ${mean[k]}`);
    assert.ok(Math.abs(Math.sqrt(squares[k] / n - ourMean ** 2) / std[k] - 1) < 0.05);
  }
});

test('RandomCrop reaches every place equally often, and a picture of the right size draws no number', () => {
  const row = greyRow(10, 20, 30);
  const seen = new Map<string, number>();
  const stream = new Random(5);
  for (let i = 0; i < 3000; i++) {
    const key = reds(new RandomCrop([3, 3], { padding: 1 }).forward(row, stream))
      .slice(3, 6)
      .join();
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  assert.deepEqual([...seen.keys()].sort(), ['0,10,20', '10,20,30', '20,30,0']);
  for (const times of seen.values()) assert.ok(times > 900 && times < 1100, `${times} of 3000`);
  const before = stream.state;
  assert.deepEqual(reds(new RandomCrop([1, 3]).forward(row, stream)), [10, 20, 30]);
  assert.deepEqual(stream.state, before);
  assert.throws(() => new RandomCrop(4).forward(row, stream), /4x4 does not fit into 1x3/);
});

test('RandomHorizontalFlip mirrors with probability p', () => {
  const stream = new Random(2);
  const flip = new RandomHorizontalFlip(0.25);
  let flipped = 0;
  for (let i = 0; i < 4000; i++) flipped += Number(reds(flip.forward(greyRow(1, 2), stream))[0] === 2);
  assert.ok(Math.abs(flipped / 4000 - 0.25) < 0.03, `${flipped} of 4000`); // 4 standard deviations
});

test('no transform changes its input', () => {
  const transforms: Transform[] = [
    new Resize(5),
    new CenterCrop(12),
    new RandomCrop(8, { padding: 2 }),
    new RandomHorizontalFlip(1),
    new RandomResizedCrop(4),
    new ToTensor(),
    trainTransform({ size: 8 }),
    evalTransform({ size: 8 }),
  ];
  const original = picture(10, 11);
  for (const transform of transforms) {
    transform.forward(original, random);
    assert.deepEqual(original, picture(10, 11), transform.constructor.name);
  }
  const floats: ImageArray = new ToTensor().forward(original);
  const copy = floats.data.slice();
  new Normalize([1, 2, 3], [1, 2, 3]).forward(floats);
  assert.deepEqual(floats.data, copy);
});

test('presets give 224x224 floats; wrong orders and options are named', () => {
  for (const preset of [trainTransform(), evalTransform()]) {
    const { height, width, data } = preset.forward(picture(300, 260), random);
    assert.deepEqual([height, width, data instanceof Float32Array], [224, 224, true]);
  }
  assert.throws(
    () => new Normalize([0, 0, 0], [1, 1, 1]).forward(picture(2, 2)),
    /put new ToTensor\(\) before it/,
  );
  assert.throws(() => new Resize(3).forward(new ToTensor().forward(picture(4, 4))), /put it before ToTensor/);
  assert.throws(() => new Normalize([0, 0, 0], [1, 0, 1]), /deviations above 0, not \[0,0,0\] and \[1,0,1\]/);
  assert.throws(() => new Resize(0), /at least 1, not 0/);
  assert.throws(() => new RandomHorizontalFlip(2), /not 2/);
});

test('a half rounds to the even neighbour', () => {
  assert.deepEqual(
    [0.5, 1.5, 2.5, 3.5, 2.4, 2.6, -0.5, -1.5].map(roundHalfToEven).map((x) => x + 0),
    [0, 2, 2, 4, 2, 3, 0, -2],
  );
});
