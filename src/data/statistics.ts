import { startProgress } from '../progress';
import { checkPixels } from './dataset';
import type { RgbImage } from './image';
import { roundHalfToEven } from './transforms';

/** Mean and standard deviation of each channel (red, green, blue), pixels counted from 0 to 1. */
export type MeanStd = [mean: number[], std: number[]];

/** Sums over pixels, channel by channel; whole numbers, hence exact. */
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

/** Pictures in memory at once. */
const AT_ONCE = 8;

/**
 * The article's `cal_mean_std`: the mean over the pictures of each picture's mean and (population) standard deviation,
 * rounded to three places. OpenCV reads blue first and the article turns the lists round; here red is first throughout.
 * Two things to know: a small picture counts as much as a large one, and the mean of the pictures' deviations leaves out
 * how the pictures differ from each other, so that it is too small. `datasetStatistics` is free of both.
 *
 * A picture that can't be read ends the work with its name, unless the folder was opened with `onError: 'skip'` (the
 * article's code prints the name and then crashes).
 */
export async function calMeanStd(source: PictureSource): Promise<MeanStd> {
  const total: MeanStd = [zeros(), zeros()];
  let pictures = 0;
  await eachPicture(source, (one) => {
    meanStd(one).forEach((values, i) => add(total[i], values));
    pictures++;
  });
  const toThreePlaces = (sum: number) => roundHalfToEven((sum / pictures) * 1000) / 1000;
  return [total[0].map(toThreePlaces), total[1].map(toThreePlaces)];
}

/** Mean and (population) standard deviation over all pixels of all pictures: what `Normalize` wants. */
export async function datasetStatistics(source: PictureSource): Promise<MeanStd> {
  const total: Sums = { pixels: 0, sum: zeros(), squares: zeros() };
  await eachPicture(source, (one) => {
    total.pixels += one.pixels;
    add(total.sum, one.sum);
    add(total.squares, one.squares);
  });
  return meanStd(total);
}

async function eachPicture(source: PictureSource, use: (sums: Sums) => void): Promise<void> {
  const progress = startProgress(source.length, { label: 'Mean and standard deviation', unit: 'images' });
  let used = 0;
  try {
    for (let start = 0; start < source.length; start += AT_ONCE) {
      const count = Math.min(AT_ONCE, source.length - start);
      const some = await Promise.all(
        Array.from({ length: count }, async (_, i) => source.picture(start + i)),
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

const zeros = (): number[] => [0, 0, 0];

function add(total: number[], values: readonly number[]): void {
  values.forEach((value, c) => (total[c] += value));
}

function sumUp({ data }: RgbImage): Sums {
  const sums: Sums = { pixels: data.length / 3, sum: zeros(), squares: zeros() };
  for (let c = 0; c < 3; c++) {
    let [sum, squares] = [0, 0];
    for (let i = c; i < data.length; i += 3) {
      sum += data[i];
      squares += data[i] * data[i];
    }
    sums.sum[c] = sum;
    sums.squares[c] = squares;
  }
  return sums;
}

function meanStd({ pixels, sum, squares }: Sums): MeanStd {
  const mean = sum.map((s) => s / pixels / 255);
  const variance = squares.map((q, c) => (q / pixels - (sum[c] / pixels) ** 2) / 255 ** 2);
  return [mean, variance.map((v) => Math.sqrt(Math.max(v, 0)))];
}
