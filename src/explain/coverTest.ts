import * as tf from '@tensorflow/tfjs-node';
import { checkNumber } from '../checkNumber';
import { evalForNow } from '../nn/mode';
import type { Module } from '../nn/module';
import { Random } from '../random';

export interface CoverOptions {
  /** Side of the square that is covered, as a part of the picture's; default 1/3. */
  part?: number;
  /** How many squares at random places the marked one is held against; default 4. */
  patches?: number;
  /** Draws those places; default `new Random(0)`. */
  random?: Random;
}

/** How far the probability of a picture's class falls when a square of the picture is covered; below 0 it rises. */
export interface Fall {
  /** ... the square in which its map is largest, */
  marked: number;
  /** ... or one at a random place: the mean over all that were tried. */
  random: number;
}

/**
 * Asks whether maps mean something: covers the square that a map marks most, and then squares of the same size at random
 * places of the same picture (which may overlap it), and looks how far the probability of the class falls. Squares are
 * covered with 0, which after normalization is the mean of the pictures that the network was trained on.
 *
 * @param x - pictures [N, H, W, 3] as the network takes them.
 * @param maps - [N, h, w], a map of each picture: of `gradCam`, or one class of `classActivationMaps`.
 * @param classes - the class of each picture whose probability is looked at: that of its map.
 */
export function coverTest(
  network: Module,
  x: tf.Tensor4D,
  maps: tf.Tensor3D,
  classes: readonly number[],
  { part = 1 / 3, patches = 4, random = new Random(0) }: CoverOptions = {},
): Fall[] {
  checkNumber('coverTest: patches', patches, { from: 1, integer: true });
  checkNumber('coverTest: part', part, { above: 0, to: 1 });
  const [count, rows, columns] = maps.shape;
  if (x.shape[0] !== count || classes.length !== count)
    throw new Error(
      `coverTest: ${x.shape[0]} pictures need as many maps and classes; got ${count} and ${classes.length}.`,
    );
  const size = [rows, columns].map((positions) => Math.max(1, Math.round(part * positions)));
  const restore = evalForNow(network);
  try {
    const probabilities = (pictures: tf.Tensor4D): number[] =>
      tf.tidy(() => {
        const all = tf.softmax(network.forward(pictures) as tf.Tensor2D).arraySync();
        return classes.map((c, i) => all[i][c]);
      });
    const whole = probabilities(x);
    const fallAt = (places: [number, number][]): number[] => {
      const hidden = covered(x, places, [rows, columns], size);
      const left = probabilities(hidden);
      hidden.dispose();
      return whole.map((before, i) => before - left[i]);
    };
    const marked = fallAt(maps.arraySync().map((map) => markedPlace(map, size)));
    const sums = classes.map(() => 0);
    for (let patch = 0; patch < patches; patch++) {
      const anywhere = classes.map((): [number, number] => [
        random.integer(rows - size[0] + 1),
        random.integer(columns - size[1] + 1),
      ]);
      fallAt(anywhere).forEach((fall, i) => (sums[i] += fall));
    }
    return marked.map((fall, i) => ({ marked: fall, random: sums[i] / patches }));
  } finally {
    restore();
  }
}

/** Row and column of the window in which a map's sum is largest; the first of several. */
function markedPlace(map: number[][], [height, width]: number[]): [number, number] {
  let [place, largest]: [[number, number], number] = [[0, 0], -Infinity];
  for (let row = 0; row + height <= map.length; row++) {
    for (let column = 0; column + width <= map[0].length; column++) {
      let sum = 0;
      for (let i = 0; i < height; i++) for (let j = 0; j < width; j++) sum += map[row + i][column + j];
      if (sum > largest) [place, largest] = [[row, column], sum];
    }
  }
  return place;
}

/** The pictures with a window covered in each, whose place and size are given in positions of the maps. */
function covered(
  x: tf.Tensor4D,
  places: [number, number][],
  positions: number[],
  size: number[],
): tf.Tensor4D {
  const [, height, width, channels] = x.shape;
  const pixel = (position: number, axis: number): number =>
    Math.round((position * [height, width][axis]) / positions[axis]);
  const values = x.dataSync().slice();
  places.forEach((place, i) => {
    const [top, left] = place.map(pixel);
    const [bottom, right] = place.map((at, axis) => pixel(at + size[axis], axis));
    for (let row = top; row < bottom; row++) {
      const start = (i * height + row) * width;
      values.fill(0, (start + left) * channels, (start + right) * channels);
    }
  });
  return tf.tensor4d(values, x.shape);
}
