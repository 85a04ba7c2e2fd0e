import type { RgbImage } from '../image';
import { roundHalfToEven } from '../transforms';

/** A header as Pillow reads it: numbers with white space and comments between them. */
const GAP = '[ \\t\\n\\v\\f\\r](?:[ \\t\\n\\v\\f\\r]|#[^\\r\\n]*[\\r\\n])*';
const HEADER = new RegExp(`^P([2356])${`${GAP}(\\d{1,10})`.repeat(3)}[ \\t\\n\\v\\f\\r]`);

/**
 * Decodes a PPM (colour: P3 in ASCII, P6 binary) or PGM picture (grey: P2, P5): a header in ASCII, then the samples row
 * by row. https://netpbm.sourceforge.net/doc/ppm.html
 * @param checkSize - called with height and width before anything of that size is made; throws to refuse.
 */
export function decodePnm(bytes: Buffer, checkSize: (height: number, width: number) => void): RgbImage {
  const match = HEADER.exec(bytes.toString('latin1', 0, 4096));
  if (!match) throw new Error('has no readable PPM or PGM header');
  const [kind, width, height, maximum] = match.slice(1).map(Number);
  if (width < 1 || height < 1 || maximum < 1 || maximum > 65_535)
    throw new Error(`has a bad header: ${width}x${height}, largest value ${maximum}`);
  const planes = kind % 3 === 0 ? 3 : 1;
  if (planes === 1 && maximum > 255) throw new Error(DEEP_GREY);
  checkSize(height, width);

  const count = width * height * planes;
  const body = bytes.subarray(match[0].length);
  const next = kind > 3 ? binary(body, maximum > 255 ? 2 : 1, count) : ascii(body, count, maximum);
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < count; i++) {
    const value = next();
    const scaled = maximum === 255 ? value : Math.min(255, roundHalfToEven((value / maximum) * 255));
    if (planes === 3) data[i] = scaled;
    else data.fill(scaled, i * 3, i * 3 + 3);
  }
  return { data, height, width, channels: 3 };
}

/** Why grey of 16 bits is refused. */
export const DEEP_GREY =
  'is grey of 16 bits, which has no agreed way to 8 (Pillow makes all above 255 white): save it as 8-bit grey';

/** Samples of one or two bytes each. */
function binary(body: Buffer, bytesEach: number, count: number): () => number {
  if (body.length < count * bytesEach)
    throw new Error(`is truncated: ${body.length} of ${count * bytesEach} bytes of pixels`);
  let at = -bytesEach;
  return bytesEach === 2 ? () => body.readUInt16BE((at += 2)) : () => body[(at += 1)];
}

const isSpace = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13);

/** Samples in ASCII, with white space between them and comments to the end of a line. */
function ascii(body: Buffer, count: number, maximum: number): () => number {
  let at = 0;
  let read = 0;
  const skipGap = (): void => {
    for (; isSpace(body[at]) || body[at] === 35; at++)
      if (body[at] === 35) while (at < body.length && body[at] !== 10 && body[at] !== 13) at++;
  };
  return () => {
    skipGap();
    const start = at;
    let value = 0;
    while (body[at] >= 48 && body[at] <= 57 && at - start < 10) value = value * 10 + body[at++] - 48;
    if (start >= body.length) throw new Error(`is truncated: ${read} of ${count} samples`);
    if (at === start || (at < body.length && !isSpace(body[at])) || value > maximum)
      throw new Error(`has something other than a number up to ${maximum} where sample ${read} should be`);
    if (++read === count) {
      skipGap();
      if (at < body.length) throw new Error(`has more than ${count} samples`);
    }
    return value;
  };
}
