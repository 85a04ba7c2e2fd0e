import type * as tf from '@tensorflow/tfjs-node';
import { checkNumber } from '../checkNumber';
import type { ImageArray } from './image';
import { checkMeanStd } from './transforms';

export interface GridOptions {
  /** Images in a row. Default 8. */
  nrow?: number;
}

/**
 * One large picture of many small ones, as `torchvision.utils.make_grid`; a single image comes back as it is.
 * @param batch - // [N, height, width, 3]
 */
export function makeGrid(batch: tf.Tensor4D, { nrow = 8 }: GridOptions = {}): ImageArray {
  checkNumber('makeGrid: nrow', nrow, { from: 1, integer: true });
  const [count, height, width, channels] = batch.shape;
  if (count === 0 || channels !== 3)
    throw new Error(`makeGrid takes a batch [N, height, width, 3], N from 1, not [${batch.shape}].`);
  const padding = count === 1 ? 0 : 2; // black pixels between and around the images
  const columns = Math.min(nrow, count);
  const gridWidth = columns * (width + padding) + padding;
  const gridHeight = Math.ceil(count / columns) * (height + padding) + padding;
  const data = new Float32Array(gridHeight * gridWidth * 3);
  const values = batch.dataSync();
  for (let row = 0; row < count * height; row++) {
    const image = Math.floor(row / height);
    const top = Math.floor(image / columns) * (height + padding) + padding + (row % height);
    const left = (image % columns) * (width + padding) + padding;
    data.set(values.subarray(row * width * 3, (row + 1) * width * 3), (top * gridWidth + left) * 3);
  }
  return { data, height: gridHeight, width: gridWidth, channels: 3 };
}

/** The inverse of `Normalize`, value * std + mean, so that the image can be shown. */
export function denormalize(image: ImageArray, mean: readonly number[], std: readonly number[]): ImageArray {
  checkMeanStd('denormalize', mean, std);
  return { ...image, data: image.data.map((value, i) => value * std[i % 3] + mean[i % 3]) };
}
