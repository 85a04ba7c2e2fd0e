import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { decodeImage, ImageError } from '../../src/data/decode';
import { crop } from '../../src/data/geometry';
import type { Image, RgbImage } from '../../src/data/image';
import { ImageFolder } from '../../src/data/imageFolder';
import { jpegFrame } from '../../src/data/jpegHeader';
import { projectRoot } from '../../src/data/locations';
import { resize } from '../../src/data/resample';
import {
  CenterCrop,
  Compose,
  RandomResizedCrop,
  Resize,
  ToTensor,
  type Transform,
} from '../../src/data/transforms';
import { trainTransform } from '../../src/data/presets';
import { Random } from '../../src/random';
import {
  bytesOf,
  golden,
  type GoldenHash,
  largestDifference,
  photographs,
  sha256,
  withoutPhotographs,
} from './golden';

const scratch = mkdtempSync(join(tmpdir(), 'image-folder-'));
after(() => rmSync(scratch, { recursive: true }));

function write(path: string, content: string | Uint8Array): string {
  const full = join(scratch, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, content);
  return full;
}

function goldenFile(name: string): Buffer {
  const entry = golden.decoded.find((one) => one.name === name);
  assert.ok(entry, name);
  return Buffer.from(entry.file, 'base64');
}

test('decodes what Pillow decodes, to the same pixels', async () => {
  for (const entry of golden.decoded) {
    const path = write(`decode/${entry.name}`, Buffer.from(entry.file, 'base64'));
    const { height, width, data } = await decodeImage(path);
    assert.deepEqual([height, width], [entry.height, entry.width], entry.name);
    assert.equal(largestDifference(data, bytesOf(entry)), 0, entry.name);
  }
});

test('a part of a picture is what a crop of the whole has', async () => {
  for (const { name } of golden.decoded) {
    const path = write(`decode/${name}`, goldenFile(name));
    const whole = await decodeImage(path);
    const box = { top: 1, left: 2, height: whole.height - 3, width: whole.width - 3 };
    const part = await decodeImage(path, undefined, (height, width) => {
      assert.deepEqual([height, width], [whole.height, whole.width], name);
      return box;
    });
    const expected = crop(whole, box.top, box.left, box.height, box.width);
    assert.deepEqual([part.height, part.width], [expected.height, expected.width], name);
    assert.equal(largestDifference(part.data, expected.data), 0, name);
  }
});

test('a JPEG’s size is read from its header; anything unusual is left to libvips', () => {
  const jpeg = goldenFile('color.jpg');
  assert.deepEqual(jpegFrame(jpeg), { height: 8, width: 10, components: 3 });
  assert.equal(jpegFrame(goldenFile('cmyk.jpg'))?.components, 4);
  assert.equal(jpegFrame(goldenFile('grey.jpg'))?.components, 1);
  const stray = Buffer.concat([jpeg.subarray(0, 2), Buffer.from([0, 0]), jpeg.subarray(2)]);
  assert.equal(jpegFrame(stray), undefined);
  for (let length = 0; length < 200; length++) jpegFrame(jpeg.subarray(0, length)); // reads nothing beyond the end
  for (let at = 2; at < 200; at++) jpegFrame(Buffer.from(jpeg).fill(0xff, at)); // and comes to an end
  assert.equal(jpegFrame(Buffer.from('ffd8ffe00000ffc00000', 'hex')), undefined);
});

test('16-bit grey keeps its high byte, and PGM of any depth its brightness', async () => {
  const values = Uint16Array.from([0, 255, 256, 0x1280, 65_535, 30_000]);
  const deep = await sharp(values, { raw: { width: 3, height: 2, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toBuffer();
  const expected = Array.from(values, (v) => v >> 8);
  const reds = (image: RgbImage) => Array.from(image.data).filter((_, i) => i % 3 === 0);
  assert.deepEqual(reds(await decodeImage(write('deep/grey16.png', deep))), expected);
  const pgm = Buffer.concat([Buffer.from('P5 # four grey levels\n4 1\n3\n'), Buffer.from([0, 1, 2, 3])]);
  assert.deepEqual(reds(await decodeImage(write('deep/four.pgm', pgm))), [0, 85, 170, 255]);
});

test('what is no whole picture is refused in one line that names the file', async () => {
  const jpeg = goldenFile('color.jpg');
  const png = goldenFile('color.png');
  const damaged = Buffer.from(png).fill(0xff, 60, 64);
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>';
  const notWhole =
    /^is no whole picture: it begins as one, but is damaged or cut off .*\(its decoder says ".+"\)$/;
  const cases: [name: string, content: string | Uint8Array, reason: RegExp][] = [
    ['zero.jpg', '', /is empty \(0 bytes\)/],
    ['text.jpg', 'hello, I am no picture', /is no JPEG, PNG/],
    ['drawing.png', svg, /is no JPEG, PNG/],
    ['half.jpg', jpeg.subarray(0, jpeg.length - 100), notWhole],
    ['no-end.jpg', jpeg.subarray(0, jpeg.length - 2), /premature end/],
    ['half.png', png.subarray(0, png.length / 2), notWhole],
    ['damaged.png', damaged, notWhole],
    ['half.ppm', 'P6 10 10 255\nabc', /is truncated: 3 of 300 bytes/],
    ['header.ppm', 'P6 10 ten 255\nabc', /no readable PPM or PGM header/],
    ['header.bmp', 'BM', /ends within its header, after 2 bytes/],
    ['half.bmp', goldenFile('color.bmp').subarray(0, 70), notWhole],
    ['huge.pgm', 'P5 100000 100000 255\n', /has 100000x100000 pixels, more than the limit of 89478485/],
  ];
  for (const [name, content, reason] of cases) {
    const path = write(`broken/${name}`, content);
    // Of a part, too: that its own rows are whole is not enough.
    for (const choose of [undefined, () => ({ top: 0, left: 0, height: 1, width: 1 })])
      await assert.rejects(decodeImage(path, undefined, choose), (error: unknown) => {
        assert.ok(error instanceof ImageError, name);
        assert.ok(error.message.startsWith(`${path}: `) && !error.message.includes('\n'), error.message);
        assert.match(error.reason, reason, name);
        return true;
      });
  }
  await assert.rejects(decodeImage(join(scratch, 'missing.jpg')), /missing\.jpg: cannot be opened$/);
  await assert.rejects(decodeImage(scratch), /: is not a file$/);
});

test('a decompression bomb is refused before it unfolds', async () => {
  const bomb = await sharp({ create: { width: 9000, height: 9000, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  const path = write('bomb/bomb.png', bomb);
  await assert.rejects(
    decodeImage(path, 10_000_000),
    /has 9000x9000 pixels, more than the limit of 10000000/,
  );
});

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
  write('order/Z/imageNotFound.gif', goldenFile('is-a-gif.jpg'));
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
