import * as tf from '@tensorflow/tfjs-node';
import type { CIFAR10 } from '../../../src/data/cifar';
import { DataLoader } from '../../../src/data/loader';
import { Subset } from '../../../src/data/dataset';
import type { CifarResNet } from '../../../src/models/cifar';
import { CrossEntropyLoss } from '../../../src/nn/loss';
import { Random, manualSeed } from '../../../src/random';
import { randomNormal } from '../../../src/ops/randomTensors';
import { startProgress } from '../../../src/progress';
import { backward } from '../../../src/training/backward';
import { evaluate } from '../../../src/training/evaluate';
import type { RunConfiguration } from './configuration';
import { grow, stagesOf } from './grow';
import { makeModel } from './network';

/** What a trained network looks like inside; all lists go from the input to the output. */
export interface Inside {
  /** Standard deviation of what each 3x3 convolution gives, after its normalization (the paper's figure 7). */
  responses: number[];
  /** Of residual blocks: length of F(x) divided by that of the shortcut's x. */
  branches?: number[];
  /** Length of each 3x3 filter's gradient divided by the filter's, before and after training. */
  gradients: { start: number[]; end: number[] };
  /** The training loss around the weights, along two random directions. */
  surface: Surface;
  /** Of a plain network of 20 layers: the test error it has, and has when grown to 56 by layers that do nothing. */
  grown?: { before: number; after: number };
}

export interface Surface {
  /** Coordinates of rows and columns; at 0 are the trained weights, 1 moves each filter by its own length. */
  at: number[];
  loss: number[][];
}

const PROBE = 256; // pictures
const SURFACE_PICTURES = 512;
const SURFACE_SIDE = 13;
const SURFACE_REACH = 0.75;
const lossFunc = new CrossEntropyLoss();

/** Measures a trained network; it is left in evaluation mode with the weights it came with. */
export async function lookInside(
  model: CifarResNet,
  configuration: RunConfiguration,
  train: CIFAR10,
  test: CIFAR10,
): Promise<Inside> {
  const [pictures, labels] = await firstPictures(train, SURFACE_PICTURES);
  const x = tf.slice(pictures, 0, PROBE);
  const y = tf.slice(labels, 0, PROBE);
  try {
    manualSeed(configuration.seed);
    const fresh = makeModel(configuration);
    const start = gradientSizes(fresh, x, y);
    fresh.dispose();
    const weights = model.stateDict();
    const end = gradientSizes(model, x, y); // a pass in training mode moves the running statistics
    model.loadStateDict(weights);
    const inside: Inside = {
      ...responseSizes(model.eval(), x),
      gradients: { start, end },
      surface: lossSurface(model, pictures, labels, configuration.seed),
    };
    model.loadStateDict(weights);
    model.eval();
    if (configuration.kind === 'plain' && configuration.depth === 20)
      inside.grown = await growErrors(model, test);
    return inside;
  } finally {
    tf.dispose([pictures, labels, x, y]);
  }
}

async function firstPictures(data: CIFAR10, count: number): Promise<[tf.Tensor4D, tf.Tensor1D]> {
  const loader = new DataLoader(new Subset(data, [...Array(count).keys()]), { batchSize: count });
  for await (const [inputs, labels] of loader) return [inputs.clone(), labels.clone()];
  throw new Error('The data set is empty.');
}

function responseSizes(model: CifarResNet, x: tf.Tensor4D): Pick<Inside, 'responses' | 'branches'> {
  const responses: number[] = [];
  const branches: number[] = [];
  const deviation = (values: tf.Tensor): void => {
    responses.push(tf.moments(values).variance.sqrt().dataSync()[0]);
  };
  tf.tidy(() => {
    let out: tf.Tensor = model.bn1.forward(model.conv1.forward(x));
    deviation(out);
    out = tf.relu(out);
    for (const block of stagesOf(model).flat()) {
      const first = block.bn1.forward(block.conv1.forward(out));
      const residual = block.bn2.forward(block.conv2.forward(tf.relu(first)));
      deviation(first);
      deviation(residual);
      if (block.option !== 'none') {
        const identity = block.shortcut ? block.shortcut.forward(out) : out;
        branches.push(tf.norm(residual).div(tf.norm(identity)).dataSync()[0]);
      }
      out = block.forward(out);
    }
  });
  return branches.length > 0 ? { responses, branches } : { responses };
}

function gradientSizes(model: CifarResNet, x: tf.Tensor4D, y: tf.Tensor1D): number[] {
  const filters = model.namedParameters().filter(([name]) => name.includes('conv'));
  const parameters = filters.map(([, parameter]) => parameter);
  model.train();
  backward(parameters, () => lossFunc.forward(model.forward(x), y)).dispose();
  const sizes = tf.tidy(() =>
    parameters.map(
      ({ grad, value }) =>
        tf
          .norm(grad ?? 0)
          .div(tf.norm(value))
          .dataSync()[0],
    ),
  );
  parameters.forEach((parameter) => parameter.zeroGrad());
  return sizes;
}

/**
 * Li et al., "Visualizing the loss landscape of neural nets" (arXiv:1712.09913): two random directions in which every filter
 * is as long as the trained one, so that networks of different scales compare. Batches normalize themselves: running
 * statistics belong to the trained weights alone.
 */
function lossSurface(model: CifarResNet, x: tf.Tensor4D, y: tf.Tensor1D, seed: number): Surface {
  const random = new Random(seed);
  const moved = model.parameters().filter(({ shape }) => shape.length > 1);
  const start = moved.map(({ value }) => value.clone());
  const directions = [0, 1].map(() => start.map((filter) => likeFilter(filter, random)));
  const at = Array.from(
    { length: SURFACE_SIDE },
    (_, i) => ((2 * i) / (SURFACE_SIDE - 1) - 1) * SURFACE_REACH,
  );
  const bar = startProgress(SURFACE_SIDE ** 2, { label: 'Loss surface', unit: 'points' });
  model.train();
  const loss = at.map((down, row) =>
    at.map((right, column) => {
      moved.forEach((parameter, i) =>
        parameter.assign(
          tf.tidy(() => start[i].add(directions[0][i].mul(down)).add(directions[1][i].mul(right))),
        ),
      );
      bar.update(row * SURFACE_SIDE + column + 1);
      return tf.tidy(() => lossFunc.forward(model.forward(x), y).dataSync()[0]);
    }),
  );
  bar.done();
  tf.dispose([start, directions]);
  return { at, loss };
}

/** A random direction, each output's filter scaled to the length of the given one. */
function likeFilter(filter: tf.Tensor, random: Random): tf.Tensor {
  const inner = filter.rank === 4 ? [0, 1, 2] : [1]; // [kernel, kernel, in, out]; the classifier is [out, in]
  return tf.tidy(() => {
    const direction = randomNormal(filter.shape, random);
    const length = (t: tf.Tensor) => t.square().sum(inner, true).sqrt();
    const scale = length(filter).div(length(direction));
    return direction.mul(scale);
  });
}

async function growErrors(model: CifarResNet, test: CIFAR10): Promise<Inside['grown']> {
  const loader = new DataLoader(test, { batchSize: 250 });
  const error = async (net: CifarResNet): Promise<number> =>
    1 - (await evaluate(net, lossFunc, loader, { label: `${net.depth} layers` })).accuracy;
  const deep = grow(model, 56);
  try {
    return { before: await error(model), after: await error(deep) };
  } finally {
    deep.dispose();
  }
}
