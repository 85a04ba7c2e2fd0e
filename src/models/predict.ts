import * as tf from '@tensorflow/tfjs-node';
import { DataLoader } from '../data/loader';
import { type LeftOut, PictureFiles } from '../data/pictureFiles';
import { breathe, withInterrupt } from '../interrupt';
import { capture } from '../ops/capture';
import { reported, startProgress } from '../progress';
import { fuse } from './fuse';
import { likenessOf } from './likeness';
import type { Model } from './modelFolder';
import { type Prediction, topPredictions } from './predictions';

/** What a model says of a picture. */
export interface PicturePrediction {
  path: string;
  /** The likeliest classes, the likeliest first. */
  top: Prediction[];
  /** Of each class, in the order of the model's classes, 0 to 1 // [classes] */
  probabilities: Float32Array;
  /** Cosine with the nearest class of training pictures; missing where that was not measured for the model. */
  likeness?: number;
  /** Whether that is below the model's threshold: it may be none of the classes. */
  unlike: boolean;
}

export interface PredictOptions {
  /** Pictures that go through the network together; default 32. The last bits of the numbers may depend on it. */
  batchSize?: number;
  /** How many classes `top` names; default 5, or all where there are fewer. */
  k?: number;
  /** Called with what a batch came to, as soon as it is known: it is not lost where the reader stops the rest. */
  onBatch?: (predictions: readonly PicturePrediction[]) => void;
  /** Beside the progress line; default "Predicting". */
  label?: string;
}

/**
 * Asks a model about pictures, as its evaluation did in training: with the same transforms, in float32, and to the same
 * bits where batches are alike. Pictures that can't be read are left out and named.
 *
 * @returns what it says, in the order of the paths, and what could not be read.
 * @throws Interrupted when the reader stops it.
 */
export async function predict(
  { network, classes, transform, likeness: known }: Model,
  paths: readonly string[],
  { batchSize = 32, k, onBatch, label = 'Predicting' }: PredictOptions = {},
): Promise<{ predictions: PicturePrediction[]; unreadable: readonly LeftOut[] }> {
  const predictions: PicturePrediction[] = [];
  if (paths.length === 0) return { predictions, unreadable: [] };
  // each picture is a class of its own, so that a batch's labels say which pictures it holds
  const numbered = [...paths.entries()].map(([i, path]) => [path, i] as const);
  const files = new PictureFiles('', paths, numbered, { transform, onError: 'skip' });
  const measure = known && likenessOf(known, classes.length);
  const fused = fuse(network);
  const ask = capture([network, fused.weights], (inputs: tf.Tensor) =>
    tf.tidy(() => {
      const features = fused.features(inputs);
      return [features, network.fc.forward(features)];
    }),
  );
  const progress = startProgress(files.length, { label, unit: 'pictures' });
  try {
    await reported(progress, () =>
      withInterrupt(async (signal) => {
        for await (const [inputs, numbers] of new DataLoader(files, { batchSize, signal })) {
          const [features, logits] = ask(inputs) as [tf.Tensor2D, tf.Tensor2D];
          const softmax = tf.tidy(() => tf.softmax(logits).dataSync<'float32'>());
          const tops = topPredictions(logits, classes, k);
          const likeness = measure?.(features);
          tf.dispose([features, logits]);
          const batch = [...numbers.dataSync()].map((number, i) => ({
            path: paths[number],
            top: tops[i],
            probabilities: softmax.slice(i * classes.length, (i + 1) * classes.length),
            ...(likeness && { likeness: likeness[i] }),
            unlike: known !== undefined && likeness !== undefined && likeness[i] < known.threshold,
          }));
          predictions.push(...batch);
          onBatch?.(batch);
          progress.update(predictions.length);
          await breathe(signal);
        }
      }),
    );
  } finally {
    ask.dispose();
    fused.dispose();
  }
  return { predictions, unreadable: files.skipped };
}
