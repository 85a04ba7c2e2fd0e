import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import sharp, { type Sharp } from 'sharp';
import { crop } from '../geometry';
import { MAX_PIXELS, type CropBox, type RgbImage } from '../image';
import { decodeBmp } from './bmp';
import { ImageError } from './error';
import { jpegFrame } from './jpeg';
import { pngSize } from './png';
import { decodePnm } from './pnm';
import { tiffLayout } from './tiff';

/** Largest file that is read, in bytes; the largest uncompressed picture within `MAX_PIXELS` is smaller. */
const MAX_FILE_BYTES = 2 ** 30;

/**
 * Decides which part of a picture is wanted when its size is known, and throws to refuse it.
 * A decoder asks before it makes anything of that size; it may return all of the picture even so.
 */
type Choose = (height: number, width: number) => CropBox;
type Decoder = (bytes: Buffer, choose: Choose) => RgbImage | Promise<RgbImage>;

/** Decoders by a file's first bytes: its name may lie. Nothing else (SVG, PDF ...) is decoded, as Pillow wouldn't either. */
const DECODERS: readonly [magic: RegExp, decoder: Decoder][] = [
  [/^\xff\xd8\xff/, decodeJpeg],
  [/^\x89PNG\r\n\x1a\n/, decodePng],
  [/^RIFF[^]{4}WEBP/, decodeWebp],
  [/^(II\*\0|MM\0\*)/, decodeTiff],
  [/^GIF8[79]a/, refuseGif],
  [/^P[2356][ \t\n\v\f\r]/, decodePnm],
  [/^BM/, decodeBmp],
];

/**
 * Reads a picture as `Image.open(path).convert('RGB')` of Pillow, which torchvision's `pil_loader` is: to the same
 * pixels, or not at all. JPEG, PNG, WebP, TIFF, BMP, PPM and PGM are read, colour, grey, palette and CMYK. Like
 * Pillow it applies no colour profile, turns a TIFF by its orientation but nothing else, drops alpha, and takes the first
 * picture of several. Refused are, besides what is damaged or cut off, kinds that photographs do not come in and on which
 * decoders disagree; the error names them. Which it is depends on the file alone, not on the part that is wanted.
 *
 * @param maxPixels - refuse a picture of more pixels than this.
 * @param choose - picks the part to return of a picture of this height and width; default all of it. A part of a JPEG
 *   takes less time than all of it.
 * @throws ImageError when the file is no picture, a damaged one, or of a kind that is not read.
 */
export async function decodeImage(path: string, maxPixels = MAX_PIXELS, choose?: Choose): Promise<RgbImage> {
  try {
    const bytes = readBounded(path);
    const start = bytes.toString('latin1', 0, 12);
    const decoder = DECODERS.find(([magic]) => magic.test(start))?.[1];
    if (!decoder) throw new Error('is no JPEG, PNG, WebP, TIFF, BMP, PPM or PGM picture');
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

// 'truncated' passes over what libjpeg only warns of, as Pillow does, and `unlimited` over a hundred such warnings.
const SHARP_OPTIONS = {
  ignoreIcc: true,
  failOn: 'truncated',
  limitInputPixels: false,
  unlimited: true,
} as const;

/** Decodes no row below the part that is wanted. */
async function decodeJpeg(bytes: Buffer, choose: Choose): Promise<RgbImage> {
  const frame = jpegFrame(bytes);
  const box = choose(frame.height, frame.width);
  return toRgb(sharp(bytes, SHARP_OPTIONS).extract(box), box.height, box.width, frame.components === 4);
}

async function decodePng(bytes: Buffer, choose: Choose): Promise<RgbImage> {
  const { height, width } = pngSize(bytes);
  choose(height, width);
  return toRgb(sharp(bytes, SHARP_OPTIONS), height, width);
}

async function decodeWebp(bytes: Buffer, choose: Choose): Promise<RgbImage> {
  const missing = bytes.readUInt32LE(4) + 8 - bytes.length;
  if (missing > 0) throw new Error(`is cut off: its last ${missing} bytes are missing`);
  const { height, width } = await explained(sharp(bytes, SHARP_OPTIONS).metadata());
  choose(height, width);
  return toRgb(sharp(bytes, SHARP_OPTIONS), height, width);
}

async function decodeTiff(bytes: Buffer, choose: Choose): Promise<RgbImage> {
  const { height, width, hasInks } = tiffLayout(bytes);
  choose(height, width);
  // Strips that cannot be unpacked are no error to libvips below 'error', but black.
  const picture = sharp(bytes, { ...SHARP_OPTIONS, failOn: 'error', autoOrient: true });
  return toRgb(picture, height, width, hasInks);
}

/** By its ending no GIF counts as a picture; those that come have another's name, and are mostly "image not found". */
function refuseGif(): never {
  throw new Error('is a GIF, which is not read: save it as PNG');
}

async function toRgb(picture: Sharp, height: number, width: number, hasInks = false): Promise<RgbImage> {
  const pixels = hasInks
    ? cmykToRgb(await explained(picture.pipelineColourspace('cmyk').toColourspace('cmyk').raw().toBuffer()))
    : await explained(picture.toColourspace('srgb').removeAlpha().raw().toBuffer());
  if (pixels.length !== height * width * 3)
    throw new Error(`was decoded to ${pixels.length} values instead of ${height}x${width}x3`);
  return { data: pixels, height, width, channels: 3 };
}

/** Puts a decoder's complaint into a sentence. */
async function explained<T>(work: Promise<T>): Promise<T> {
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
