import * as tf from '@tensorflow/tfjs-node';
import { encodeSafetensors } from '../../src/checkpoint/safetensors';
import { architectureOf } from '../../src/models/architecture';
import type { Network } from '../../src/models/backbones';
import type { ModelCard } from '../../src/models/modelCard';
import { convert } from '../../src/state/convert';
import type { StateDict } from '../../src/state/stateDict';
import { Trouble } from '../lib/reader.cjs';
import { type ModelData, packWeights } from './bundle';

/** Numbers of a network up to which a page holds them as they are; larger networks are rounded, for a page of half the size. */
const MOST_EXACT = 4e6;
/** Bytes of weights that a page can hold: beyond, browsers have no room for its text. */
const MOST_BYTES = 2 ** 28;

/**
 * A network as a page holds it. Filters of a large one are rounded to 16 bits, in the network that is given too.
 *
 * @throws Trouble when a page cannot hold it.
 */
export function modelData(
  network: Network,
  {
    backbone,
    classes,
    transforms,
    likeness,
  }: Pick<ModelCard, 'backbone' | 'classes' | 'transforms' | 'likeness'>,
): ModelData {
  const dict = network.stateDict();
  const numbers = [...dict.values()].reduce((sum, { data }) => sum + data.length, 0);
  if (2 * numbers > MOST_BYTES)
    throw new Trouble(
      `A page holds at most ${megabytes(MOST_BYTES)} of weights; this ${backbone} has ${megabytes(2 * numbers)}, rounded ` +
        'to 16 bits.',
      'use --to onnx, or train a smaller network',
    );
  const [width, stored] = numbers > MOST_EXACT ? [2, rounded(dict)] : [4, dict];
  const weights = packWeights(Buffer.concat([...encodeSafetensors(stored)]), width);
  const rounding = stored === dict ? undefined : roundingOf(network, stored, transforms.cropSize);
  return { architecture: architectureOf(network), classes, transforms, likeness, weights, rounding };
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

/** Filters and the last layer in 16 bits. What normalization has stays: it is little, and a variance may be beyond their range. */
const rounded = (dict: StateDict): StateDict =>
  new Map(
    [...dict].map(([name, tensor]) => [name, tensor.shape.length > 1 ? convert(tensor, 'float16') : tensor]),
  );

/** How far rounding moves the logits, and how far those of a picture lie apart anyway: on noise, for no pictures are at hand. */
function roundingOf(network: Network, stored: StateDict, size: number): string {
  const [moved, spread] = tf.tidy(() => {
    const noise = tf.randomNormal<tf.Rank.R4>([2, size, size, 3], 0, 1, 'float32', 1);
    const before = network.forward(noise);
    network.loadStateDict(stored);
    const difference = tf.max(tf.abs(tf.sub(network.forward(noise), before)));
    const { variance } = tf.moments(before, 1);
    return [difference, tf.sqrt(tf.mean(variance))].map((each) => each.dataSync()[0]);
  });
  if (!Number.isFinite(moved))
    throw new Trouble('The weights are too large for 16 bits, in which a page holds them.');
  return (
    `The filters are rounded to 16 bits, for a page of half the size: on noise this moves the logits by up to ` +
    `${moved.toPrecision(1)}, where they spread over ${spread.toPrecision(2)}.`
  );
}
