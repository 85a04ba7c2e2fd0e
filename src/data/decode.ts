import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import sharp, { type Sharp } from 'sharp';
import { crop } from './geometry';
import type { CropBox, RgbImage } from './image';
import { hasJpegEnd, jpegFrame } from './jpegHeader';
import { decodePnm } from './pnm';

/** Largest picture that is decoded by default, in pixels: where Pillow begins to warn of a decompression bomb. */
export const MAX_PIXELS = 89_478_485;
/** Largest file that is read, in bytes; the largest uncompressed picture within `MAX_PIXELS` is smaller. */
const MAX_FILE_BYTES = 2 ** 30;

/** A picture that cannot be read; the message begins with its path. */
export class ImageError extends Error {
  constructor(
    readonly path: string,
    readonly reason: string,
  ) {
    super(`${path}: ${reason}`);
    this.name = 'ImageError';
  }
}

/**
 * Decides which part of a picture is wanted when its size is known, and throws to refuse it.
 * A decoder asks before it makes anything of that size; it may return the whole picture all the same.
 */
type Choose = (height: number, width: number) => CropBox;
type Decoder = (bytes: Buffer, choose: Choose) => RgbImage | Promise<RgbImage>;

/** Decoders by a file's first bytes: its name may lie. Nothing else (SVG, PDF ...) is decoded, as Pillow wouldn't either. */
const DECODERS: readonly [magic: string, decoder: Decoder][] = [
  ['\xff\xd8\xff', decodeJpeg],
  ['\x89PNG', decodeWithSharp],
  ['GIF8', decodeWithSharp],
  ['RIFF', decodeWithSharp],
  ['II*\0', decodeWithSharp],
  ['MM\0*', decodeWithSharp],
  ['P5', decodePnm],
  ['P6', decodePnm],
  ['BM', decodeBmp],
];

/**
 * Reads a picture as `Image.open(path).convert('RGB')` of Pillow, which torchvision's `pil_loader` is:
 * the same pixels for JPEG, PNG, WebP, TIFF, BMP, PPM and PGM, colour, grey, palette and CMYK. Like Pillow it applies
 * neither the EXIF orientation nor a colour profile, drops alpha, and takes the first picture of several.
 * Unlike Pillow, 16-bit grey keeps its high byte (Pillow turns all above 255 white) and transparent pixels of a GIF are
 * black (Pillow shows the colour beneath).
 *
 * @param maxPixels - refuse a picture of more pixels than this.
 * @param choose - picks the part to return of a picture of this height and width; default all of it. A part of a JPEG
 *   takes less time than all of it.
 * @throws ImageError when there is no whole picture in the file.
 */
export async function decodeImage(path: string, maxPixels = MAX_PIXELS, choose?: Choose): Promise<RgbImage> {
  try {
    const bytes = readBounded(path);
    const start = bytes.toString('latin1', 0, 4);
    const decoder = DECODERS.find(([magic]) => start.startsWith(magic))?.[1];
    if (!decoder) throw new Error('is no JPEG, PNG, WebP, TIFF, GIF, BMP, PPM or PGM picture');
    let box = { top: 0, left: 0, height: 0, width: 0 };
    const picture = await decoder(bytes, (height, width) => {
      if (height * width > maxPixels)
        throw new Error(`has ${height}x${width} pixels, more than the limit of ${maxPixels} (maxPixels)`);
      return (box = choose?.(height, width) ?? { top: 0, left: 0, height, width });
    });
    const isPart = picture.height === box.height && picture.width === box.width;
    return isPart ? picture : crop(picture, box.top, box.left, box.height, box.width);
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0].replace(/^\w+: .*, open .*$/, 'cannot be opened');
    throw new ImageError(path, reason);
  }
}

/** Reads without promises: four hops between threads cost more than a photograph's bytes take. */
function readBounded(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new Error('is not a file');
    if (stat.size === 0) throw new Error('is empty (0 bytes)');
    if (stat.size > MAX_FILE_BYTES)
      throw new Error(`has ${stat.size} bytes, more than the limit of ${MAX_FILE_BYTES}`);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

// 'truncated' passes over what libjpeg only warns of (stray bytes between segments), as Pillow does.
const SHARP_OPTIONS = { ignoreIcc: true, failOn: 'truncated', limitInputPixels: false } as const;

/** Decodes no row below the part that is wanted. */
async function decodeJpeg(bytes: Buffer, choose: Choose): Promise<RgbImage> {
  const frame = jpegFrame(bytes);
  // A file without an end is decoded whole: it may be truncated within the picture, and is refused then.
  if (!frame || !hasJpegEnd(bytes)) return decodeWithSharp(bytes, choose);
  const box = choose(frame.height, frame.width);
  return toRgb(sharp(bytes, SHARP_OPTIONS).extract(box), box.height, box.width, frame.components === 4);
}

async function decodeWithSharp(bytes: Buffer, choose: Choose): Promise<RgbImage> {
  const { height, width, space } = await whole(sharp(bytes, SHARP_OPTIONS).metadata());
  choose(height, width);
  return toRgb(sharp(bytes, SHARP_OPTIONS), height, width, space === 'cmyk');
}

async function toRgb(picture: Sharp, height: number, width: number, hasInks: boolean): Promise<RgbImage> {
  const pixels = hasInks
    ? cmykToRgb(await whole(picture.pipelineColourspace('cmyk').toColourspace('cmyk').raw().toBuffer()))
    : await whole(picture.toColourspace('srgb').removeAlpha().raw().toBuffer());
  return { data: pixels, height, width, channels: 3 };
}

/** Puts a decoder's complaint into a sentence. */
async function whole<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const complaint = (error as Error).message.split('\n')[0];
    throw new Error(
      `is no whole picture: it begins as one, but is damaged or cut off after that (its decoder says "${complaint}")`,
      { cause: error },
    );
  }
}

/** Pillow's conversion: each colour is what its ink and the black leave of white. */
function cmykToRgb(ink: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((ink.length / 4) * 3);
  for (let from = 0, to = 0; from < ink.length; from += 4, to += 3) {
    const light = 255 - ink[from + 3];
    for (let c = 0; c < 3; c++) {
      const product = ink[from + c] * light + 128;
      rgb[to + c] = light - ((product + (product >> 8)) >> 8); // light - ink * light / 255, rounded
    }
  }
  return rgb;
}

/** Windows bitmaps, which sharp can't read but canvas can. */
async function decodeBmp(bytes: Buffer, choose: Choose): Promise<RgbImage> {
  if (bytes.length < 26) throw new Error(`ends within its header, after ${bytes.length} bytes`);
  choose(Math.abs(bytes.readInt32LE(22)), Math.abs(bytes.readInt32LE(18)));
  const { createCanvas, loadImage } = await import('canvas');
  const image = await whole(loadImage(bytes));
  const { height, width } = image;
  const context = createCanvas(width, height).getContext('2d');
  context.drawImage(image, 0, 0);
  const rgba = context.getImageData(0, 0, width, height).data;
  const data = new Uint8Array(height * width * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3)
    for (let c = 0; c < 3; c++) data[to + c] = rgba[from + c];
  return { data, height, width, channels: 3 };
}
