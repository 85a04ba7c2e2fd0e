import type { RgbImage } from '../image';
import { refuseKind } from './error';

/** Lengths of the headers of Windows' versions. */
const HEADERS = [40, 52, 56, 108, 124];

/** Where red, green and blue are in a pixel of 24 or 32 bits, if a header says so, and alpha where there is any. */
const MASKS = ['ff0000,ff00,ff,0', 'ff0000,ff00,ff,ff000000'];

interface Header {
  height: number;
  width: number;
  topDown: boolean;
  /** Of a pixel: 1, 4 or 8 are a place in the palette, 24 and 32 blue, green and red. */
  bits: number;
  /** // [colours, 3] */
  palette: Uint8Array;
  /** Where the pixels begin. */
  start: number;
}

/**
 * Decodes a Windows bitmap of the common kinds, which sharp does not read: not compressed, with a palette, or of 24 or 32
 * bits. Alpha is dropped, as by Pillow's `convert('RGB')`.
 * https://learn.microsoft.com/windows/win32/gdi/bitmap-header-types, and BmpImagePlugin.py where writers disagree
 * @param checkSize - called with height and width before anything of that size is made; throws to refuse.
 */
export function decodeBmp(bytes: Buffer, checkSize: (height: number, width: number) => void): RgbImage {
  const { height, width, topDown, bits, palette, start } = readHeader(bytes);
  if (height < 1 || width < 1) throw new Error(`has a bad header: ${height}x${width} pixels`);
  checkSize(height, width);
  const rowLength = Math.ceil((width * bits) / 8);
  const stride = Math.ceil(rowLength / 4) * 4;
  const missing = start + stride * (height - 1) + rowLength - bytes.length;
  if (missing > 0) throw new Error(`is cut off: its last ${missing} bytes of pixels are missing`);
  const data = new Uint8Array(height * width * 3);
  for (let y = 0, to = 0; y < height; y++) {
    const row = bytes.subarray(start + stride * (topDown ? y : height - 1 - y));
    for (let x = 0; x < width; x++, to += 3)
      if (bits >= 24) {
        const from = (x * bits) / 8;
        for (let c = 0; c < 3; c++) data[to + c] = row[from + 2 - c];
      } else {
        const shift = 8 - bits - ((x * bits) % 8);
        const from = ((row[(x * bits) >> 3] >> shift) & ((1 << bits) - 1)) * 3;
        if (from >= palette.length) throw new Error('is a BMP with a colour that its palette does not have');
        for (let c = 0; c < 3; c++) data[to + c] = palette[from + c];
      }
  }
  return { data, height, width, channels: 3 };
}

const refuse: (what: string) => never = (what) => refuseKind('BMP', what);

function readHeader(bytes: Buffer): Header {
  const length = bytes.length < 18 ? HEADERS[0] : bytes.readUInt32LE(14);
  if (!HEADERS.includes(length)) refuse(`a header of ${length} bytes`);
  if (bytes.length < 14 + length) throw new Error(`ends within its header, after ${bytes.length} bytes`);
  const bits = bytes.readUInt16LE(28);
  const compression = bytes.readUInt32LE(30);
  if (compression !== 0 && compression !== 3) refuse(`compression ${compression}`);
  if (![1, 4, 8, 24, 32].includes(bits)) refuse(`${bits} bits a pixel`);
  let end = 14 + length;
  if (compression === 3) {
    // In the old header of 40 bytes they come after it, in the later ones they are part of it.
    if (length === 40) end += 12;
    if (bytes.length < end) throw new Error('ends within its header');
    const alpha = bits === 32 && length >= 56 ? bytes.readUInt32LE(66) : 0;
    const given = [54, 58, 62].map((at) => bytes.readUInt32LE(at));
    const masks = [...given, alpha].map((mask) => mask.toString(16)).join();
    if (bits < 24 || !MASKS.includes(masks)) refuse(`masks ${masks} at ${bits} bits`);
  }
  let start = bytes.readUInt32LE(10);
  let palette: Uint8Array = new Uint8Array(0);
  if (bits <= 8) {
    const colours = bytes.readUInt32LE(46) || 1 << bits;
    if (colours > 256 || end + colours * 4 > bytes.length)
      throw new Error(`is a BMP with a palette of ${colours} colours, which has no room in it`);
    palette = readPalette(bytes.subarray(end, end + colours * 4), bits);
    end += colours * 4;
    // Some writers say that the pixels begin where the palette does.
    if (start === 14 + length) start = end;
  }
  const topDown = bytes[25] === 0xff; // the height is negative
  const [width, height] = [bytes.readUInt32LE(18), bytes.readUInt32LE(22)];
  return { height: topDown ? 2 ** 32 - height : height, width, topDown, bits, palette, start: start || end };
}

function readPalette(bytes: Buffer, bits: number): Uint8Array {
  const colours = bytes.length / 4;
  const palette = new Uint8Array(colours * 3);
  for (let i = 0; i < colours; i++) for (let c = 0; c < 3; c++) palette[i * 3 + c] = bytes[i * 4 + 2 - c];
  // Pillow takes such a palette for a mark of plain grey, and then reads one bit or eight, however many there are.
  const greys = colours === 2 ? [0, 255] : Array.from({ length: colours }, (_, i) => i);
  const isPlain = greys.every((grey, i) => [0, 1, 2].every((c) => palette[i * 3 + c] === grey));
  if (isPlain && bits !== (colours <= 2 ? 1 : 8)) refuse(`${colours} greys at ${bits} bits a pixel`);
  if (isPlain && bits === 1) palette.fill(255, 3, 6);
  return palette;
}
