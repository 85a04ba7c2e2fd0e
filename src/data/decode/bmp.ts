import type { RgbImage } from '../image';

/** Lengths of the headers that there are, OS/2's and Windows' versions. */
const HEADERS = [12, 40, 52, 56, 64, 108, 124];

/** Masks of red, green, blue and alpha that Pillow takes, for each depth. */
const MASKS: Readonly<Record<number, readonly string[]>> = {
  16: ['f800,7e0,1f', '7c00,3e0,1f'],
  24: ['ff0000,ff00,ff'],
  32: [
    'ff0000,ff00,ff,0',
    'ff000000,ff0000,ff00,0',
    'ff000000,ff00,ff,0',
    'ff000000,ff0000,ff00,ff',
    'ff,ff00,ff0000,ff000000',
    'ff0000,ff00,ff,ff000000',
    'ff000000,ff00,ff,ff0000',
  ],
};

interface Header {
  height: number;
  width: number;
  topDown: boolean;
  bits: number;
  /** Masks of red, green and blue in a pixel of 16, 24 or 32 bits. */
  masks: readonly number[];
  /** Colour of each value of a pixel of 1, 4 or 8 bits // [colours, 3] */
  palette: Uint8Array;
  /** Where the pixels begin. */
  start: number;
}

/**
 * Decodes a Windows bitmap that isn't compressed: 1, 4 and 8 bits with a palette, 16, 24 and 32 bits with or without
 * masks. Alpha is dropped, as by Pillow's `convert('RGB')`.
 * https://learn.microsoft.com/windows/win32/gdi/bitmap-header-types, and BmpImagePlugin.py where writers disagree
 * @param checkSize - called with height and width before anything of that size is made; throws to refuse.
 */
export function decodeBmp(bytes: Buffer, checkSize: (height: number, width: number) => void): RgbImage {
  const header = readHeader(bytes);
  const { height, width, topDown, bits, start } = header;
  if (height < 1 || width < 1) throw new Error(`has a bad header: ${height}x${width} pixels`);
  checkSize(height, width);
  const rowLength = Math.ceil((width * bits) / 8);
  const stride = Math.ceil(rowLength / 4) * 4;
  const missing = start + stride * (height - 1) + rowLength - bytes.length;
  if (missing > 0) throw new Error(`is cut off: its last ${missing} bytes of pixels are missing`);
  const data = new Uint8Array(height * width * 3);
  const putRow = bits <= 8 ? indexedRow(header) : directRow(header);
  for (let y = 0; y < height; y++)
    putRow(bytes.subarray(start + stride * (topDown ? y : height - 1 - y)), data, y * width * 3);
  return { data, height, width, channels: 3 };
}

function readHeader(bytes: Buffer): Header {
  const length = bytes.length < 18 ? 0 : bytes.readUInt32LE(14);
  if (bytes.length < 14 + Math.max(12, length))
    throw new Error(`ends within its header, after ${bytes.length} bytes`);
  if (!HEADERS.includes(length))
    throw new Error(`is a BMP with a header of an unknown kind (${length} bytes)`);
  const old = length === 12;
  const bits = bytes.readUInt16LE(old ? 24 : 28);
  const compression = old ? 0 : bytes.readUInt32LE(30);
  if (compression !== 0 && compression !== 3)
    throw new Error(`is a compressed BMP (kind ${compression}), which is not read here: save it as PNG`);
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw new Error(`is a BMP of ${bits} bits a pixel`);
  const topDown = !old && bytes[25] === 0xff; // the height is negative
  const height = old ? bytes.readUInt16LE(20) : bytes.readUInt32LE(22);

  let end = 14 + length;
  let masks = bits === 16 ? [0x7c00, 0x3e0, 0x1f] : [0xff0000, 0xff00, 0xff];
  if (compression === 3) {
    // In the old header of 40 bytes they come after it, in the later ones they are part of it.
    if (length === 40) end += 12;
    if (bytes.length < end || length === 12) throw new Error('ends within its header');
    const given = [54, 58, 62].map((at) => bytes.readUInt32LE(at));
    const alpha = length >= 56 ? bytes.readUInt32LE(66) : 0;
    const all = bits === 32 ? [...given, alpha] : given;
    const isZero = bits === 32 && all.every((mask) => mask === 0);
    if (!isZero && !MASKS[bits]?.includes(all.map((mask) => mask.toString(16)).join()))
      throw new Error(
        `is a BMP with unusual masks (${all.map((mask) => mask.toString(16)).join()}) at ${bits} bits`,
      );
    if (!isZero) masks = given;
  }
  let start = bytes.readUInt32LE(10);
  let palette: Uint8Array = new Uint8Array(0);
  if (bits <= 8) {
    const entry = old ? 3 : 4;
    const colours = (old ? 0 : bytes.readUInt32LE(46)) || 1 << bits;
    if (colours > 256 || end + colours * entry > bytes.length)
      throw new Error(`is a BMP with a palette of ${colours} colours, which has no room in it`);
    palette = readPalette(bytes.subarray(end, end + colours * entry), entry, bits);
    end += colours * entry;
    // Some writers say that the pixels begin where the palette does.
    if (start === 14 + length) start = end;
  }
  return {
    height: topDown ? 2 ** 32 - height : height,
    width: old ? bytes.readUInt16LE(18) : bytes.readUInt32LE(18),
    topDown,
    bits,
    masks,
    palette,
    start: start || end,
  };
}

function readPalette(bytes: Buffer, entry: number, bits: number): Uint8Array {
  const colours = bytes.length / entry;
  const palette = new Uint8Array(colours * 3);
  for (let i = 0; i < colours; i++) for (let c = 0; c < 3; c++) palette[i * 3 + c] = bytes[i * entry + 2 - c];
  // Pillow takes such a palette for a mark of plain grey, and then reads one bit or eight, however many there are.
  const greys = colours === 2 ? [0, 255] : Array.from({ length: colours }, (_, i) => i);
  const isPlain = greys.every((grey, i) => [0, 1, 2].every((c) => palette[i * 3 + c] === grey));
  if (isPlain && bits !== (colours <= 2 ? 1 : 8))
    throw new Error(
      `is a BMP with a palette of ${colours} greys at ${bits} bits a pixel, which readers disagree on`,
    );
  if (isPlain && bits === 1) palette.fill(255, 3, 6);
  return palette;
}

type PutRow = (row: Uint8Array, out: Uint8Array, to: number) => void;

function indexedRow({ width, bits, palette }: Header): PutRow {
  const perByte = 8 / bits;
  return (row, out, to) => {
    for (let x = 0; x < width; x++, to += 3) {
      const shift = 8 - bits - (x % perByte) * bits;
      const index = ((row[Math.floor(x / perByte)] >> shift) & ((1 << bits) - 1)) * 3;
      if (index >= palette.length) throw new Error('is a BMP with a colour that its palette does not have');
      for (let c = 0; c < 3; c++) out[to + c] = palette[index + c];
    }
  };
}

function directRow({ width, bits, masks }: Header): PutRow {
  const step = bits / 8;
  if (bits === 16) {
    const shifts = masks.map((mask) => 31 - Math.clz32(mask & -mask));
    const largest = masks.map((mask, c) => mask >>> shifts[c]);
    return (row, out, to) => {
      for (let x = 0; x < width; x++, to += 3) {
        const pixel = row[x * 2] | (row[x * 2 + 1] << 8);
        for (let c = 0; c < 3; c++)
          out[to + c] = Math.floor((((pixel & masks[c]) >> shifts[c]) * 255) / largest[c]);
      }
    };
  }
  const places = masks.map((mask) => (31 - Math.clz32(mask)) >> 3);
  return (row, out, to) => {
    for (let x = 0; x < width; x++, to += 3)
      for (let c = 0; c < 3; c++) out[to + c] = row[x * step + places[c]];
  };
}
