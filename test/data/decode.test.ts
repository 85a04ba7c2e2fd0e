import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { decodeImage } from '../../src/data/decode/decode';
import { ImageError } from '../../src/data/decode/error';
import { crop } from '../../src/data/geometry';
import type { RgbImage } from '../../src/data/image';
import { projectRoot } from '../../src/locations';
import { RandomResizedCrop } from '../../src/data/transforms';
import { Random } from '../../src/random';
import { bytesOf, golden, type GoldenHash, largestDifference, sha256 } from './golden';
import { CORNER, decode, decodeBytes, goldenFile, reasonOf, scratch, write } from './scratch';

/** What Pillow made of generated pictures, whole and damaged: see test/golden/pictures.py. */
const { pictures } = JSON.parse(readFileSync(join(projectRoot(), 'test/golden/pictures.json'), 'utf8')) as {
  pictures: ({ name: string; file: string } & (GoldenHash | { refusal: string }))[];
};

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

test('16-bit grey is refused: there is no agreed way to 8 bits', async () => {
  const deep = await sharp(Uint16Array.from([0, 255, 65_535]), { raw: { width: 3, height: 1, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toBuffer();
  assert.match(
    reasonOf(await decodeBytes('grey16.png', deep)),
    /^is grey of 16 bits, .* save it as 8-bit grey$/,
  );
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
    ['imageNotFound.jpg', 'GIF89a', /is a GIF, which is not read: save it as PNG/],
    ['half.jpg', jpeg.subarray(0, jpeg.length - 100), /is cut off: it is a JPEG without its end/],
    ['no-end.jpg', jpeg.subarray(0, jpeg.length - 2), /is cut off: it is a JPEG without its end/],
    ['half.png', png.subarray(0, png.length / 2), /is cut off: it is a PNG without its end/],
    ['damaged.png', damaged, /is damaged: the checksum of its chunk "IDAT" is wrong/],
    ['half.ppm', 'P6 10 10 255\nabc', /is truncated: 3 of 300 bytes/],
    ['header.ppm', 'P6 10 ten 255\nabc', /no readable PPM or PGM header/],
    ['header.bmp', 'BM', /ends within its header, after 2 bytes/],
    [
      'half.bmp',
      goldenFile('color.bmp').subarray(0, 70),
      /is cut off: its last \d+ bytes of pixels are missing/,
    ],
    ['half.webp', goldenFile('color.webp').subarray(0, 60), /is cut off: its last \d+ bytes are missing/],
    ['damaged.webp', Buffer.from(goldenFile('color.webp')).fill(0xff, 30, 60), notWhole],
    ['sound.webp', 'RIFF\0\0\0\0WAVE', /is no JPEG, PNG/],
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

test('generated pictures of every format, whole and damaged: as Pillow has them, or refused, whatever the part', async () => {
  const equal: Record<string, number> = {};
  for (const { name, file, ...pillow } of pictures) {
    const path = write(`generated/${name}`, Buffer.from(file, 'base64'));
    const ours = await decode(path);
    if (typeof ours === 'string') {
      assert.match(ours, /^(is|has|ends) /, name);
      assert.equal(await decode(path, CORNER), ours, name);
      continue;
    }
    assert.ok('sha256' in pillow, `${name} is refused by Pillow`);
    assert.deepEqual(
      [ours.height, ours.width, sha256(ours.data)],
      [pillow.height, pillow.width, pillow.sha256],
      name,
    );
    for (const seed of [1, 2, 3]) {
      const box = RandomResizedCrop.getParams(
        ours.height,
        ours.width,
        [0.08, 1],
        [0.75, 1.33],
        new Random(seed),
      );
      const part = await decode(path, box);
      assert.ok(typeof part !== 'string', name);
      const expected: RgbImage = crop(ours, box.top, box.left, box.height, box.width);
      assert.equal(sha256(part.data), sha256(expected.data), name);
    }
    const kind = name.replace(/^\d+-|\..*$/g, '');
    equal[kind] = (equal[kind] ?? 0) + 1;
  }
  // Of eight each (two with many warnings). Refused are GIFs, rare kinds of TIFF and BMP, bitmaps (P1, P4) and deep grey.
  const least = { jpeg: 8, 'many-warnings': 2, png: 8, 'raw-png': 8, webp: 8, bmp: 8, 'raw-bmp': 2, tiff: 4, 'raw-tiff': 2, pnm: 2, 'raw-pnm': 2 }; // prettier-ignore
  for (const [kind, count] of Object.entries(least)) assert.equal(equal[kind], count, kind);
});

test('JPEGs with wrong bytes among their coefficients are read whatever the part, those with a wrong marker never', async () => {
  const { data } =
    await sharp({ create: { width: 160, height: 120, channels: 3, background: 'teal', noise: { type: 'gaussian', mean: 120, sigma: 60 } } }) // prettier-ignore
      .jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
      .toBuffer({ resolveWithObject: true });
  const random = new Random(5);
  const many = Buffer.from(data);
  const start = many.indexOf(Buffer.from('ffda', 'hex')) + 14;
  for (let n = 0; n < 400; n++) {
    const at = start + random.integer(many.length - start - 2);
    if (!many.subarray(at - 1, at + 2).includes(0xff)) many[at] = random.integer(255);
  }
  const whole = await decodeBytes('many.jpg', many);
  assert.ok(typeof whole !== 'string', reasonOf(whole));
  for (let top = 0; top < 120; top += 40) {
    const part = await decodeBytes('many.jpg', many, { top, left: 3, height: 40, width: 100 });
    assert.ok(typeof part !== 'string', reasonOf(part));
    assert.equal(sha256(part.data), sha256(crop(whole, top, 3, 40, 100).data));
  }
  // Pillow calls each a broken data stream: libjpeg expects the end after the picture.
  for (const marker of ['ffd8', 'ffc4000700000000', 'ffda000c03010002000300003f00'])
    for (const box of [undefined, CORNER]) {
      const bytes = Buffer.concat([data.subarray(0, -2), Buffer.from(`${marker}ffd9`, 'hex')]);
      assert.match(
        reasonOf(await decodeBytes('marker.jpg', bytes, box)),
        /^is a damaged JPEG: marker FF \w+ .* out of place$/,
      );
    }
  const scans = Buffer.concat([goldenFile('progressive.jpg').subarray(0, -2), ...Array<Buffer>(100).fill(Buffer.from('ffda0008010100003f00', 'hex')), Buffer.from('ffd9', 'hex')]); // prettier-ignore
  assert.match(reasonOf(await decodeBytes('scans.jpg', scans)), /^is a JPEG of more than 100 scans$/);
});

const cases = resolve(projectRoot(), process.env.RESNET_WORKBOOK_SHARED ?? '../shared', 'cases');

test(
  'small inputs that failed once',
  { skip: existsSync(cases) ? false : 'the shared cases are not on this machine' },
  async () => {
    const expected: Record<string, unknown> = {
      'black-zstd.tif': /compression 50000, zstd/,
      'cut-in-half-raw.tif': /is cut off|cut off TIFF/,
      'rle8.bmp': /is a BMP of a rare kind \(compression 1\)/,
      'os2core24.bmp': /is a BMP of a rare kind \(a header of 12 bytes\)/,
      'rgb565.bmp': /is a BMP of a rare kind \(16 bits a pixel\)/,
      'ascii.ppm': /is a PPM or PGM of a rare kind \(in ASCII\)/,
    };
    for (const name of [
      'orientation-3.tif',
      'p8_clr0.bmp',
      'v5_srgb_32a.bmp',
      'many-warnings.jpg',
      'thin15000.png',
      ...Object.keys(expected),
    ]) {
      // prettier-ignore
      const ours = await decode(join(cases, name));
      if (expected[name]) assert.match(reasonOf(ours), expected[name] as RegExp, name);
      else assert.ok(typeof ours !== 'string', `${name}: ${reasonOf(ours)}`);
    }
  },
);
