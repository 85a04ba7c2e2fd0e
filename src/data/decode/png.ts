import { crc32 } from 'node:zlib';
import { DEEP_GREY } from './error';

/**
 * Goes through a PNG's chunks and reads its size. Each chunk has a checksum, so damage shows before anything is decoded.
 * https://www.w3.org/TR/png-3
 * @throws unless all chunks up to the end are whole.
 */
export function pngSize(bytes: Buffer): { height: number; width: number } {
  let size: { height: number; width: number } | undefined;
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const kind = bytes.toString('latin1', at + 4, at + 8);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) break;
    if (crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32BE(end))
      throw new Error(`is damaged: the checksum of its chunk ${JSON.stringify(kind)} is wrong`);
    if (!size) {
      if (kind !== 'IHDR' || length !== 13) throw new Error('is a PNG without a header');
      size = { width: bytes.readUInt32BE(at + 8), height: bytes.readUInt32BE(at + 12) };
      const [depth, colour, compression, filter, interlace] = bytes.subarray(at + 16, at + 21);
      if (size.width < 1 || size.height < 1 || compression > 0 || filter > 0 || interlace > 1)
        throw new Error('is a PNG with a bad header');
      if (depth === 16 && colour === 0) throw new Error(DEEP_GREY);
    }
    if (kind === 'IEND') return size;
    at = end + 4;
  }
  throw new Error('is cut off: it is a PNG without its end');
}
