import type { RgbImage } from '../image';
import { roundHalfToEven } from '../transforms';
import { DEEP_GREY, refuseKind } from './error';

/** A header as Pillow reads it: numbers with white space and comments between them. */
const GAP = '[ \\t\\n\\v\\f\\r](?:[ \\t\\n\\v\\f\\r]|#[^\\r\\n]*[\\r\\n])*';
const HEADER = new RegExp(`^P([2356])${`${GAP}(\\d{1,10})`.repeat(3)}[ \\t\\n\\v\\f\\r]`);

/**
 * Decodes a binary PPM (colour, P6) or PGM picture (grey, P5): a header in ASCII, then the samples row by row.
 * https://netpbm.sourceforge.net/doc/ppm.html
 * @param checkSize - called with height and width before anything of that size is made; throws to refuse.
 */
export function decodePnm(bytes: Buffer, checkSize: (height: number, width: number) => void): RgbImage {
  const match = HEADER.exec(bytes.toString('latin1', 0, 4096));
  if (!match) throw new Error('has no readable PPM or PGM header');
  const [kind, width, height, maximum] = match.slice(1).map(Number);
  if (kind < 5) refuseKind('PPM or PGM', 'in ASCII');
  if (width < 1 || height < 1 || maximum < 1 || maximum > 65_535)
    throw new Error(`has a bad header: ${width}x${height}, largest value ${maximum}`);
  const planes = kind === 6 ? 3 : 1;
  if (planes === 1 && maximum > 255) throw new Error(DEEP_GREY);
  checkSize(height, width);

  const count = width * height * planes;
  const body = bytes.subarray(match[0].length);
  const bytesEach = maximum > 255 ? 2 : 1;
  if (body.length < count * bytesEach)
    throw new Error(`is truncated: ${body.length} of ${count * bytesEach} bytes of pixels`);
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < count; i++) {
    const value = bytesEach === 2 ? body.readUInt16BE(i * 2) : body[i];
    const scaled = maximum === 255 ? value : Math.min(255, roundHalfToEven((value / maximum) * 255));
    if (planes === 3) data[i] = scaled;
    else data.fill(scaled, i * 3, i * 3 + 3);
  }
  return { data, height, width, channels: 3 };
}
