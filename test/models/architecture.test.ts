import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { architectureOf, buildArchitecture } from '../../src/models/architecture';
import { buildBackbone, type Network } from '../../src/models/backbones';
import { skipInit } from '../../src/nn/init';
import { defaultRandom, manualSeed } from '../../src/random';

const shapes = (network: Network): string[] =>
  network.namedTensors().map(([name, { torchShape }]) => `${name} [${torchShape.join(', ')}]`);

for (const name of [
  'resnet34',
  'resnet50',
  'resnext50_32x4d',
  'wide_resnet50_2',
  'resnet56_cifar',
  'resnet20x2_cifar',
])
  test(`${name}, told by its architecture, is built again the same, and nothing is drawn for it`, () => {
    const before = tf.memory().numTensors;
    manualSeed(3);
    const { state } = defaultRandom();
    const network = buildBackbone(name, 7);
    const told = JSON.parse(JSON.stringify(architectureOf(network))) as ReturnType<typeof architectureOf>;
    const again = skipInit(() => buildArchitecture(told, 7));
    assert.deepEqual(defaultRandom().state, state);
    assert.deepEqual(shapes(again), shapes(network));
    // what shapes do not say: strides, groups, dilations
    const [one, other] = [network, again].map((each) =>
      each.modules().map((module) => JSON.stringify(module, ['stride', 'groups', 'dilation', 'padding'])),
    );
    assert.deepEqual(one, other);
    [network, again].forEach((each) => each.dispose());
    assert.equal(tf.memory().numTensors, before);
  });
