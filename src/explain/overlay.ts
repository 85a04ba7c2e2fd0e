import * as tf from '@tensorflow/tfjs-node';
import type { ImageArray } from '../data/image';

/**
 * Maps at the size of the pictures: linear between the middles of their positions, like torch's
 * `interpolate(mode='bilinear', align_corners=False)`. [N, h, w] -> [N, height, width]
 */
export function enlargeMaps(maps: tf.Tensor3D, height: number, width: number): tf.Tensor3D {
  return tf.tidy(() =>
    tf.image.resizeBilinear(tf.expandDims<tf.Tensor4D>(maps, 3), [height, width], false, true).squeeze([3]),
  );
}

const RED = [0.9, 0.1, 0.1];
const BLUE = [0.1, 0.2, 0.9];
/** How much of the colour stands before the grey where a map is at its strongest. */
const STRENGTH = 0.7;

/**
 * A picture in grey, coloured by a map: red where it is above 0, blue where below.
 *
 * @param picture - values from 0 to 1 (see `denormalize`).
 * @param map - a number for each pixel, row by row (see `enlargeMaps`).
 * @param strongest - the number that gets full colour; default the map's largest, or the opposite of its smallest. Give
 *   the same to maps that are to be compared.
 */
export function overlay(
  picture: ImageArray,
  map: ArrayLike<number>,
  strongest = Array.from(map).reduce((most, value) => Math.max(most, Math.abs(value)), 0),
): ImageArray {
  const { height, width } = picture;
  if (map.length !== height * width)
    throw new Error(`overlay: a map of ${map.length} numbers does not fit ${height} x ${width} pixels.`);
  const data = new Float32Array(picture.data.length);
  for (let i = 0; i < map.length; i++) {
    const [red, green, blue] = picture.data.subarray(3 * i, 3 * i + 3);
    const grey = 0.299 * red + 0.587 * green + 0.114 * blue; // as it seems to the eye (ITU-R BT.601)
    const strength = strongest > 0 ? STRENGTH * Math.min(1, Math.abs(map[i]) / strongest) : 0;
    const colour = map[i] > 0 ? RED : BLUE;
    colour.forEach((value, c) => (data[3 * i + c] = grey + strength * (value - grey)));
  }
  return { ...picture, data };
}
