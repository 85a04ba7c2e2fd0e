import sharp from 'sharp';
import { decodeImage } from '../../../src/data/decode/decode';
import type { ImageArray, RgbImage } from '../../../src/data/image';
import { resize } from '../../../src/data/resample';
import { dataUri } from '../../../src/notebook/images';

/** Longest side on a page, in pixels. */
const LONGEST = 224;

/** A picture's file made small, as a link that holds it. */
export async function thumbnail(path: string): Promise<string> {
  const picture = await decodeImage(path);
  const scale = Math.min(1, LONGEST / Math.max(picture.height, picture.width));
  const [height, width] = [picture.height, picture.width].map((side) =>
    Math.max(1, Math.round(side * scale)),
  );
  return encode(resize(picture, height, width));
}

/** A picture whose values are 0 to 1, as a link that holds it. */
export function encodeFloats({ data, ...size }: ImageArray): Promise<string> {
  return encode({
    ...size,
    data: Uint8Array.from(data, (value) => Math.max(0, Math.min(255, Math.round(255 * value)))),
  });
}

async function encode({ data, height, width, channels }: RgbImage): Promise<string> {
  const jpeg = await sharp(data, { raw: { height, width, channels } }).jpeg({ quality: 85 }).toBuffer();
  return dataUri('jpeg', jpeg);
}
