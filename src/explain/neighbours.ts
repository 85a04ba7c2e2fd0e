import * as tf from '@tensorflow/tfjs-node';
import { checkNumber } from '../checkNumber';
import type { FeatureDataset } from '../data/features';

export type Neighbour = {
  /** Its place in the data set that was searched. */
  index: number;
  /** Cosine of the angle between the two pictures' features: 1 for the same direction, 0 for nothing in common. */
  similarity: number;
};

/** Pictures that are compared at a time with all others: what is in memory is this times their number. */
const AT_ONCE = 512;

/**
 * The pictures whose features are most like those of each picture asked about, the likest first: a network's own idea of
 * what looks alike. Of several views the first counts.
 *
 * @param asked - features of the pictures asked about.
 * @param among - features of those that are searched, such as the training pictures, by the same network.
 * @param k - how many; default 5, or all where there are fewer.
 */
export function nearestNeighbours(
  asked: FeatureDataset,
  among: FeatureDataset,
  k = Math.min(5, among.length),
): Neighbour[][] {
  checkNumber('nearestNeighbours: k', k, { from: 1, to: among.length, integer: true });
  if (asked.channels !== among.channels)
    throw new Error(
      `nearestNeighbours: ${asked.channels} features of a picture can't be compared with ${among.channels}.`,
    );
  return tf.tidy(() => {
    const searched = directions(among, 0, among.length);
    const found: Neighbour[][] = [];
    for (let start = 0; start < asked.length; start += AT_ONCE) {
      const [nearness, places] = tf.tidy(() => {
        const some = directions(asked, start, Math.min(start + AT_ONCE, asked.length));
        const { values, indices } = tf.topk(tf.matMul(some, searched, false, true), k);
        return [values.arraySync(), indices.arraySync()] as number[][][];
      });
      places.forEach((row, i) => found.push(row.map((index, j) => ({ index, similarity: nearness[i][j] }))));
    }
    return found;
  });
}

/** Features of some pictures, each row brought to length 1 // [end - start, channels] */
function directions({ features, channels }: FeatureDataset, start: number, end: number): tf.Tensor2D {
  const rows = tf.tensor2d(features.subarray(start * channels, end * channels), [end - start, channels]);
  return tf.div(rows, tf.maximum(tf.norm(rows, 2, 1, true), 1e-8)); // as torch's cosine_similarity
}
