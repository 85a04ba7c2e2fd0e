import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { decodeImage } from '../../src/data/decode/decode';
import { ImageError } from '../../src/data/decode/error';
import type { Image } from '../../src/data/image';
import { ImageFolder } from '../../src/data/imageFolder';
import { projectRoot } from '../../src/locations';
import { resize } from '../../src/data/resample';
import {
  CenterCrop,
  Compose,
  RandomCrop,
  RandomResizedCrop,
  Resize,
  ToTensor,
  type Transform,
} from '../../src/data/transforms';
import { trainTransform } from '../../src/data/presets';
import { Random } from '../../src/random';
import { type GoldenHash, photographs, sha256, withoutPhotographs } from './golden';
import { goldenFile, scratch, write } from './scratch';

test('classes and pictures come in torchvision’s order, whatever their names', async () => {
  const jpeg = goldenFile('color.jpg');
  // Python sorts by code point: Z < a < é < 猫 < 😀, and the folder "a" before "a-b" by its whole path.
  for (const name of [
    '猫/照片 1.JPG',
    'Z/b.png',
    'Z/a/deep.jpg',
    'Z/a-b/x.jpg',
    'Z/A.jpeg',
    'a b/has a space.jpg',
  ])
    write(`order/${name}`, jpeg);
  write('order/Z/notes.txt', 'not a picture');
  write('order/Z/imageNotFound.gif', 'GIF89a');
  write('order/stray.jpg', jpeg);
  const root = join(scratch, 'order');
  const folder = new ImageFolder(root);
  assert.deepEqual(folder.classes, ['Z', 'a b', '猫']);
  assert.deepEqual(folder.classToIdx, { Z: 0, 'a b': 1, 猫: 2 });
  assert.deepEqual(
    folder.imgs.map(([path, i]) => [path.slice(root.length + 1), i]),
    [
      ['Z/A.jpeg', 0],
      ['Z/b.png', 0],
      ['Z/a/deep.jpg', 0],
      ['Z/a-b/x.jpg', 0],
      ['a b/has a space.jpg', 1],
      ['猫/照片 1.JPG', 2],
    ],
  );
  assert.deepEqual(
    folder.ignored.map(({ path }) => path.slice(root.length + 1)),
    ['Z/imageNotFound.gif', 'Z/notes.txt'],
  );
  for (let i = 0; i < folder.length; i++) assert.equal((await folder.picture(i))?.width, 10);
});

test('an empty class, no class and a missing folder are named', () => {
  write('empty/full/a.jpg', goldenFile('color.jpg'));
  mkdirSync(join(scratch, 'empty/hollow'));
  mkdirSync(join(scratch, 'empty/void'));
  assert.throws(
    () => new ImageFolder(join(scratch, 'empty')),
    /no pictures of the classes hollow, void in .*\.jpg, \.jpeg/,
  );
  const folder = new ImageFolder(join(scratch, 'empty'), { allowEmpty: true });
  assert.deepEqual([folder.classes, folder.targets], [['full', 'hollow', 'void'], [0]]);
  assert.throws(() => new ImageFolder(join(scratch, 'empty/full')), /there is no class folder in/);
  assert.throws(() => new ImageFolder(join(scratch, 'nowhere')), /cannot open the folder .*nowhere/);
});

test('links that lead out are listed and not followed, unless asked for; loops end', () => {
  write('outside/secret/a.jpg', goldenFile('color.jpg'));
  write('links/one/own.jpg', goldenFile('color.jpg'));
  const inside = (name: string) => join(scratch, 'links/one', name);
  symlinkSync(join(scratch, 'outside/secret/a.jpg'), inside('out.jpg'));
  symlinkSync(join(scratch, 'outside/secret'), inside('folder'));
  symlinkSync(inside('own.jpg'), inside('twin.jpg'));
  symlinkSync(join(scratch, 'nowhere.jpg'), inside('gone.jpg'));
  symlinkSync(join(scratch, 'links/one'), inside('loop'));
  const names = (folder: ImageFolder) => folder.imgs.map(([path]) => relative(inside('.'), path));
  const safe = new ImageFolder(join(scratch, 'links'));
  assert.deepEqual(names(safe), ['own.jpg', 'twin.jpg']);
  assert.deepEqual(
    safe.ignored.map(({ path, reason }) => [basename(path), /lead|out|lies/.test(reason)]),
    [
      ['folder', true],
      ['gone.jpg', true],
      ['out.jpg', true],
      ['loop', true],
    ],
  );
  const all = new ImageFolder(join(scratch, 'links'), { followLinks: true });
  assert.deepEqual(names(all), ['out.jpg', 'own.jpg', 'twin.jpg', 'folder/a.jpg']);
});

test('a broken picture stops with its name, or is skipped and listed once', async () => {
  write('dirt/x/a.jpg', goldenFile('color.jpg'));
  const bad = write('dirt/x/b.jpg', 'nonsense');
  for (const threads of [true, false]) {
    const strict = new ImageFolder(join(scratch, 'dirt'), { threads });
    await assert.rejects(strict.get(1, new Random(0)), (error: unknown) => {
      assert.ok(error instanceof ImageError);
      assert.equal(error.path, bad);
      assert.match(error.message, /b\.jpg: is no JPEG.*onError: 'skip'/);
      return true;
    });
    const lenient = new ImageFolder(join(scratch, 'dirt'), { onError: 'skip', threads });
    assert.equal(await lenient.get(1, new Random(0)), null);
    assert.equal(await lenient.picture(1), null);
    assert.deepEqual(
      lenient.skipped.map(({ path }) => path),
      [bad],
    );
    assert.equal((await lenient.get(0, new Random(0)))?.label, 0);
  }
});

test('names that are not UTF-8 are listed, not followed into an error', () => {
  write('bytes/ant/a.jpg', goldenFile('color.jpg'));
  const inside = (...name: (string | number[])[]) =>
    Buffer.concat([Buffer.from(join(scratch, 'bytes/')), ...name.map((part) => Buffer.from(part as string))]);
  try {
    writeFileSync(inside('ant/', [0xe9], '.jpg'), goldenFile('color.jpg')); // é in Latin-1
    mkdirSync(inside('b', [0xe9, 0x65]));
  } catch {
    return; // this file system has no such names
  }
  writeFileSync(inside('b', [0xe9, 0x65], '/b.jpg'), goldenFile('color.jpg'));
  const folder = new ImageFolder(join(scratch, 'bytes'));
  assert.deepEqual(folder.classes, ['ant']);
  assert.deepEqual(
    folder.imgs.map(([path]) => basename(path)),
    ['a.jpg'],
  );
  assert.deepEqual(
    folder.ignored.map(({ path, reason }) => `${basename(path)}: ${reason}`),
    ['b\ufffde', '\ufffd.jpg'].map((name) => `${name}: has a name that is not UTF-8: rename it to use it`),
  );
});

test('a picture whose size a transform cannot take is named, or skipped, in every thread', async () => {
  for (const [name, height, width] of [
    ['long', 1, 15_000],
    ['high', 15_000, 1],
    ['one', 1, 1],
  ] as const) {
    const raw = { width, height, channels: 3 } as const;
    const file = await sharp(Buffer.alloc(height * width * 3, 7), { raw })
      .png()
      .toBuffer();
    write(`thin/x/${name}.png`, file);
  }
  const root = join(scratch, 'thin');
  const names = (files: readonly { path: string }[]) => files.map(({ path }) => basename(path));
  for (const threads of [true, false])
    for (const rest of [[], [new Mark()]]) {
      const use = async (transform: Transform, onError: 'stop' | 'skip') => {
        const folder = new ImageFolder(root, {
          transform: new Compose([...rest, transform]),
          threads,
          onError,
        });
        const values: (number | undefined)[] = [];
        for (let i = 0; i < folder.length; i++)
          values.push((await folder.get(i, new Random(0, i)))?.image.data.length);
        return { values, skipped: names(folder.skipped) };
      };
      const resize = new Compose([new Resize(256), new CenterCrop(8), new ToTensor()]);
      assert.deepEqual(await use(resize, 'skip'), {
        values: [undefined, undefined, 8 * 8 * 3],
        skipped: ['high.png', 'long.png'],
      });
      await assert.rejects(
        use(resize, 'stop'),
        /high\.png: has 15000x1 pixels, of which 15000x1 would become 3840000x256: .* at most 89478485.*onError/,
      );
      const random = new Compose([new RandomCrop(2), new ToTensor()]);
      assert.deepEqual((await use(random, 'skip')).skipped, ['high.png', 'long.png', 'one.png']);
      await assert.rejects(use(random, 'stop'), /high\.png: RandomCrop: 2x2 does not fit into 15000x1/);
      const crop = new Compose([new RandomResizedCrop(8), new ToTensor()]);
      assert.deepEqual(await use(crop, 'stop'), { values: [192, 192, 192], skipped: [] });
      const strange = new Compose([new RandomResizedCrop(8, { ratio: [3, 4] }), new ToTensor()]);
      assert.ok((await use(strange, 'skip')).skipped.includes('high.png'), 'no such crop fits');
    }
});

test('a process that decoded a bitmap on a thread ends in peace', () => {
  write('ending/x/a.bmp', goldenFile('color.bmp'));
  const module = JSON.stringify(join(__dirname, '../../src/data/imageFolder.js'));
  const script = `const { ImageFolder } = require(${module});
    new ImageFolder(${JSON.stringify(join(scratch, 'ending'))}).picture(0).then((p) => console.log(p.width));`;
  const { status, signal, stdout } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  assert.deepEqual([status, signal, stdout.trim()], [0, null, '10']);
});

/** A transform of the reader's own: draws a number and writes it into the first pixel. */
class Mark implements Transform {
  forward(image: Image, random: Random): Image {
    const data = image.data.slice();
    data[0] = random.integer(256);
    return { ...image, data } as Image;
  }
}

test('threads change nothing: the same seed gives the same sample, with a reader’s own transform as well', async () => {
  write('threads/x/a.jpg', goldenFile('color.jpg'));
  write('threads/x/b.png', goldenFile('alpha.png'));
  const transforms = [
    trainTransform({ size: 7 }),
    new Compose([new RandomResizedCrop(6), new Mark(), new RandomResizedCrop(5), new ToTensor()]),
    new Compose([new Mark(), new Compose([new Resize(4), new CenterCrop(4), new ToTensor()])]),
  ];
  for (const transform of transforms)
    for (const index of [0, 1]) {
      const samples = await Promise.all(
        [true, false].map((threads) =>
          new ImageFolder(join(scratch, 'threads'), { transform, threads }).get(
            index,
            new Random(1, 2, index),
          ),
        ),
      );
      assert.ok(samples[0] && samples[1]);
      assert.deepEqual(samples[0].image.data, samples[1].image.data);
    }
  const withoutFloats = new ImageFolder(join(scratch, 'threads'), { transform: new Resize(4) });
  await assert.rejects(withoutFloats.get(0, new Random(0)), /add new ToTensor\(\)/);
  const bad = new ImageFolder(join(scratch, 'threads'), {
    transform: new Compose([new ToTensor(), new Resize(4)]),
    onError: 'skip', // a mistake in the transforms is never skipped
  });
  await assert.rejects(bad.get(0, new Random(0)), /Resize takes 8-bit pixels/);
});

test(
  'photographs: decoded, cropped and resized as by torchvision, to the bit',
  { skip: withoutPhotographs },
  async () => {
    const file = join(projectRoot(), 'test/golden/data-photographs.json');
    const hashes = JSON.parse(readFileSync(file, 'utf8')) as ({ path: string } & Record<
      'decoded' | 'eval' | 'crop',
      GoldenHash
    >)[];
    const evaluation = new Compose([new Resize(256), new CenterCrop(224)]);
    for (const { path, decoded, eval: evaluated, crop } of hashes) {
      const photograph = await decodeImage(join(photographs as string, path));
      const { height: h, width: w } = photograph;
      assert.equal(sha256(photograph.data), decoded.sha256, path);
      assert.equal(
        sha256(evaluation.forward(photograph, new Random(0)).data as Uint8Array),
        evaluated.sha256,
        path,
      );
      const left = Math.floor(w / 7);
      const box = { top: Math.floor(h / 5), left, height: Math.floor(h / 2), width: w - left };
      assert.equal(sha256(resize(photograph, 224, 224, box).data), crop.sha256, path);
    }
  },
);
