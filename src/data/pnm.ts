import type { RgbImage } from './image';

/**
 * Decodes a binary PPM (P6, colour) or PGM (P5, grey) picture: a header in ASCII, then the samples row by row.
 * https://netpbm.sourceforge.net/doc/ppm.html
 * @param checkSize - called with height and width before anything of that size is made; throws to refuse.
 */
export function decodePnm(bytes: Buffer, checkSize: (height: number, width: number) => void): RgbImage {
  const header = /^(P[56])((?:\s|#[^\n]*\n)+(\d+))((?:\s|#[^\n]*\n)+(\d+))((?:\s|#[^\n]*\n)+(\d+))\s/;
  const match = header.exec(bytes.toString('latin1', 0, 1024));
  if (!match) throw new Error('has no readable PPM or PGM header');
  const [width, height, maximum] = [match[3], match[5], match[7]].map(Number);
  if (width < 1 || height < 1 || maximum < 1 || maximum > 65_535)
    throw new Error(`has a bad header: ${width}x${height}, largest value ${maximum}`);
  checkSize(height, width);

  const planes = match[1] === 'P6' ? 3 : 1;
  const bytesEach = maximum > 255 ? 2 : 1;
  const count = width * height * planes;
  const body = bytes.subarray(match[0].length);
  if (body.length < count * bytesEach)
    throw new Error(`is truncated: ${body.length} of ${count * bytesEach} bytes of pixels`);
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < count; i++) {
    const value = bytesEach === 2 ? body.readUInt16BE(i * 2) : body[i];
    const scaled = maximum === 255 ? value : Math.min(255, Math.round((value * 255) / maximum));
    if (planes === 3) data[i] = scaled;
    else data.fill(scaled, i * 3, i * 3 + 3);
  }
  return { data, height, width, channels: 3 };
}
