import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as builders from '../../src/models/builders';
import { Bottleneck, ResNet } from '../../src/models/resnet';
import { FrozenBatchNorm2d, GroupNorm } from '../../src/nn/norm';
import { compareModel, layoutOf } from '../golden/compareModel';
import { pictures } from '../golden/formula';
import { readGolden } from '../golden/models';

const golden = readGolden('models.json');

const BUILDERS: Record<string, () => ResNet> = {
  resnet18: () => builders.resnet18(),
  resnet34: () => builders.resnet34(),
  resnet50: () => builders.resnet50(),
  resnet101: () => builders.resnet101(),
  resnet152: () => builders.resnet152(),
  resnext50_32x4d: () => builders.resnext50_32x4d(),
  resnext101_32x8d: () => builders.resnext101_32x8d(),
  resnext101_64x4d: () => builders.resnext101_64x4d(),
  wide_resnet50_2: () => builders.wide_resnet50_2(),
  wide_resnet101_2: () => builders.wide_resnet101_2(),
  dilation: () => new ResNet(Bottleneck, [3, 4, 6, 3], { replaceStrideWithDilation: [false, true, true] }),
  'dilated and grouped': () => builders.resnext50_32x4d({ replaceStrideWithDilation: [true, false, true] }),
  frozen: () => builders.resnet18({ normLayer: (channels) => new FrozenBatchNorm2d(channels) }),
  'group norm': () => builders.resnet50({ normLayer: (channels) => new GroupNorm(32, channels) }),
};

/**
 * Deeper or wider rows of one table, in the blocks that the others are made of: a wrong depth, width or number of groups
 * is another layout, and nothing else in them is their own. Their numbers, which are half of this file's time, say no more.
 */
const SAME_BLOCKS = [
  'resnet101',
  'resnet152',
  'resnext101_32x8d',
  'resnext101_64x4d',
  'wide_resnet50_2',
  'wide_resnet101_2',
];

for (const name of SAME_BLOCKS) {
  test(`${name}: the state dict's keys, order and shapes are torch's`, () => {
    const model = BUILDERS[name]();
    assert.deepEqual(layoutOf(model), golden[name].layout);
    model.dispose();
  });
}

for (const [name, record] of Object.entries(golden)) {
  if (SAME_BLOCKS.includes(name)) continue;
  test(`${name}: logits, gradients, running statistics and steps are torch's`, () => {
    const x = pictures('pictures', [4, 3, 64, 64], 2);
    const labels = tf.tensor1d([1, 2, 3, 999], 'int32');
    compareModel(BUILDERS[name], x, labels, 50, record);
    tf.dispose([x, labels]);
  });
}

test('a builder that fails half-way leaves no tensor', () => {
  const before = tf.memory().numTensors;
  assert.throws(() => builders.resnet18({ groups: 2 }), /only supports groups=1/);
  const replaceStrideWithDilation = [false, true, false];
  assert.throws(() => builders.resnet34({ replaceStrideWithDilation }), /Dilation > 1 not supported/);
  let layers = 0;
  const normLayer = (channels: number) => {
    if (++layers === 12) throw new Error('the twelfth');
    return new FrozenBatchNorm2d(channels);
  };
  assert.throws(() => builders.resnet50({ normLayer }), /the twelfth/);
  assert.equal(tf.memory().numTensors, before);
});
