import * as tf from '@tensorflow/tfjs-node';
import { readSafetensors } from '../../../src/checkpoint/safetensors';
import type { ImageArray, RgbImage } from '../../../src/data/image';
import { imageClassification } from '../../../src/data/presets';
import { CenterCrop, Resize } from '../../../src/data/transforms';
import { classActivationMaps } from '../../../src/explain/activationMaps';
import { buildArchitecture } from '../../../src/models/architecture';
import type { Network } from '../../../src/models/backbones';
import { CifarBlock } from '../../../src/models/cifar';
import { likenessOf } from '../../../src/models/likeness';
import { topPredictions } from '../../../src/models/predictions';
import { BasicBlock, Bottleneck } from '../../../src/models/resnet';
import { onForward } from '../../../src/nn/hooks';
import { skipInit } from '../../../src/nn/init';
import type { Module } from '../../../src/nn/module';
import { disposeIfFails } from '../../../src/nn/parameter';
import { Random } from '../../../src/random';
import type { ModelData } from '../bundle';
import type { Answer, Maps, Tasks, Unit } from './messages';
import { interleave, unpack } from './unpack';

/** How many channels of a unit are shown. */
const SHOWN = 8;
/** Larger pictures than a camera's are refused: they would fill the memory of a phone. */
const MOST_PIXELS = 64e6;

let loaded: { network: Network; model: ModelData } | undefined;
/** The picture that was looked at last, [1, height, width, 3]. */
let current: tf.Tensor4D | undefined;

function ready(): { network: Network; model: ModelData } {
  if (!loaded) throw new Error('The network is not loaded.');
  return loaded;
}

const isUnit = (module: Module): boolean =>
  [CifarBlock, BasicBlock, Bottleneck].some((kind) => module instanceof kind);

export async function loadNetwork(model: ModelData): Promise<Tasks['loadNetwork']['output']> {
  const { architecture, classes, transforms, weights } = model;
  const file = interleave(await unpack(weights.pieces), weights.width);
  const read = (offset: number, length: number): ArrayBuffer => file.slice(offset, offset + length);
  loaded?.network.dispose();
  const network = disposeIfFails(() => {
    const built = skipInit(() => buildArchitecture(architecture, classes.length));
    built.loadStateDict(readSafetensors({ size: file.byteLength, read }));
    return built;
  });
  loaded = { network: network.eval(), model };
  const shapes: { name: string; shape: number[] }[] = [];
  const takeOff = onForward(network, (name, module, _input, output) => {
    if (isUnit(module)) shapes.push({ name, shape: output.shape.slice(1) });
  });
  // The first pass prepares the filters, so it is made before anybody waits.
  tf.tidy(() => void network.forward(tf.zeros([1, transforms.cropSize, transforms.cropSize, 3])));
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
  const { network, model } = ready();
  const { classes, transforms, likeness } = model;
  const pixels = await decode(picture);
  const start = performance.now();
  const random = new Random(0); // the transforms ask for one, and draw nothing
  const { data, height, width } = imageClassification(transforms).forward(pixels, random) as ImageArray;
  const seen = new CenterCrop(transforms.cropSize).forward(new Resize(transforms.resizeSize).forward(pixels));
  current?.dispose();
  const input = tf.tensor4d(data, [1, height, width, 3]);
  current = input;
  let unlike = false;
  const takeOff = onForward(network.fc, (_name, _module, features) => {
    if (!likeness) return;
    const [cosine] = likenessOf(likeness, classes.length)(features as tf.Tensor2D);
    unlike = cosine < likeness.threshold;
  });
  const { maps, logits } = classActivationMaps(network, input);
  takeOff();
  // What speaks for all classes alike changes no answer, so their mean is taken off.
  const ofClasses = tf.tidy(() =>
    tf.transpose(tf.sub(maps, tf.mean(maps, -1, true)).squeeze<tf.Tensor3D>([0]), [2, 0, 1]),
  );
  const [predictions] = topPredictions(logits, classes);
  const answer = {
    predictions: predictions.map((each) => ({ ...each, label: classes.indexOf(each.category) })),
    logits: Array.from(logits.dataSync()),
    activation: ofClasses.arraySync(),
    unlike,
    seen: seen.data as Uint8Array,
    milliseconds: performance.now() - start,
  };
  tf.dispose([maps, logits, ofClasses]);
  return answer;
}

/** What the parts of a unit are in the formula y = relu(F(x) + x). The last normalization gives F(x). */
function roleOf(block: Module, part: string): 'x' | 'residual' | undefined {
  if (part === (block instanceof Bottleneck ? 'bn3' : 'bn2')) return 'residual';
  return part === 'shortcut' || part === 'downsample' ? 'x' : undefined;
}

export function unit({ name }: { name: string }): Promise<Unit> {
  const { network } = ready();
  const input = current;
  if (!input) throw new Error('There is no picture yet.');
  const block = network.namedModules().find(([each, module]) => each === name && isUnit(module))?.[1];
  if (!block) throw new Error(`The network has no unit ${name}.`);
  const kept = new Map<string, tf.Tensor>();
  const keep = (what: string, tensor: tf.Tensor): void => void kept.set(what, tf.keep(tensor.clone()));
  const takeOff = onForward(block, (part, _module, given, output) => {
    const role = part === '' ? 'y' : roleOf(block, part);
    if (role) keep(role, output);
    if (part === '') keep('given', given);
  });
  try {
    tf.tidy(() => void network.forward(input));
    const [given, residual, y] = ['given', 'residual', 'y'].map((what) => kept.get(what));
    if (!given || !residual || !y) throw new Error(`The unit ${name} did not run.`);
    const sizes = tf.tidy(() => tf.mean(tf.abs(residual), [0, 1, 2]).dataSync());
    const channels = Array.from(sizes.keys())
      .sort((a, b) => sizes[b] - sizes[a])
      .slice(0, SHOWN)
      .sort((a, b) => a - b);
    return Promise.resolve({
      channels,
      x: mapsOf(kept.get('x') ?? given, channels),
      residual: mapsOf(residual, channels),
      y: mapsOf(y, channels),
      input: given.shape.slice(1),
    });
  } finally {
    takeOff();
    tf.dispose([...kept.values()]);
  }
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
