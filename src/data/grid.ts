import * as tf from '@tensorflow/tfjs-node';
import { checkPixels } from './dataset';
import type { ImageArray } from './image';
import { checkMeanStd } from './transforms';

export interface GridOptions {
  /** Images in a row. Default 8. */
  nrow?: number;
  /** Pixels between and around the images. Default 2. */
  padding?: number;
  /** Stretch values to [0, 1]. Default false. */
  normalize?: boolean;
  /** What to stretch from, with `normalize`; default: the smallest and largest value. */
  valueRange?: readonly [number, number];
  /** Stretch each image by its own range. Default false. */
  scaleEach?: boolean;
  /** Value between the images. Default 0. */
  padValue?: number;
}

/** One large picture of many small ones, as `torchvision.utils.make_grid`; a single image comes back as it is. */
export function makeGrid(images: readonly ImageArray[] | tf.Tensor4D, options: GridOptions = {}): ImageArray {
  const { nrow = 8, padding = 2, normalize = false, valueRange, scaleEach = false, padValue = 0 } = options;
  if (!Number.isInteger(nrow) || nrow < 1)
    throw new RangeError(`makeGrid: nrow is an integer from 1, not ${nrow}.`);
  let list = images instanceof tf.Tensor ? fromTensor(images) : images;
  if (list.length === 0) throw new Error('makeGrid: there is no image.');
  const { height, width } = list[0];
  for (const [i, image] of list.entries()) {
    checkPixels(image, `makeGrid: image ${i}`);
    if (image.height !== height || image.width !== width)
      throw new Error(
        `makeGrid: images must have one size, got ${height}x${width} and ${image.height}x${image.width}.`,
      );
  }
  if (normalize) {
    const common = valueRange ?? (scaleEach ? undefined : valuesRange(list));
    list = list.map((image) => stretch(image, common ?? valuesRange([image])));
  }
  if (list.length === 1) return list[0];

  const columns = Math.min(nrow, list.length);
  const rows = Math.ceil(list.length / columns);
  const gridWidth = columns * (width + padding) + padding;
  const gridHeight = rows * (height + padding) + padding;
  const data = new Float32Array(gridHeight * gridWidth * 3).fill(padValue);
  list.forEach((image, k) => {
    const top = Math.floor(k / columns) * (height + padding) + padding;
    const left = (k % columns) * (width + padding) + padding;
    for (let y = 0; y < height; y++)
      data.set(image.data.subarray(y * width * 3, (y + 1) * width * 3), ((top + y) * gridWidth + left) * 3);
  });
  return { data, height: gridHeight, width: gridWidth, channels: 3 };
}

/** The images of a batch // [N, height, width, 3] */
function fromTensor(batch: tf.Tensor4D): ImageArray[] {
  const [count, height, width, channels] = batch.shape;
  if (channels !== 3) throw new Error(`makeGrid takes a batch [N, height, width, 3], got [${batch.shape}].`);
  const values = Float32Array.from(batch.dataSync());
  const size = height * width * 3;
  return Array.from({ length: count }, (_, i) => ({
    data: values.subarray(i * size, (i + 1) * size),
    height,
    width,
    channels: 3,
  }));
}

function valuesRange(images: readonly ImageArray[]): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const { data } of images)
    for (const value of data) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  return [low, high];
}

function stretch(image: ImageArray, [low, high]: readonly [number, number]): ImageArray {
  const range = Math.max(high - low, 1e-5);
  return { ...image, data: image.data.map((value) => (Math.min(Math.max(value, low), high) - low) / range) };
}

/** The inverse of `Normalize`, value * std + mean, so that the image can be shown. */
export function denormalize(image: ImageArray, mean: readonly number[], std: readonly number[]): ImageArray {
  checkMeanStd('denormalize', mean, std);
  return { ...image, data: image.data.map((value, i) => value * std[i % 3] + mean[i % 3]) };
}
