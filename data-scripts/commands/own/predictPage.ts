import * as tf from '@tensorflow/tfjs-node';
import { basename } from 'node:path';
import { denormalize } from '../../../src/data/grid';
import type { LeftOut } from '../../../src/data/pictureFiles';
import { PictureFiles } from '../../../src/data/pictureFiles';
import { Normalize } from '../../../src/data/transforms';
import { classActivationMaps } from '../../../src/explain/activationMaps';
import { enlargeMaps, overlay } from '../../../src/explain/overlay';
import { escapeHtml, htmlPage, htmlTable } from '../../../src/html';
import type { Model } from '../../../src/models/modelFolder';
import type { PicturePrediction } from '../../../src/models/predict';
import { Random } from '../../../src/random';
import { encodeFloats } from './thumbnail';

/** What a model says of pictures, as a page that stands alone: each as the network gets it, with what speaks for its answer. */
export async function predictPage(
  model: Model,
  predictions: readonly PicturePrediction[],
  unreadable: readonly LeftOut[],
  words: (prediction: PicturePrediction) => string,
): Promise<string> {
  const files = new PictureFiles(
    '',
    ['?'],
    predictions.map(({ path }) => [path, 0] as const),
    {
      transform: model.transform,
      onError: 'skip',
    },
  );
  const items: string[] = [];
  for (const [i, prediction] of predictions.entries()) {
    const pair = await pictureAndMap(model, files, i, model.classes.indexOf(prediction.top[0].category));
    const answers = prediction.top
      .map(({ category, probability }) => `${category} ${probability.toFixed(3)}`)
      .join(', ');
    const name = escapeHtml(basename(prediction.path));
    items.push(
      `<li class="pair"><div>${pair.map((uri, k) => `<img width="224" src="${uri}" alt="${name}${k === 1 ? ', what speaks for the answer' : ''}">`).join('')}</div>` +
        `<strong>${escapeHtml(words(prediction))}</strong><br><small>${name}<br>${escapeHtml(answers)}</small></li>`,
    );
  }
  const intro =
    '<p>Each picture as the network gets it, and the same in grey: red is what speaks for the first answer, blue what ' +
    'speaks against it (a class activation map; each has a scale of its own).</p>';
  const bad = unreadable.map(({ path, reason }) => [basename(path), reason]);
  return htmlPage(
    'What the model says',
    [
      intro,
      `<ul class="pictures">${items.join('\n')}</ul>`,
      bad.length > 0 ? `<h2>Not read</h2>${htmlTable(['file', 'why'], bad)}` : '',
    ].join('\n'),
  );
}

/** The picture as the network gets it, and the map of a class over it. */
async function pictureAndMap(
  model: Model,
  files: PictureFiles,
  index: number,
  label: number,
): Promise<string[]> {
  const sample = await files.get(index, new Random(0));
  if (!sample) return [];
  const { data, height, width } = sample.image;
  const map = tf.tidy(() => {
    const { maps } = classActivationMaps(model.network, tf.tensor4d(data, [1, height, width, 3]));
    // Only differences between classes count: softmax takes no notice of what speaks for all of them alike.
    const ofClass = tf.sub(maps, tf.mean(maps, -1, true)).slice([0, 0, 0, label], [1, -1, -1, 1]);
    return enlargeMaps(ofClass.squeeze<tf.Tensor3D>([3]), height, width).dataSync<'float32'>();
  });
  const normalize = model.transform.transforms.find((each) => each instanceof Normalize);
  const picture = normalize ? denormalize(sample.image, normalize.mean, normalize.std) : sample.image;
  return Promise.all([picture, overlay(picture, map)].map(encodeFloats));
}
