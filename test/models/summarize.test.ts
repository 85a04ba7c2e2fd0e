import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resnet18, resnet50 } from '../../src/models/builders';
import { BasicBlock, Bottleneck, ResNet } from '../../src/models/resnet';
import { stageTable, usePaperStrides } from '../../src/models/stageTable';
import { summarize } from '../../src/models/summarize';
import { Linear } from '../../src/nn/layers';
import { FrozenBatchNorm2d, GroupNorm } from '../../src/nn/norm';

test('a summary lists the layers as they ran, and leaves the model and its modes as they were', () => {
  const before = tf.memory().numTensors;
  const model = resnet18();
  model.layer1.eval(); // a part frozen by hand
  const modes = model.modules().map((module) => module.training);
  const state = model.stateDict();
  const count = tf.memory().numTensors;
  const { layers, parameters, trainableParameters, flops } = summarize(model, [1, 224, 224, 3]);
  assert.equal(tf.memory().numTensors, count);
  assert.deepEqual(
    model.modules().map((module) => module.training),
    modes,
  );
  assert.deepEqual(model.stateDict(), state);
  assert.ok(model.modules().every((module) => !Object.hasOwn(module, 'forward')));

  assert.deepEqual(layers[0], {
    name: 'conv1',
    type: 'Conv2d',
    outputShape: '[1, 112, 112, 64]',
    parameters: 64 * 3 * 49,
    flops: 112 * 112 * 64 * 3 * 49,
  });
  const last = layers[layers.length - 1];
  assert.deepEqual(last, {
    name: 'fc',
    type: 'Linear',
    outputShape: '[1, 1000]',
    parameters: 513_000,
    flops: 512_000,
  });
  assert.equal(
    layers.reduce((sum, layer) => sum + layer.parameters, 0),
    parameters,
  );
  assert.equal(trainableParameters, parameters);
  assert.equal(
    layers.reduce((sum, layer) => sum + layer.flops, 0),
    flops,
  );
  model.requiresGrad(false, (name) => !name.startsWith('fc.'));
  assert.equal(summarize(model, [1, 32, 32, 3]).trainableParameters, 513_000);
  model.dispose();
  assert.equal(tf.memory().numTensors, before);
});

test("the paper's Table 1 comes out of the models", () => {
  const before = tf.memory().numTensors;
  const { rows, footer } = stageTable([18, 50]);
  assert.deepEqual(
    rows.map((row) => row.output),
    ['112×112', '56×56', '28×28', '14×14', '7×7', '1×1'],
  );
  assert.equal(rows[0]['18-layer'], '7×7, 64, stride 2');
  assert.equal(rows[1]['18-layer'], '3×3 max pool, stride 2; [3×3, 64; 3×3, 64] × 2');
  assert.equal(rows[3]['50-layer'], '[1×1, 256; 3×3, 256; 1×1, 1024] × 6');
  assert.deepEqual(
    footer.map((row) => row['50-layer']),
    [
      '25,557,032',
      '4.09 × 10⁹',
      '3.86 × 10⁹', // the paper's 3.8, by its strides
      '3.8 × 10⁹',
    ],
  );
  assert.equal(tf.memory().numTensors, before);
});

test("moving the strides changes neither the state dict nor the output's shape", () => {
  const model = resnet50().eval();
  const keys = [...model.stateDict().keys()];
  assert.equal(usePaperStrides(model), model);
  assert.deepEqual([...model.stateDict().keys()], keys);
  const [first] = model.layer2;
  assert.ok(first instanceof Bottleneck);
  assert.deepEqual([first.conv1.stride, first.conv2.stride], [2, 1]);
  const shape = tf.tidy(() => model.forward(tf.zeros([1, 64, 64, 3])).shape);
  assert.deepEqual(shape, [1, 1000]);
  model.dispose();
});

test("zeroInitResidual zeroes each block's last normalization and nothing else, whatever its kind", () => {
  const zeros = (model: ResNet): string[] =>
    model
      .namedTensors()
      .filter(
        ([name, { value }]) =>
          name.endsWith('weight') && tf.tidy(() => tf.max(tf.abs(value)).dataSync()[0]) === 0,
      )
      .map(([name]) => name);
  for (const [block, normLayer, last] of [
    [BasicBlock, undefined, 'bn2'],
    [Bottleneck, undefined, 'bn3'],
    [BasicBlock, (channels: number) => new FrozenBatchNorm2d(channels), 'bn2'],
    [Bottleneck, (channels: number) => new GroupNorm(32, channels), 'bn3'],
  ] as const) {
    const model = new ResNet(block, [1, 1, 1, 1], { zeroInitResidual: true, normLayer });
    assert.deepEqual(
      zeros(model),
      [1, 2, 3, 4].map((stage) => `layer${stage}.0.${last}.weight`),
    );
    model.dispose();
    const usual = new ResNet(block, [1, 1, 1, 1], { normLayer });
    assert.deepEqual(zeros(usual), []);
    usual.dispose();
  }
});

test('constructors refuse what torchvision refuses, in its words', () => {
  assert.throws(() => new ResNet(Bottleneck, [1, 1, 1, 1], { replaceStrideWithDilation: [true] }), {
    message: 'replace_stride_with_dilation should be None or a 3-element tuple, got [true]',
  });
  assert.throws(() => new ResNet(BasicBlock, [1, 1, 1, 1], { groups: 2 }), {
    message: 'BasicBlock only supports groups=1 and base_width=64',
  });
  assert.throws(() => new ResNet(BasicBlock, [1, 1, 1, 1], { widthPerGroup: 128 }), /base_width=64/);
  assert.throws(
    () => new ResNet(BasicBlock, [2, 2, 2, 2], { replaceStrideWithDilation: [false, false, true] }),
    { message: 'Dilation > 1 not supported in BasicBlock' },
  );
});

test("the article's head: replaced, it learns other classes; the rest can be frozen by name", () => {
  const before = tf.memory().numTensors;
  const net = resnet18();
  const old = net.fc;
  net.fc = new Linear(net.fc.inFeatures, 4);
  old.dispose();
  net.requiresGrad(false, (name) => !name.startsWith('fc'));
  assert.deepEqual(net.stateDict().get('fc.weight')!.shape, [4, 512]);
  assert.equal([...net.stateDict().keys()].at(-1), 'fc.bias'); // still the last, as in torch
  assert.deepEqual(
    net
      .namedParameters()
      .filter(([, p]) => p.requiresGrad)
      .map(([name]) => name),
    ['fc.weight', 'fc.bias'],
  );
  net.dispose();
  assert.equal(tf.memory().numTensors, before);
});
