import * as tf from '@tensorflow/tfjs-node';
import { categories, transforms } from 'live:network';
import { readSafetensors } from '../../../src/checkpoint/safetensors';
import type { ImageArray, RgbImage } from '../../../src/data/image';
import { imageClassification } from '../../../src/data/presets';
import { CenterCrop, Resize } from '../../../src/data/transforms';
import { CifarBlock, CifarResNet } from '../../../src/models/cifar';
import { topPredictions } from '../../../src/models/predictions';
import { onForward } from '../../../src/nn/hooks';
import { Random } from '../../../src/random';
import type { Answer, Maps, Tasks, Unit } from './messages';
import { interleave, unpack } from './unpack';

/** How many channels of a unit are shown. */
const SHOWN = 8;
/** Larger pictures than a camera's are refused: they would fill the memory of a phone. */
const MOST_PIXELS = 64e6;

let network: CifarResNet | undefined;
/** The picture that was looked at last, [1, 32, 32, 3]. */
let current: tf.Tensor4D | undefined;

function ready(): CifarResNet {
  if (!network) throw new Error('The network is not loaded.');
  return network;
}

/** The residual units, "layer1.0" and so on, in the order in which they run. */
const units = (): [string, CifarBlock][] =>
  ready()
    .namedModules()
    .filter((entry): entry is [string, CifarBlock] => entry[1] instanceof CifarBlock);

export async function loadNetwork({ weights }: { weights: string }): Promise<Tasks['loadNetwork']['output']> {
  const file = interleave(await unpack(weights));
  const read = (offset: number, length: number): ArrayBuffer => file.slice(offset, offset + length);
  network?.dispose();
  network = new CifarResNet(20, { numClasses: categories.length });
  network.loadStateDict(readSafetensors({ size: file.byteLength, read }));
  network.eval();
  const shapes: { name: string; shape: number[] }[] = [];
  const takeOff = onForward(network, (name, module, _input, output) => {
    if (module instanceof CifarBlock) shapes.push({ name, shape: output.shape.slice(1) });
  });
  // The first pass prepares the filters, so it is made before anybody waits.
  tf.tidy(() => void ready().forward(tf.zeros([1, transforms.cropSize, transforms.cropSize, 3])));
  takeOff();
  return { units: shapes };
}

/** A picture's pixels as the browser decodes them: those of a PNG without transparency are the file's own. */
async function decode(picture: Blob): Promise<RgbImage> {
  const bitmap = await createImageBitmap(picture, {
    colorSpaceConversion: 'none',
    premultiplyAlpha: 'none',
  }).catch(() => {
    throw new Error('This file is no picture that the browser can read.');
  });
  const { width, height } = bitmap;
  if (width * height > MOST_PIXELS) throw new Error(`The picture has ${width} x ${height} pixels: too many.`);
  const context = new OffscreenCanvas(width, height).getContext('2d');
  if (!context) throw new Error('This browser gives no pixels.');
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const rgba = context.getImageData(0, 0, width, height).data;
  const data = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    data[to++] = rgba[from];
    data[to++] = rgba[from + 1];
    data[to++] = rgba[from + 2];
  }
  return { data, width, height, channels: 3 };
}

export async function look({ picture }: { picture: Blob }): Promise<Answer> {
  const pixels = await decode(picture);
  const start = performance.now();
  const random = new Random(0); // the transforms ask for one, and draw nothing
  const { data, height, width } = imageClassification(transforms).forward(pixels, random) as ImageArray;
  const seen = new CenterCrop(transforms.cropSize).forward(new Resize(transforms.resizeSize).forward(pixels));
  current?.dispose();
  current = tf.tensor4d(data, [1, height, width, 3]);
  const input = current;
  const net = ready();
  let features: tf.Tensor | undefined;
  const takeOff = onForward(net, (name, _module, _input, output) => {
    if (name === 'layer3') features = tf.keep(output.clone());
  });
  const logits = tf.tidy(() => net.forward(input));
  takeOff();
  const last = features;
  if (!last) throw new Error('The network has no layer3.');
  // A class's logit is the mean over positions of the features, weighted by the classifier: so each position has a part in it.
  const [, rows, columns, channels] = last.shape;
  const parts = tf.tidy(() =>
    tf.matMul(net.linear.weight.value as tf.Tensor2D, last.reshape([rows * columns, channels]), false, true),
  );
  const maps = parts.arraySync() as number[][];
  const [predictions] = topPredictions(logits, categories, categories.length);
  const answer = {
    predictions,
    logits: Array.from(logits.dataSync()),
    activation: Object.fromEntries(categories.map((category, i) => [category, maps[i]])),
    seen: seen.data as Uint8Array,
    milliseconds: performance.now() - start,
  };
  tf.dispose([last, logits, parts]);
  return answer;
}

export function unit({ name }: { name: string }): Promise<Unit> {
  const input = current;
  if (!input) throw new Error('There is no picture yet.');
  const block = units().find(([each]) => each === name)?.[1];
  if (!block) throw new Error(`The network has no unit ${name}.`);
  let x: tf.Tensor | undefined;
  const takeOff = onForward(ready(), (each, _module, given) => {
    if (each === name) x = tf.keep(given.clone());
  });
  tf.tidy(() => void ready().forward(input));
  takeOff();
  const given = x;
  if (!given) throw new Error(`The unit ${name} did not run.`);
  const [identity, residual, y] = tf.tidy(() => [
    block.shortcut ? block.shortcut.forward(given) : given.clone(),
    block.residual(given),
    block.forward(given),
  ]);
  const sizes = tf.tidy(() => tf.mean(tf.abs(residual), [0, 1, 2]).dataSync());
  const channels = Array.from(sizes.keys())
    .sort((a, b) => sizes[b] - sizes[a])
    .slice(0, SHOWN)
    .sort((a, b) => a - b);
  const result = {
    channels,
    x: mapsOf(identity, channels),
    residual: mapsOf(residual, channels),
    y: mapsOf(y, channels),
    input: given.shape.slice(1),
  };
  tf.dispose([given, identity, residual, y]);
  return Promise.resolve(result);
}

/** Some channels of [1, H, W, C]. */
function mapsOf(tensor: tf.Tensor, channels: readonly number[]): Maps {
  const [, height, width, count] = tensor.shape;
  const values = tensor.dataSync();
  const maps = channels.map((channel) =>
    Array.from({ length: height * width }, (_, pixel) => values[pixel * count + channel]),
  );
  return { shape: [height, width, count], maps };
}
