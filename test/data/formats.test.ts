import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RgbImage } from '../../src/data/image';
import { decodeBytes, reasonOf } from './scratch';

/** A TIFF of 3x2 pixels from its tags; its strip is `pixels`. */
function tiff(pixels: Uint8Array, tags: Record<number, number[]>): Buffer {
  const all: Record<number, number[]> = {
    256: [3],
    257: [2],
    258: [8],
    259: [1],
    262: [1],
    273: [8],
    277: [1],
    279: [pixels.length],
    ...tags, // prettier-ignore
  };
  const names = Object.keys(all).map(Number);
  const start = 8 + pixels.length;
  let beyond = start + 2 + names.length * 12 + 4;
  const file = Buffer.alloc(beyond + 64);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(start, 4);
  file.set(pixels, 8);
  file.writeUInt16LE(names.length, start);
  names.forEach((tag, i) => {
    const at = start + 2 + i * 12;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(3, at + 2);
    file.writeUInt32LE(all[tag].length, at + 4);
    let values = at + 8;
    if (all[tag].length > 2) {
      file.writeUInt32LE(beyond, values);
      values = beyond;
      beyond += all[tag].length * 2;
    }
    all[tag].forEach((value, k) => file.writeUInt16LE(value, values + k * 2));
  });
  return file;
}

const reds = (image: RgbImage | string) =>
  typeof image === 'string' ? image : [image.height, image.width, Array.from(image.data).filter((_, i) => i % 3 === 0).join(' ')]; // prettier-ignore

test('TIFFs stand upright, and what libvips would make black or of wrong colours is refused by name', async () => {
  const grey = Uint8Array.of(1, 2, 3, 4, 5, 6);
  const upright: Record<number, unknown> = {
    1: [2, 3, '1 2 3 4 5 6'],
    2: [2, 3, '3 2 1 6 5 4'],
    3: [2, 3, '6 5 4 3 2 1'],
    4: [2, 3, '4 5 6 1 2 3'],
    5: [3, 2, '1 4 2 5 3 6'],
    6: [3, 2, '4 1 5 2 6 3'],
    7: [3, 2, '6 3 5 2 4 1'],
    8: [3, 2, '3 6 2 5 1 4'],
  };
  const rgb = Uint8Array.from(grey, (v) => v).reduce<number[]>((all, v) => [...all, v, 99, 100 + v], []);
  for (const [orientation, expected] of Object.entries(upright)) {
    const tags = { 258: [8, 8, 8], 262: [2], 274: [Number(orientation)], 277: [3] };
    const bytes = tiff(Uint8Array.from(rgb), tags);
    assert.deepEqual(reds(await decodeBytes('turned.tif', bytes)), expected, orientation);
    if (Number(orientation) < 5) {
      const plain = tiff(grey, { 274: [Number(orientation)] });
      assert.deepEqual(reds(await decodeBytes('turned.tif', plain)), expected, orientation);
    }
  }
  const refusals: [tags: Record<number, number[]>, reason: RegExp][] = [
    [{ 259: [50000] }, /rare kind \(compression 50000, zstd\)/],
    [{ 259: [34925] }, /rare kind \(compression 34925, LZMA\)/],
    [{ 259: [7] }, /rare kind \(compression 7, JPEG\)/],
    [{ 262: [6], 258: [8, 8, 8], 277: [3] }, /rare kind \(photometric 6, 3 samples/],
    [
      { 262: [5], 258: [16, 16, 16, 16], 277: [4] },
      /rare kind \(photometric 5, 4 samples of 16,16,16,16 bits/,
    ],
    [{ 262: [2], 258: [8, 8, 8, 8], 277: [4], 338: [1] }, /rare kind \(photometric 2, 4 samples .*extra 1\)/],
    [{ 258: [16] }, /is grey of 16 bits/],
    [{ 339: [2] }, /rare kind \(format 2\)/],
    [{ 266: [2] }, /rare kind \(fillOrder 2\)/],
    [{ 317: [2], 258: [4] }, /rare kind \(predictor 2\)/],
    [{ 274: [6] }, /orientation 6 of one uncompressed strip, which Pillow opens wrongly/],
    [{ 273: [8, 8], 279: [3, 3] }, /damaged TIFF: 2 strips of 2 rows for 2 rows/],
    [{ 279: [5] }, /its strip 0 has fewer bytes than it needs/],
    [{ 273: [5000] }, /its strip 0 has fewer bytes than it needs/],
    [{ 262: [3] }, /damaged TIFF: a palette of 0 numbers for 8 bits/],
  ];
  for (const [tags, reason] of refusals)
    assert.match(reasonOf(await decodeBytes('rare.tif', tiff(grey, tags))), reason, JSON.stringify(tags));
  // Strips that cannot be unpacked.
  for (const compression of [5, 8, 32773])
    assert.match(
      reasonOf(await decodeBytes('strip.tif', tiff(grey, { 259: [compression] }))),
      /^is no whole picture/,
    );
});

/** A BMP of 2x2 pixels. */
function bmp(info: Buffer, rest: string, pixels: string): Buffer {
  const head = Buffer.alloc(14);
  head.write('BM');
  const after = Buffer.from(rest, 'hex');
  head.writeUInt32LE(14 + info.length + after.length, 10);
  return Buffer.concat([head, info, after, Buffer.from(pixels, 'hex')]);
}

function bmpInfo(length: number, bits: number, compression = 0, colours = 0): Buffer {
  const info = Buffer.alloc(length);
  info.writeUInt32LE(length, 0);
  if (length === 12) [2, 2, 1, bits].forEach((value, i) => info.writeUInt16LE(value, 4 + i * 2));
  else {
    [2, 2].forEach((value, i) => info.writeInt32LE(value, 4 + i * 4));
    [1, bits].forEach((value, i) => info.writeUInt16LE(value, 12 + i * 2));
    info.writeUInt32LE(compression, 16);
    info.writeUInt32LE(colours, 32);
  }
  return info;
}

test('BMPs: long headers, palettes and alpha; rare kinds are refused by name', async () => {
  const colours = (image: RgbImage | string) =>
    typeof image === 'string' ? image : Buffer.from(image.data).toString('hex');
  const expected = '0000ff' + 'ff0000' + '00ff00' + 'ffffff'; // blue, red; green, white
  // 256 colours are meant where none are counted.
  const palette = 'ff000000' + '0000ff00' + '00ff0000' + 'ffffff00' + '00'.repeat(252 * 4);
  assert.equal(
    colours(await decodeBytes('palette.bmp', bmp(bmpInfo(40, 8), palette, '02030000' + '00010000'))),
    expected,
  );
  const v5 = bmpInfo(124, 32, 3);
  Buffer.from('0000ff00' + '00ff0000' + 'ff000000' + '000000ff', 'hex').copy(v5, 40);
  v5.write('BGRs', 56);
  assert.equal(
    colours(await decodeBytes('v5.bmp', bmp(v5, '', '00ff0001ffffff80' + 'ff0000000000ff7f'))),
    expected,
  );

  const damaged = bmp(bmpInfo(40, 8, 0, 3), palette.slice(0, 24), '02030000' + '00010000');
  assert.match(reasonOf(await decodeBytes('index.bmp', damaged)), /colour that its palette does not have/);
  const v5Masks = Buffer.from(v5).fill(0xff, 40, 41);
  const masks = '00f80000' + 'e0070000' + '1f000000';
  const refused: [file: Buffer, reason: RegExp][] = [
    [bmp(bmpInfo(40, 8, 1), palette, '0001'), /rare kind \(compression 1\), .* save it as PNG$/],
    [bmp(bmpInfo(12, 24), '', '00ff00ffffff0000' + 'ff00000000ff0000'), /rare kind \(a header of 12 bytes\)/],
    [bmp(bmpInfo(40, 16), '', 'e007ffff' + '1f0000f8'), /rare kind \(16 bits a pixel\)/],
    [bmp(bmpInfo(40, 16, 3), masks, 'e007ffff' + '1f0000f8'), /rare kind \(16 bits a pixel\)/],
    [bmp(v5Masks, '', '00'.repeat(16)), /rare kind \(masks ff00ff,ff00,ff,ff000000 at 32 bits\)/],
    [bmp(bmpInfo(40, 24), '', '00ff00ffffff0000' + 'ff00000000'), /is cut off: its last 1 bytes of pixels/],
  ];
  for (const [file, reason] of refused) assert.match(reasonOf(await decodeBytes('rare.bmp', file)), reason);
});

test('PGM and PPM with comments and of any depth; what is ASCII is refused by name', async () => {
  const read = async (text: string) => reds(await decodeBytes('small.ppm', Buffer.from(text, 'latin1')));
  assert.deepEqual(await read('P5\n# grey\n3 1 # wide\n3\n\0\x01\x03'), [1, 3, '0 85 255']);
  assert.deepEqual(await read('P6 1 2 255\n\x01\x02\x03\xc8\x05\x06'), [2, 1, '1 200']);
  assert.deepEqual(await read('P6 1 1 1000 \x01\xf4\0\0\x03\xe8'), [1, 1, '128']);
  for (const [text, reason] of [
    ['P2 2 1 255\n7 25', /is a PPM or PGM of a rare kind \(in ASCII\), which is not read: save it as PNG/],
    ['P3 1 1 255\n1 2 3', /\(in ASCII\)/],
    ['P5 1 1 65535\n12', /is grey of 16 bits/],
  ] as const)
    assert.match(String(await read(text)), reason, text);
});
