import type { RgbImage } from './image';

const DAMAGED = 'is damaged or cut off: its first picture does not have as many pixels as it says';

/**
 * Decodes the first picture of a GIF, which must fill the whole screen, up to its last pixel; what follows is not looked at.
 * Transparent pixels have their colour in the palette, as in Pillow's `convert('RGB')`.
 * https://www.w3.org/Graphics/GIF/spec-gif89a.txt
 * @param checkSize - called with height and width before anything of that size is made; throws to refuse.
 */
export function decodeGif(bytes: Buffer, checkSize: (height: number, width: number) => void): RgbImage {
  const byte = (at: number): number => {
    if (at >= bytes.length) throw new Error(DAMAGED);
    return bytes[at];
  };
  const word = (at: number): number => byte(at) | (byte(at + 1) << 8);
  /** A palette's place and length, from the byte of flags that announces it; undefined if there is none. */
  const paletteAt = (flags: number, at: number) =>
    flags & 0x80 ? bytes.subarray(at, at + 3 * (2 << (flags & 7))) : undefined;

  const [width, height] = [word(6), word(8)];
  const common = paletteAt(byte(10), 13);
  let at = 13 + (common?.length ?? 0);
  while (byte(at) === 0x21) for (at += 2; byte(at++) !== 0;) at += byte(at - 1); // extensions
  if (byte(at) !== 0x2c) throw new Error('is a GIF without a picture');
  if (word(at + 1) !== 0 || word(at + 3) !== 0 || word(at + 5) !== width || word(at + 7) !== height)
    throw new Error('is a GIF whose first picture does not fill it');
  if (width < 1 || height < 1) throw new Error(`has a bad header: ${height}x${width} pixels`);
  checkSize(height, width);
  const flags = byte(at + 9);
  at += 10;
  const own = paletteAt(flags, at);
  at += own?.length ?? 0;
  const palette = own ?? common;
  if (!palette) throw new Error('is a GIF without a palette');
  const bits = byte(at++);
  const blocks: Buffer[] = [];
  for (let length = byte(at); length > 0 && at + length < bytes.length; at += length + 1, length = bytes[at])
    blocks.push(bytes.subarray(at + 1, at + 1 + length));

  const indices = unpack(Buffer.concat(blocks), bits, width * height);
  const rows = flags & 0x40 ? interlaced(height) : Array.from({ length: height }, (_, y) => y);
  const data = new Uint8Array(height * width * 3);
  rows.forEach((y, row) => {
    for (let x = 0, to = y * width * 3; x < width; x++, to += 3) {
      const index = indices[row * width + x] * 3;
      if (index + 3 > palette.length)
        throw new Error('is a GIF with a colour that its palette does not have');
      for (let c = 0; c < 3; c++) data[to + c] = palette[index + c];
    }
  });
  return { data, height, width, channels: 3 };
}

/** The order in which interlaced rows come: every eighth, those halfway between, and so on. */
function interlaced(height: number): number[] {
  const rows: number[] = [];
  for (const [first, step] of [
    [0, 8],
    [4, 8],
    [2, 4],
    [1, 2],
  ])
    // prettier-ignore
    for (let y = first; y < height; y += step) rows.push(y);
  return rows;
}

/** Unpacks LZW codes (Welch 1984), least significant bit first. @throws unless there are `count` values. */
function unpack(bytes: Uint8Array, bits: number, count: number): Uint8Array {
  if (bits < 1 || bits > 8) throw new Error(DAMAGED);
  const clear = 1 << bits;
  const out = new Uint8Array(count);
  /** Where in `out` each code's values were first written, and how many there are. */
  const [from, length] = [new Int32Array(4096), new Int32Array(4096)];
  let next = clear + 2;
  let size = bits + 1;
  let before = -1; // where the values of the code before begin
  let filled = 0;
  let buffer = 0;
  let available = 0;
  for (let at = 0; filled < count;) {
    for (; available < size; available += 8) {
      if (at >= bytes.length) throw new Error(DAMAGED);
      buffer |= bytes[at++] << available;
    }
    const code = buffer & ((1 << size) - 1);
    buffer >>>= size;
    available -= size;
    if (code === clear) [next, size, before] = [clear + 2, bits + 1, -1];
    else {
      const start = filled;
      if (before >= 0 && next < 4096) {
        // The code before and the first value of this one, which follows it in `out`.
        from[next] = before;
        length[next] = start - before + 1;
        if (++next === 1 << size && size < 12) size++;
      }
      const isLiteral = code < clear;
      // The code of the end is too early here, and a string needs one before it.
      if (!isLiteral && (code === clear + 1 || code >= next || before < 0)) throw new Error(DAMAGED);
      if (isLiteral) out[filled++] = code;
      else for (let i = 0; i < length[code] && filled < count; i++) out[filled++] = out[from[code] + i];
      before = start;
    }
  }
  return out;
}
