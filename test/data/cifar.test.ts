import assert from 'node:assert/strict';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CIFAR10, CIFAR100 } from '../../src/data/cifar';
import { Subset } from '../../src/data/dataset';
import { DataLoader } from '../../src/data/loader';
import { cifarTrainTransform } from '../../src/data/presets';
import { Random } from '../../src/random';

const root = mkdtempSync(join(tmpdir(), 'cifar10-'));
after(() => rmSync(root, { recursive: true }));
const folder = join(root, 'cifar-10-batches-bin');
mkdirSync(folder);
const RECORD = 3073;

/** 10,000 records; the planes of record n hold n % 200 (red), n % 200 + 1 (green), n % 200 + 2 (blue), but for the corner. */
function batch(): Buffer {
  const bytes = Buffer.alloc(10_000 * RECORD);
  for (let n = 0; n < 10_000; n++) {
    bytes[n * RECORD] = n % 10;
    for (let c = 0; c < 3; c++)
      bytes.fill((n % 200) + c, n * RECORD + 1 + c * 1024, n * RECORD + 1 + (c + 1) * 1024);
    bytes[n * RECORD + 1 + 1] = 255; // red of row 0, column 1
    bytes[n * RECORD + 1 + 1024 + 32] = 254; // green of row 1, column 0
  }
  return bytes;
}

writeFileSync(join(folder, 'test_batch.bin'), batch());

/** A file of `size` zeros but for one byte; the zeros take no room on the disk. */
function zeros(path: string, size: number, at = 0, value = 0): void {
  const file = openSync(path, 'w');
  ftruncateSync(file, size);
  writeSync(file, Uint8Array.of(value), 0, 1, at);
  closeSync(file);
}

test('planes become pixels, labels and classes are right', () => {
  for (const place of [root, folder]) {
    const set = CIFAR10.open(place, { train: false });
    assert.deepEqual([set.length, set.classes.length, set.classes[3]], [10_000, 10, 'cat']);
    const { image, label } = set.get(1234, new Random(0));
    assert.equal(label, 4);
    const at = (y: number, x: number) =>
      Array.from(image.data.subarray((y * 32 + x) * 3, (y * 32 + x) * 3 + 3), (v) => Math.round(v * 255));
    assert.deepEqual(
      [at(0, 0), at(0, 1), at(1, 0), at(31, 31)],
      [
        [34, 35, 36],
        [255, 35, 36],
        [34, 254, 36],
        [34, 35, 36],
      ],
    );
  }
});

test('files that are missing, cut off or hold impossible labels are named', () => {
  assert.throws(() => CIFAR10.open(root), /cannot read .*data_batch_1\.bin.*npm run data/);
  const other = join(root, 'other');
  mkdirSync(other);
  const file = join(other, 'test_batch.bin');
  zeros(file, 10_000 * RECORD - 1);
  assert.throws(() => CIFAR10.open(other, { train: false }), /has 30729999 bytes instead of 30730000/);
  zeros(file, 10_000 * RECORD, 77 * RECORD, 10);
  assert.throws(() => CIFAR10.open(other, { train: false }), /label 10 at record 77 instead of 0 to 9/);
  assert.throws(() => CIFAR10.open(root, { train: false }).picture(10_000), /no sample 10000/);
});

test('the training batches are read in order; 10,000 augmented images take about a quarter of a second', async () => {
  for (let n = 1; n <= 5; n++) zeros(join(folder, `data_batch_${n}.bin`), 10_000 * RECORD, 0, n); // label of the first record
  const set = CIFAR10.open(root, { transform: cifarTrainTransform() });
  assert.deepEqual(
    [set.length, ...[0, 1, 2, 3, 4].map((n) => set.labels[n * 10_000])],
    [50_000, 1, 2, 3, 4, 5],
  );
  const some = new Subset(
    set,
    Array.from({ length: 10_000 }, (_, i) => i * 5),
  );
  const start = performance.now();
  let images = 0;
  for await (const [inputs] of new DataLoader(some, { batchSize: 128, shuffle: true, dropLast: true }))
    images += inputs.shape[0];
  assert.equal(images, 78 * 128);
  const seconds = (performance.now() - start) / 1000;
  // 0.24 s when the machine is free: the bound only catches a wrong order of growth.
  assert.ok(seconds < 8, `${seconds} s`);
});

test('CIFAR-100 has two label bytes, of which the second is the class, and its names in a file', () => {
  const place = join(root, 'cifar-100-binary');
  mkdirSync(place);
  const bytes = Buffer.alloc(10_000 * 3074);
  for (let n = 0; n < 10_000; n++) {
    bytes[n * 3074] = 19 - (n % 20);
    bytes[n * 3074 + 1] = n % 100;
    bytes.fill(n % 251, n * 3074 + 2, (n + 1) * 3074);
  }
  writeFileSync(join(place, 'test.bin'), bytes);
  assert.throws(
    () => CIFAR100.open(root, { train: false }),
    /CIFAR100: cannot read .*npm run data -- cifar100/,
  );
  const names = Array.from({ length: 100 }, (_, i) => `class_${i}`);
  writeFileSync(join(place, 'fine_label_names.txt'), names.slice(1).join('\n'));
  assert.throws(() => CIFAR100.open(root, { train: false }), /has not 100 different names/);
  writeFileSync(join(place, 'fine_label_names.txt'), `${names.join('\n')}\n\n`);
  const set = CIFAR100.open(root, { train: false });
  assert.deepEqual([set.length, set.classes, set.labels[4321]], [10_000, names, 21]);
  assert.deepEqual([...new Set(set.picture(4321).data)], [4321 % 251]);
  zeros(join(place, 'test.bin'), 10_000 * 3074, 5 * 3074 + 1, 100);
  assert.throws(() => CIFAR100.open(root, { train: false }), /label 100 at record 5 instead of 0 to 99/);
});
