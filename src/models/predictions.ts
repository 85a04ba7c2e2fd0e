import * as tf from '@tensorflow/tfjs-node';

/** A class that a model holds likely; also a row for `showTable`. */
export type Prediction = {
  category: string;
  /** softmax of the logits, 0 to 1. */
  probability: number;
};

/**
 * The likeliest classes of each picture, the likeliest first.
 *
 * @param logits - [N, classes]; it stays the caller's.
 * @param categories - the names of the classes, such as `weights.meta.categories`.
 * @param k - how many; default 5, or all where there are fewer.
 * @returns for each of the N pictures, k predictions.
 */
export function topPredictions(
  logits: tf.Tensor2D,
  categories: readonly string[],
  k = Math.min(5, categories.length),
): Prediction[][] {
  if (logits.rank !== 2 || logits.shape[1] !== categories.length) {
    const came = logits.shape.join(', ');
    throw new Error(`topPredictions: expected [N, ${categories.length}], a logit a category, got [${came}].`);
  }
  const { values, indices } = tf.tidy(() => tf.topk(tf.softmax(logits), k));
  const [probabilities, classes] = [values.arraySync(), indices.arraySync()];
  tf.dispose([values, indices]);
  return classes.map((row, i) =>
    row.map((index, j) => ({ category: categories[index], probability: probabilities[i][j] })),
  );
}
