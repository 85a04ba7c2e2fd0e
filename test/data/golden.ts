import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ImageArray, RgbImage } from '../../src/data/image';
import { projectRoot } from '../../src/locations';

/** An image in the golden file: base64 of its bytes (uint8 or float32), or a hash where it is large. */
export interface GoldenImage {
  height: number;
  width: number;
  data: string;
}
export interface GoldenHash {
  height: number;
  width: number;
  sha256: string;
}
type Pair = [number, number];
type Box = [top: number, left: number, height: number, width: number];

interface Golden {
  resize: ({ from: Pair; size: number | Pair } & GoldenImage)[];
  resizeLarge: ({ from: Pair; size: number | Pair } & GoldenHash)[];
  resizedCrop: ({ from: Pair; box: Box; size: Pair } & GoldenImage)[];
  centerCrop: ({ from: Pair; size: number | Pair } & GoldenImage)[];
  crop: ({ from: Pair; box: Box } & GoldenImage)[];
  flip: { from: Pair } & GoldenImage;
  normalized: { from: Pair; mean: number[]; std: number[] } & GoldenImage;
  fallback: { from: Pair; ratio: Pair; box: Box }[];
  boxAverages: { from: Pair; mean: number[]; std: number[] };
  grids: ({ n: number; options: { nrow?: number } } & GoldenImage)[];
  statistics: { sizes: Pair[]; calMeanStd: [number[], number[]]; allPixels: [number[], number[]] };
  decoded: ({ name: string; file: string } & GoldenImage)[];
}

/** What torchvision, Pillow and numpy gave: see test/golden/data.py. */
export const golden = JSON.parse(
  readFileSync(join(projectRoot(), 'test/golden/data.json'), 'utf8'),
) as Golden;

/** The picture that data.py makes by the same formula. */
export function picture(height: number, width: number): RgbImage {
  const data = new Uint8Array(height * width * 3);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++)
        data[i++] = x * 7 + y * 13 + c * 29 + ((x * y) % 31) * 5 + Math.floor(x / 9) * 40; // stored modulo 256
  return { data, height, width, channels: 3 };
}

/** The bytes of a golden image. */
export function bytesOf(image: GoldenImage): Uint8Array {
  return new Uint8Array(Buffer.from(image.data, 'base64'));
}

/** The floats of a golden image. */
export function floatsOf(image: GoldenImage): Float32Array {
  return new Float32Array(bytesOf(image).buffer);
}

export function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** The largest difference between two lists of numbers of one length. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return largest;
}

/** An image of floats from its rows of pixels. */
export function floatImage(height: number, width: number, values: number[]): ImageArray {
  return { data: Float32Array.from(values), height, width, channels: 3 };
}

const sharedPhotographs = join(
  resolve(projectRoot(), process.env.RESNET_WORKBOOK_SHARED ?? '../shared'),
  'data/cat_dog_ants_bees',
);
/** Real photographs to test on, where this machine has them. */
export const photographs = existsSync(sharedPhotographs) ? sharedPhotographs : undefined;
export const withoutPhotographs = photographs ? false : 'the shared photographs are not on this machine';
