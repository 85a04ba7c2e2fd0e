import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { checkSameClasses, type Dataset, type Sample, Subset } from '../../src/data/dataset';
import { ImageFolder } from '../../src/data/imageFolder';
import { DataLoader } from '../../src/data/loader';
import { trainTransform } from '../../src/data/presets';
import { ToTensor } from '../../src/data/transforms';
import { Random } from '../../src/random';
import { photographs, picture, withoutPhotographs } from './golden';

/** Samples 0 to n - 1 of one pixel: its index, a random number, and how often `get` was called. */
class Numbers implements Dataset {
  readonly classes = ['even', 'odd'];
  calls = 0;
  constructor(
    readonly length: number,
    readonly delay?: (index: number) => Promise<void>,
    readonly missing: readonly number[] = [],
  ) {}

  get(index: number, random: Random): Sample | null | Promise<Sample | null> {
    this.calls++;
    const data = Float32Array.of(index, random.next(), 0);
    const sample = this.missing.includes(index)
      ? null
      : { image: { data, height: 1, width: 1, channels: 3 as const }, label: index % 2 };
    return this.delay ? this.delay(index).then(() => sample) : sample;
  }
}

/** The indices (or with `channel` 1 the random numbers) of each batch of one epoch. */
async function epoch(loader: DataLoader, channel = 0): Promise<number[][]> {
  const batches: number[][] = [];
  for await (const [inputs] of loader)
    batches.push(Array.from(inputs.dataSync()).filter((_, i) => i % 3 === channel));
  return batches;
}

/** Takes some batches and leaves the loop. */
async function leaveAfter(batches: number, loader: DataLoader): Promise<void> {
  for await (const [inputs] of loader) {
    assert.ok(inputs.size > 0);
    await ended(5); // time for what is prepared ahead
    if (--batches === 0) break;
  }
}

const ended = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

test('batches in order: shapes, types, the smaller last one, dropLast', async () => {
  const loader = new DataLoader(new Numbers(7), { batchSize: 3 });
  assert.equal(loader.length, 3);
  const seen: unknown[] = [];
  for await (const [inputs, labels] of loader)
    seen.push([inputs.shape, inputs.dtype, labels.shape, labels.dtype, Array.from(labels.dataSync())]);
  assert.deepEqual(seen, [
    [[3, 1, 1, 3], 'float32', [3], 'int32', [0, 1, 0]],
    [[3, 1, 1, 3], 'float32', [3], 'int32', [1, 0, 1]],
    [[1, 1, 1, 3], 'float32', [1], 'int32', [0]],
  ]);
  assert.deepEqual(await epoch(new DataLoader(new Numbers(5), { batchSize: 2, dropLast: true })), [
    [0, 1],
    [2, 3],
  ]);
});

test('shuffle: each sample once, another order each epoch and seed, the same for the same', async () => {
  const make = (seed: number) => new DataLoader(new Numbers(50), { batchSize: 50, shuffle: true, seed });
  const loader = make(1);
  const [[first], [second]] = [await epoch(loader), await epoch(loader)];
  assert.deepEqual(
    [...first].sort((a, b) => a - b),
    Array.from({ length: 50 }, (_, i) => i),
  );
  assert.notDeepEqual(first, second);
  const again = make(1);
  assert.deepEqual([(await epoch(again))[0], (await epoch(again))[0]], [first, second]);
  assert.notDeepEqual((await epoch(make(2)))[0], first);
});

test('random transforms depend on seed, epoch and sample alone: not on batch, order or speed', async () => {
  const values = async (loader: DataLoader) => {
    const order = (await epoch(loader)).flat();
    loader.epoch = 0;
    const numbers = (await epoch(loader, 1)).flat();
    return order.map((index, i) => [index, numbers[i]] as const).sort((a, b) => a[0] - b[0]);
  };
  const plain = await values(new DataLoader(new Numbers(9), { batchSize: 4, seed: 3 }));
  const slowFirst = new Numbers(9, (index) => ended(index % 3 ? 0 : 5));
  assert.deepEqual(
    await values(new DataLoader(slowFirst, { batchSize: 2, shuffle: true, seed: 3, prefetch: 4 })),
    plain,
  );
  assert.equal(new Set(plain.map(([, number]) => number)).size, 9);
});

test('the epoch advances by itself; a state goes on in the middle', async () => {
  const make = () => new DataLoader(new Numbers(10), { batchSize: 3, shuffle: true, seed: 8 });
  const whole = make();
  const epochs = [await epoch(whole, 1), await epoch(whole, 1)];
  assert.deepEqual(whole.state, { epoch: 2, batch: 0 });

  const interrupted = make();
  await epoch(interrupted);
  await leaveAfter(2, interrupted);
  const saved = interrupted.state;
  assert.deepEqual(saved, { epoch: 1, batch: 2 });
  const resumed = make();
  resumed.state = saved;
  assert.deepEqual(await epoch(resumed, 1), epochs[1].slice(2));
  assert.deepEqual(resumed.state, { epoch: 2, batch: 0 });

  await epoch(interrupted); // left early and not resumed: the next epoch, from its beginning
  assert.deepEqual(interrupted.state, { epoch: 3, batch: 0 });
  assert.throws(() => (resumed.state = { epoch: 0, batch: 9 }), /batch from 0 to 4, not 0 and 9/);
});

test('every tensor is freed: at the end, on break, on an error in the loop, and when the reader freed it first', async () => {
  const before = tf.memory().numTensors;
  const loader = new DataLoader(new Numbers(9), { batchSize: 2 });
  for await (const [inputs] of loader) {
    assert.equal(tf.memory().numTensors, before + 2);
    inputs.dispose();
  }
  await leaveAfter(1, loader);
  await assert.rejects(async () => {
    for await (const [inputs] of loader) throw new Error(`mine, batch of ${inputs.shape[0]}`);
  }, /mine, batch of 2/);
  assert.equal(tf.memory().numTensors, before);
});

test('prefetch is bounded, and data in memory is not prepared ahead', async () => {
  for (const [dataset, expected] of [
    [new Numbers(100, () => ended(0)), 2 * (1 + 3)],
    [new Numbers(100), 2],
  ] as const) {
    await leaveAfter(1, new DataLoader(dataset, { batchSize: 2, prefetch: 3 }));
    assert.equal(dataset.calls, expected);
  }
});

test('an abort ends the wait for a batch, and the loop', async () => {
  const before = tf.memory().numTensors;
  const never = new DataLoader(new Numbers(4, () => new Promise(() => {})), {
    signal: AbortSignal.timeout(20),
  });
  const alive = setTimeout(() => {}, 1000); // AbortSignal.timeout alone keeps no process running
  await assert.rejects(epoch(never), { name: 'TimeoutError' });
  clearTimeout(alive);
  const controller = new AbortController();
  let batches = 0;
  await assert.rejects(async () => {
    for await (const [inputs] of new DataLoader(new Numbers(4), { signal: controller.signal })) {
      batches += inputs.shape[0];
      controller.abort(new Error('enough'));
    }
  }, /enough/);
  assert.equal(batches, 1);
  assert.equal(tf.memory().numTensors, before);
});

test('skipped samples make a batch smaller; a batch of nothing else is left out', async () => {
  const loader = new DataLoader(new Numbers(7, undefined, [1, 4, 5]), { batchSize: 2 });
  assert.deepEqual(await epoch(loader), [[0], [2, 3], [6]]);
  assert.deepEqual(loader.state, { epoch: 1, batch: 0 });
});

test('a failing sample ends the loop with its own error, even when it was prepared ahead', async () => {
  const failing = new Numbers(8, async (index) => {
    if (index === 5) throw new Error('sample 5 is broken');
  });
  const seen: number[] = [];
  await assert.rejects(async () => {
    for await (const [inputs] of new DataLoader(failing, { batchSize: 2 })) seen.push(inputs.dataSync()[0]);
  }, /sample 5 is broken/);
  assert.deepEqual(seen, [0, 2]);
});

test('a label that is no class is named, before it can reach a loss', async () => {
  for (const label of [2, -1, 0.5, NaN]) {
    const strange = new Numbers(6);
    const get = strange.get.bind(strange);
    strange.get = (index, random) => {
      const sample = get(index, random) as Sample;
      return index === 4 ? { ...sample, label } : sample;
    };
    await assert.rejects(
      epoch(new DataLoader(strange, { batchSize: 3 })),
      new RegExp(`RangeError: sample 4 has label ${label}; .* 2 classes, so .* 0 to 1`),
    );
  }
});

test('a sample with fewer or more values than its size says is named, and never gets those of earlier batches', async () => {
  const image = (length: number, more: object = {}) => ({
    image: { data: new Float32Array(length).fill(1), height: 4, width: 4, channels: 3 as const, ...more },
    label: 0,
  });
  const cases: [odd: Sample, message: RegExp][] = [
    [image(20), /^sample 3 has 20 values; 4x4 pixels in 3 channels are 48\.$/],
    [image(96), /^sample 3 has 96 values; 4x4 pixels/],
    [image(16, { channels: 1 }), /^sample 3 has 4x4 pixels in 1 channels; it takes at least 1x1 in 3\.$/],
    [image(0, { height: 0 }), /^sample 3 has 0x4 pixels/],
    [image(42, { height: 3.5 }), /^sample 3 has 3\.5x4 pixels/],
    [image(48, { data: new Uint8Array(48) }), /^sample 3 is not a Float32Array: .*ToTensor/],
    [{ ...image(48), label: 2 }, /^sample 3 has label 2; the data set has 2 classes/],
    [{ ...image(48), label: '0' as unknown as number }, /^sample 3 has label 0; the data set has 2 classes/],
  ];
  for (const [odd, message] of cases)
    for (const later of [false, true]) {
      const get = (index: number): Sample => (index === 3 ? odd : image(48));
      const dataset: Dataset = {
        length: 6,
        classes: ['a', 'b'],
        get: (index) => (later ? Promise.resolve(get(index)) : get(index)),
      };
      const loader = new DataLoader(dataset, { batchSize: 2, prefetch: 0 });
      await assert.rejects(epoch(loader), (error: Error) => message.test(error.message));
    }
  // One that writes too little where the loader told it to: what is left is no number.
  const short: Dataset = {
    length: 4,
    classes: ['a'],
    get(index) {
      return short.getInto!(index, new Random(0), new Float32Array(48));
    },
    getInto(index, _, into) {
      const data = into.length === 48 ? into : new Float32Array(48);
      data.fill(1, 0, index < 2 ? 48 : 20);
      return { image: { data, height: 4, width: 4, channels: 3 }, label: 0 };
    },
  };
  const sums: number[] = [];
  for await (const [inputs] of new DataLoader(short, { batchSize: 2, prefetch: 0 }))
    sums.push(tf.tidy(() => inputs.sum().dataSync()[0]));
  assert.deepEqual(sums, [96, NaN]);
});

test('classes that differ between two data sets are named, both lists of them', () => {
  const of = (...classes: string[]) => ({ classes });
  checkSameClasses(of('cat', 'eel'), of('cat', 'eel'));
  for (const other of [of('cat', 'eel'), of('cat', 'eel', 'dog'), of('cat', 'dog', 'eel', 'fox')])
    assert.throws(
      () => checkSameClasses(of('cat', 'dog', 'eel'), other),
      new RegExp(
        `to train on are cat, dog, eel, those to evaluate on ${other.classes.join(', ')}: labels would`,
      ),
    );
});

test('wrong options and mixed sizes are named', async () => {
  assert.throws(
    () => new DataLoader(new Numbers(3), { batchSize: 0 }),
    /batchSize must be an integer from 1, not 0/,
  );
  assert.throws(() => new DataLoader(new Numbers(3), { batchSize: 1.5 }), /not 1.5/);
  assert.throws(() => new DataLoader(new Numbers(3), { prefetch: -1 }), /prefetch .* not -1/);
  assert.throws(() => new DataLoader(new Numbers(0)), /the data set is empty/);
  assert.throws(
    () => new DataLoader(new Numbers(3), { batchSize: 4, dropLast: true }),
    /leaves nothing of 3 samples/,
  );
  assert.throws(() => new Subset(new Numbers(3), [3]), /no sample 3: the data set has 3/);

  const root = mkdtempSync(join(tmpdir(), 'loader-'));
  after(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'x'));
  for (const [name, height] of [
    ['a.png', 4],
    ['b.png', 5],
  ] as const) {
    const { data } = picture(height, 6);
    const file = await sharp(data, { raw: { width: 6, height, channels: 3 } })
      .png()
      .toBuffer();
    writeFileSync(join(root, 'x', name), file);
  }
  const mixed = new Subset(new ImageFolder(root, { transform: new ToTensor() }), [1, 0]);
  await assert.rejects(
    epoch(new DataLoader(mixed, { batchSize: 2 })),
    /b\.png is 5x6, .*a\.png is 4x6.*Add Resize/,
  );
});

test('memory that is used again holds the right batch: values as from `get`, also beside skipped pictures', async () => {
  const root = mkdtempSync(join(tmpdir(), 'loader-'));
  after(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'x'));
  for (let i = 0; i < 11; i++) {
    const { data } = picture(9 + i, 12);
    const raw = { width: 12, height: 9 + i, channels: 3 } as const;
    const file = await sharp(data, { raw }).jpeg().toBuffer();
    writeFileSync(join(root, 'x', `${10 + i}.jpg`), i % 4 === 1 ? file.subarray(0, 200) : file);
  }
  for (const threads of [true, false]) {
    const folder = new ImageFolder(root, {
      transform: trainTransform({ size: 8 }),
      onError: 'skip',
      threads,
    });
    const loader = new DataLoader(folder, { batchSize: 3, seed: 4 });
    const before = tf.memory().numTensors;
    const kept: [tf.Tensor, Float32Array][] = []; // looked at when all memory has been used again
    for (let epoch = 0; epoch < 2; epoch++)
      for await (const [inputs] of loader) kept.push([inputs.clone(), inputs.dataSync<'float32'>()]);
    const expected: number[][] = [];
    for (let epoch = 0; epoch < 2; epoch++)
      for (let first = 0; first < 11; first += 3) {
        const values: number[] = [];
        for (let index = first; index < Math.min(first + 3, 11); index++)
          values.push(...((await folder.get(index, new Random(4, epoch, index)))?.image.data ?? []));
        expected.push(values);
      }
    assert.deepEqual(folder.skipped.length, 3);
    for (const [i, [tensor, array]] of kept.entries()) {
      assert.deepEqual(Array.from(tensor.dataSync()), expected[i]);
      assert.deepEqual(Array.from(array), expected[i]);
      tensor.dispose();
    }
    assert.equal(kept.length, expected.length);
    assert.equal(tf.memory().numTensors, before);
  }
});

test(
  'photographs come through, whatever the threads, and no tensor stays',
  { skip: withoutPhotographs },
  async () => {
    const before = tf.memory().numTensors;
    const sums = [];
    for (const threads of [true, false]) {
      const all = new ImageFolder(join(photographs as string, 'train'), {
        transform: trainTransform(),
        threads,
      });
      const some = new Subset(
        all,
        Array.from({ length: 24 }, (_, i) => i * 24),
      );
      const batches: number[] = [];
      for await (const [inputs, labels] of new DataLoader(some, { batchSize: 8, shuffle: true, seed: 6 }))
        batches.push(
          tf.tidy(() => inputs.mul(inputs).sum().dataSync()[0]),
          ...labels.dataSync(),
        );
      sums.push(batches);
    }
    assert.deepEqual(sums[0], sums[1]);
    assert.equal(sums[0].length, 3 + 24);
    assert.equal(tf.memory().numTensors, before);
  },
);
