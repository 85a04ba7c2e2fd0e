import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs-node';
import * as library from '../../src/index';
import { BasicBlock, Bottleneck, ResNet } from '../../src/models/resnet';
import { CifarBlock, CifarResNet, PaddedShortcut, PreActResNet } from '../../src/models/cifar';
import { Conv2d } from '../../src/nn/conv';
import { AdaptiveAvgPool2d, Identity, Linear, MaxPool2d, ReLU, Sequential } from '../../src/nn/layers';
import { Module } from '../../src/nn/module';
import { BatchNorm2d, FrozenBatchNorm2d, GroupNorm, type NormLayer } from '../../src/nn/norm';
import { Parameter } from '../../src/nn/parameter';
import { type Precision, toBfloat16, toFloat32, withPrecision } from '../../src/ops/precision';
import { backward } from '../../src/training/backward';
import { fill, pictures, uniform } from '../golden/formula';
import { pretendBfloat16 } from '../ops/pretendBfloat16';

const slow = pretendBfloat16() && 'on this processor it takes a minute; its blocks are tested';

/** Rounding to bfloat16 is off by 2^-9 of a number at most; a layer rounds several times. */
const LAYER = 0.015;
/** Blocks and small networks, whose layers add up; torch's autocast is off by as much (test/golden/precision.json). */
const NETWORK = 0.3;

type Shape = [number, number, number, number];
const MAPS: Shape = [4, 8, 6, 7]; // [N, C, H, W]
const conv = (options: object): Conv2d => new Conv2d(8, 12, { kernelSize: 3, ...options });
const group: NormLayer = (channels) => new GroupNorm(2, channels);
const frozen: NormLayer = (channels) => new FrozenBatchNorm2d(channels);
const project = (): Module => new Sequential(new Conv2d(8, 16, { kernelSize: 1 }), group(16));

const CASES: [what: string, make: () => Module, shape?: Shape, tolerance?: number][] = [
  ['Conv2d', () => conv({})],
  ['Conv2d, no bias', () => conv({ bias: false, padding: 1 })],
  ['Conv2d, stride', () => conv({ stride: 2, padding: 1 })],
  ['Conv2d, groups', () => conv({ groups: 4, padding: 1 })],
  ['Conv2d, dilation', () => conv({ dilation: 2, padding: 2 })],
  ['Conv2d, wide', () => new Conv2d(512, 8, { kernelSize: 3, padding: 1 }), [2, 512, 5, 5]],
  ['BatchNorm2d', () => new BatchNorm2d(8)],
  ['FrozenBatchNorm2d', () => new FrozenBatchNorm2d(8)],
  ['GroupNorm', () => new GroupNorm(2, 8)],
  ['ReLU', () => new ReLU()],
  ['Identity', () => new Identity()],
  ['MaxPool2d', () => new MaxPool2d({ kernelSize: 3, stride: 2, padding: 1 })],
  ['AdaptiveAvgPool2d', () => new AdaptiveAvgPool2d()],
  ['Linear', () => new Flattened(8 * 6 * 7, 5)],
  [
    'Sequential',
    () => new Sequential(conv({}), new GroupNorm(3, 12), new ReLU(), new Conv2d(12, 4, { kernelSize: 1 })),
  ],
  ['PaddedShortcut', () => new PaddedShortcut(8, 16, 2)],
  ['BasicBlock', () => new BasicBlock(8, 8)],
  ['BasicBlock, group normalization', () => new BasicBlock(8, 8, { normLayer: group })],
  ['BasicBlock, frozen', () => new BasicBlock(8, 16, { normLayer: frozen, downsample: project() })],
  ['Bottleneck', () => new Bottleneck(8, 2)],
  ['Bottleneck, groups', () => new Bottleneck(8, 2, { groups: 2, normLayer: group })],
  ['Bottleneck, dilation', () => new Bottleneck(8, 4, { dilation: 2, downsample: project() })],
  ...(['A', 'B', 'C', 'none'] as const).map((option): [string, () => Module] => [
    `CifarBlock, ${option}`,
    () => new CifarBlock(8, 16, 2, option),
  ]),
  ['CifarResNet', () => new CifarResNet(8, { numClasses: 5 }), [8, 3, 16, 16], NETWORK],
  ['PreActResNet', () => new PreActResNet(8, { numClasses: 5 }), [8, 3, 16, 16], NETWORK],
  ...[undefined, group].map((normLayer): [string, () => Module, Shape, number] => [
    `ResNet, ${normLayer ? 'group' : 'batch'} normalization`,
    () => new ResNet(BasicBlock, [1, 1, 1, 1], { numClasses: 5, normLayer }),
    [3, 3, 33, 33],
    NETWORK,
  ]),
];

/** A linear layer on feature maps, as the reader may put it without a pooling before. */
class Flattened extends Linear {
  override forward(x: tf.Tensor): tf.Tensor2D {
    return tf.tidy(() => super.forward(x.reshape([x.shape[0], -1])));
  }
}

/** Output, and the gradients of <output, random>: of the input, and of the parameters in one vector. */
function pass(make: () => Module, shape: Shape, training: boolean, precision: Precision, middle: boolean) {
  const layer = fill(make()).train(training);
  const rounded = tf.tidy(() => toFloat32(toBfloat16(pictures('x', shape, 2))));
  const x = new Parameter(rounded);
  let y = new Float32Array();
  const loss = backward([x, ...layer.parameters()], () =>
    withPrecision(precision, () => {
      // in the middle of a network a layer is handed what the one before gave, at its beginning pictures in float32
      const out = layer.forward(precision === 'bfloat16' && middle ? toBfloat16(x.value) : x.value);
      y = out.dataSync<'float32'>().slice();
      return toFloat32(out)
        .mul(tf.tensor(uniform('dy', out.size), out.shape))
        .sum<tf.Scalar>();
    }),
  );
  const gradients = [x, ...layer.parameters()].map(({ grad }) => [...grad!.dataSync<'float32'>()]);
  loss.dispose();
  x.dispose();
  layer.dispose();
  return { y, dx: Float32Array.from(gradients[0]), parameters: Float32Array.from(gradients.slice(1).flat()) };
}

/** The length of the difference, as a part of the length. */
function distance(a: Float32Array, b: Float32Array): number {
  const length = (v: Float32Array): number => Math.sqrt(v.reduce((sum, value) => sum + value * value, 0));
  return length(a.map((value, i) => value - b[i])) / (length(b) || 1);
}

for (const [
  what,
  make,
  shape = MAPS,
  tolerance = what.includes('B') && !what.includes('Batch') ? NETWORK : LAYER,
] of CASES) {
  const options = { skip: what.startsWith('ResNet') && slow };
  test(`${what} in bfloat16 is its float32 within rounding, forward and backward`, options, () => {
    const before = tf.memory().numTensors;
    for (const training of [true, false]) {
      const exact = pass(make, shape, training, 'float32', false);
      for (const middle of [true, false]) {
        const rounded = pass(make, shape, training, 'bfloat16', middle);
        for (const part of ['y', 'dx', 'parameters'] as const) {
          const off = distance(rounded[part], exact[part]);
          const where = `${part}, ${training ? 'training' : 'evaluation'}, ${middle ? 'middle' : 'beginning'}`;
          assert.ok(off < tolerance, `${where}: off by ${off}`);
        }
      }
    }
    assert.equal(tf.memory().numTensors, before);
  });
}

test('every layer that the library exports is among them', () => {
  const exported = Object.values<unknown>(library).filter(
    (each): each is typeof Module => typeof each === 'function' && each.prototype instanceof Module,
  );
  const covered = new Set(CASES.map(([what]) => what.split(',')[0]));
  assert.deepEqual(
    exported.map(({ name }) => name).filter((name) => !covered.has(name)),
    [],
  );
  assert.ok(exported.length >= 14);
});
