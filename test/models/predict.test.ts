import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { ImageFolder } from '../../src/data/imageFolder';
import { DataLoader } from '../../src/data/loader';
import { FeatureDataset } from '../../src/data/features';
import { likenessOf, measureLikeness } from '../../src/models/likeness';
import { type Model, loadModel, publishedModel, saveModel } from '../../src/models/modelFolder';
import { type PicturePrediction, predict } from '../../src/models/predict';
import { ResNet20_Cifar_Weights } from '../../src/models/cifarWeights';
import { CrossEntropyLoss } from '../../src/nn/loss';
import { Interrupted } from '../../src/interrupt';
import { Random } from '../../src/random';
import { setProgress, silentProgress } from '../../src/progress';
import { evaluate } from '../../src/training/evaluate';

setProgress(silentProgress);
const root = mkdtempSync(join(tmpdir(), 'predict-'));
after(() => rmSync(root, { recursive: true }));
let model: Model;
const paths: string[] = [];

before(async () => {
  model = await publishedModel('resnet20_cifar');
  for (let i = 0; i < 40; i++) {
    const random = new Random(5, i);
    const folder = join(root, 'pictures', model.classes[i % 10]);
    mkdirSync(folder, { recursive: true });
    const data = Uint8Array.from({ length: 4 * 4 * 3 }, () => random.integer(256));
    const picture = sharp(data, { raw: { width: 4, height: 4, channels: 3 } }).resize(40 + i, 40, {
      fit: 'fill',
    });
    await picture.png().toFile(join(folder, `${String(i).padStart(2, '0')}.png`));
  }
  paths.push(...new ImageFolder(join(root, 'pictures')).imgs.map(([path]) => path));
});

test('a model predicts what its evaluation found, and after saving and loading to the same bits', async () => {
  const dataset = new ImageFolder(join(root, 'pictures'), { transform: model.transform });
  const evaluated = await evaluate(
    model.network,
    new CrossEntropyLoss(),
    new DataLoader(dataset, { batchSize: 32 }),
  );
  const tensors = tf.memory().numTensors;
  const { predictions, unreadable } = await predict(model, paths);
  assert.equal(tf.memory().numTensors, tensors);
  assert.deepEqual(unreadable, []);
  assert.deepEqual(predictions.map(({ path }) => path), paths); // prettier-ignore
  const answers = predictions.map(({ top }) => model.classes.indexOf(top[0].category));
  assert.deepEqual(answers, evaluated.predictions);
  for (const { top, probabilities } of predictions) {
    assert.equal(top.length, 5);
    assert.equal(probabilities.length, 10);
    assert.ok(Math.abs(probabilities.reduce((sum, p) => sum + p, 0) - 1) < 1e-5);
    assert.equal(top[0].probability, Math.max(...probabilities));
  }
  const { transforms } = ResNet20_Cifar_Weights.DEFAULT;
  saveModel(join(root, 'model'), model.network, {
    classes: model.classes,
    backbone: 'resnet20_cifar',
    transforms,
  });
  const loaded = loadModel(join(root, 'model'));
  assert.deepEqual((await predict(loaded, paths)).predictions, predictions);
  loaded.dispose();
});

test('pictures that cannot be read are named, and the rest goes on', async () => {
  const broken = join(root, 'broken.png');
  writeFileSync(broken, 'no picture');
  const asked = [paths[0], broken, join(root, 'not there.png'), paths[1]];
  const { predictions, unreadable } = await predict(model, asked);
  assert.deepEqual(predictions.map(({ path }) => path), [paths[0], paths[1]]); // prettier-ignore
  assert.deepEqual(unreadable.map(({ path }) => path).sort(), [broken, asked[2]].sort()); // prettier-ignore
  assert.deepEqual(await predict(model, []), { predictions: [], unreadable: [] });
  assert.equal((await predict(model, [broken])).unreadable.length, 1);
});

test('what was known is not lost where the reader stops the rest', async () => {
  const known: string[] = [];
  const tensors = tf.memory().numTensors;
  const onBatch = (some: readonly PicturePrediction[]): void => {
    known.push(...some.map(({ path }) => path));
    process.emit('SIGINT');
  };
  await assert.rejects(predict(model, paths, { batchSize: 8, onBatch }), Interrupted);
  assert.deepEqual(known, paths.slice(0, 8));
  assert.equal(tf.memory().numTensors, tensors);
});

test('the number of answers can be chosen', async () => {
  const { predictions } = await predict(model, paths.slice(0, 2), { k: 2, batchSize: 1 });
  assert.deepEqual(predictions.map(({ top }) => top.length), [2, 2]); // prettier-ignore
});

test('what is far from all classes falls below the threshold, which two in a hundred of the held-out pictures do', () => {
  const random = new Random(1);
  const towards = (axis: number, spread: number): number[] =>
    Array.from({ length: 8 }, (_, i) => (i === axis ? 5 : 1) + spread * random.normal());
  const features = (count: number, spread: number): FeatureDataset => {
    const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
    const rows = Float32Array.from([...labels].flatMap((label) => towards(label, spread)));
    return new FeatureDataset(rows, labels, { classes: ['a', 'b'] });
  };
  const held = features(200, 0.5);
  const tensors = tf.memory().numTensors;
  const likeness = measureLikeness(features(100, 0.5), held)!;
  assert.equal(measureLikeness(held, features(49, 0.5)), undefined, 'too few to tell');
  const look = (rows: number[][]): Float32Array => tf.tidy(() => likenessOf(likeness, 2)(tf.tensor2d(rows)));
  const cosines = look(Array.from({ length: 200 }, (_, i) => [...held.row(i, 0)]));
  const below = cosines.filter((cosine) => cosine < likeness.threshold);
  assert.equal(below.length, 4);
  assert.ok(look([towards(0, 0), towards(1, 0)]).every((cosine) => cosine > likeness.threshold));
  assert.ok(
    look([towards(5, 0), Array(8).fill(-1) as number[]]).every((cosine) => cosine < likeness.threshold),
  );
  assert.equal(tf.memory().numTensors, tensors);
});

test('a loaded model says which pictures are unlike its own, and refuses means of another network', async () => {
  const labels = Int32Array.from({ length: 60 }, (_, i) => i % 10);
  const made = new FeatureDataset(new Float32Array(60 * 64).fill(1), labels, {
    classes: model.classes,
  });
  const likeness = { ...measureLikeness(made, made)!, threshold: 0.999 };
  const card = {
    classes: model.classes,
    backbone: 'resnet20_cifar',
    transforms: ResNet20_Cifar_Weights.DEFAULT.transforms,
  };
  saveModel(join(root, 'like'), model.network, { ...card, likeness });
  const loaded = loadModel(join(root, 'like'));
  const { predictions } = await predict(loaded, paths.slice(0, 3));
  for (const each of predictions) assert.ok(each.unlike && (each.likeness ?? 2) < 0.999);
  loaded.dispose();
  saveModel(join(root, 'like'), model.network, { ...card, likeness: { ...likeness, means: 'AAAA' } });
  assert.throws(() => loadModel(join(root, 'like')), /likeness\.means has 3 bytes, not 2560/);
});
