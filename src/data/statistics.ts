import { startProgress } from '../progress';
import { checkPixels } from './dataset';
import type { RgbImage } from './image';
import { ImageFolder } from './imageFolder';
import { roundHalfToEven } from './transforms';

/** Mean and standard deviation of each channel (red, green, blue), pixels counted from 0 to 1. */
export type MeanStd = [mean: number[], std: number[]];

/** Sums over the pixels of one picture, channel by channel; whole numbers, hence exact. */
interface Sums {
  pixels: number;
  sum: number[];
  squares: number[];
}

/** A source of pictures before any transform: `ImageFolder`, `CIFAR10`. `picture` gives null for one that was skipped. */
export interface PictureSource {
  readonly length: number;
  picture(index: number): RgbImage | null | Promise<RgbImage | null>;
}

export interface StatisticsOptions {
  /** Ends the work with this signal's reason. */
  signal?: AbortSignal;
}

/** Pictures in memory at once. */
const AT_ONCE = 8;

/**
 * The article's `cal_mean_std`: the mean over the pictures of each picture's mean and (population) standard deviation,
 * rounded to three places. OpenCV reads blue first and the article turns the lists round; here red is first throughout.
 * Two things to know: a small picture counts as much as a large one, and the mean of the pictures' deviations leaves out
 * how the pictures differ from each other, so that it is too small. `datasetStatistics` is free of both.
 *
 * @param source - a folder in ImageFolder layout, or a data set. A picture that can't be read ends the work with its
 *   name, unless the folder was opened with `onError: 'skip'` (the article's code prints the name and then crashes).
 */
export async function calMeanStd(
  source: string | PictureSource,
  options?: StatisticsOptions,
): Promise<MeanStd> {
  const mean = [0, 0, 0];
  const std = [0, 0, 0];
  let pictures = 0;
  await eachPicture(source, options, (one) => {
    const [m, s] = meanStd(one);
    for (let c = 0; c < 3; c++) {
      mean[c] += m[c];
      std[c] += s[c];
    }
    pictures++;
  });
  const toThreePlaces = (sum: number) => roundHalfToEven((sum / pictures) * 1000) / 1000;
  return [mean.map(toThreePlaces), std.map(toThreePlaces)];
}

/** Mean and (population) standard deviation over all pixels of all pictures: what `Normalize` wants. */
export async function datasetStatistics(
  source: string | PictureSource,
  options?: StatisticsOptions,
): Promise<MeanStd> {
  const total: Sums = { pixels: 0, sum: [0, 0, 0], squares: [0, 0, 0] };
  await eachPicture(source, options, (one) => {
    total.pixels += one.pixels;
    for (let c = 0; c < 3; c++) {
      total.sum[c] += one.sum[c];
      total.squares[c] += one.squares[c];
    }
  });
  return meanStd(total);
}

async function eachPicture(
  source: string | PictureSource,
  { signal }: StatisticsOptions = {},
  use: (sums: Sums) => void,
): Promise<void> {
  const pictures = typeof source === 'string' ? new ImageFolder(source) : source;
  const progress = startProgress(pictures.length, { label: 'Mean and standard deviation', unit: 'images' });
  let used = 0;
  try {
    for (let start = 0; start < pictures.length; start += AT_ONCE) {
      signal?.throwIfAborted();
      const count = Math.min(AT_ONCE, pictures.length - start);
      const some = await Promise.all(
        Array.from({ length: count }, async (_, i) => pictures.picture(start + i)),
      );
      for (const [i, picture] of some.entries()) {
        if (!picture) continue;
        checkPixels(picture, `Picture ${start + i}`);
        use(sumUp(picture));
        used++;
      }
      progress.update(start + count);
    }
  } catch (error) {
    progress.stop((error as Error).message);
    throw error;
  }
  progress.done();
  if (used === 0)
    throw new Error('There is no readable picture to compute mean and standard deviation from.');
}

function sumUp({ data }: RgbImage): Sums {
  const sum = [0, 0, 0];
  const squares = [0, 0, 0];
  for (let c = 0; c < 3; c++) {
    let s = 0;
    let q = 0;
    for (let i = c; i < data.length; i += 3) {
      s += data[i];
      q += data[i] * data[i];
    }
    sum[c] = s;
    squares[c] = q;
  }
  return { pixels: data.length / 3, sum, squares };
}

function meanStd({ pixels, sum, squares }: Sums): MeanStd {
  const mean = sum.map((s) => s / pixels / 255);
  const variance = squares.map((q, c) => (q / pixels - (sum[c] / pixels) ** 2) / 255 ** 2);
  return [mean, variance.map((v) => Math.sqrt(Math.max(v, 0)))];
}
