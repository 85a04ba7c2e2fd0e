import * as tf from '@tensorflow/tfjs-node';
import { checkPixels } from './dataset';
import type { ImageArray } from './image';
import { checkMeanStd } from './transforms';

export interface GridOptions {
  /** Images in a row. Default 8. */
  nrow?: number;
}

/** Black pixels between and around the images: torchvision's default. */
const PADDING = 2;

/** One large picture of many small ones, as `torchvision.utils.make_grid`; a single image comes back as it is. */
export function makeGrid(
  images: readonly ImageArray[] | tf.Tensor4D,
  { nrow = 8 }: GridOptions = {},
): ImageArray {
  if (!Number.isInteger(nrow) || nrow < 1)
    throw new RangeError(`makeGrid: nrow is an integer from 1, not ${nrow}.`);
  const list = images instanceof tf.Tensor ? fromTensor(images) : images;
  if (list.length === 0) throw new Error('makeGrid: there is no image.');
  const { height, width } = list[0];
  for (const [i, image] of list.entries()) {
    checkPixels(image, `makeGrid: image ${i}`);
    if (image.height !== height || image.width !== width)
      throw new Error(
        `makeGrid: images must have one size, got ${height}x${width} and ${image.height}x${image.width}.`,
      );
  }
  if (list.length === 1) return list[0];

  const columns = Math.min(nrow, list.length);
  const gridWidth = columns * (width + PADDING) + PADDING;
  const gridHeight = Math.ceil(list.length / columns) * (height + PADDING) + PADDING;
  const data = new Float32Array(gridHeight * gridWidth * 3);
  list.forEach((image, k) => {
    const top = Math.floor(k / columns) * (height + PADDING) + PADDING;
    const left = (k % columns) * (width + PADDING) + PADDING;
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
  return Array.from({ length: count }, (_, i) => {
    return { data: values.subarray(i * size, (i + 1) * size), height, width, channels: 3 };
  });
}

/** The inverse of `Normalize`, value * std + mean, so that the image can be shown. */
export function denormalize(image: ImageArray, mean: readonly number[], std: readonly number[]): ImageArray {
  checkMeanStd('denormalize', mean, std);
  return { ...image, data: image.data.map((value, i) => value * std[i % 3] + mean[i % 3]) };
}
