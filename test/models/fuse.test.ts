import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs-node';
import { resnet18, resnet50, resnext50_32x4d } from '../../src/models/builders';
import { CifarResNet } from '../../src/models/cifar';
import { CannotFuse, fuse, fuseConvBnWeights, fuseIfPossible } from '../../src/models/fuse';
import { BasicBlock, ResNet } from '../../src/models/resnet';
import { onForward } from '../../src/nn/hooks';
import { Conv2d } from '../../src/nn/conv';
import { Identity } from '../../src/nn/layers';
import { BatchNorm2d, FrozenBatchNorm2d, GroupNorm } from '../../src/nn/norm';
import { hasBfloat16 } from '../../src/ops/bfloat16';
import { conv2d } from '../../src/ops/conv2d';
import { fusedConv2d, hasFusedConv2d } from '../../src/ops/fusedConv2d';
import { withPrecision } from '../../src/ops/precision';
import { fill, pictures, relativeError } from '../golden/formula';

const values = (tensor: tf.Tensor): Float32Array => tensor.dataSync<'float32'>();

test('this TensorFlow fuses', { skip: process.arch !== 'x64' && 'only on x86-64' }, () => {
  assert.ok(hasFusedConv2d());
});

test('a fused convolution does what its parts do one after the other', () => {
  tf.tidy(() => {
    const x = tf.randomNormal<tf.Rank.R4>([2, 9, 11, 8], 0, 1, 'float32', 1);
    for (const [kernel, stride, padding, dilation, groups] of [
      [3, 1, 1, 1, 1],
      [3, 2, 1, 1, 1],
      [7, 2, 3, 1, 1],
      [1, 1, 0, 1, 1],
      [1, 2, 0, 1, 1],
      [3, 1, 2, 2, 1],
      [3, 1, 1, 1, 4],
    ]) {
      const options = { stride, padding, dilation, groups };
      const filter = tf.randomNormal<tf.Rank.R4>([kernel, kernel, 8 / groups, 16], 0, 1, 'float32', 2);
      const bias = tf.randomNormal<tf.Rank.R1>([16], 0, 1, 'float32', 3);
      const plain = tf.add(conv2d(x, filter, options), bias);
      const addend = tf.randomNormal(plain.shape, 0, 1, 'float32', 4);
      const before = values(addend).slice();
      for (const relu of [false, true]) {
        for (const added of [undefined, addend]) {
          const sum = added ? plain.add(added) : plain;
          const expected = relu ? tf.relu(sum) : sum;
          const fused = fusedConv2d(x, filter, bias, { ...options, relu }, added);
          assert.deepEqual(fused.shape, expected.shape);
          const what = JSON.stringify({ kernel, ...options, relu, added: added !== undefined });
          assert.ok(relativeError(values(fused), values(expected)) < 1e-6, what);
        }
      }
      assert.deepEqual(values(addend), before, 'what is added stays as it was');
    }
  });
});

test('a folded convolution gives what convolution and normalization give', () => {
  for (const bias of [false, true]) {
    const conv = new Conv2d(4, 6, { kernelSize: 3, padding: 1, bias });
    const norms = [new BatchNorm2d(6).eval(), new FrozenBatchNorm2d(6, { eps: 1e-3 })];
    for (const norm of norms) {
      fill(norm);
      tf.tidy(() => {
        const x = tf.randomNormal<tf.Rank.R4>([2, 5, 5, 4], 0, 1, 'float32', 1);
        const folded = fuseConvBnWeights(conv, norm);
        const y = tf.add(conv2d(x, folded.filter, conv), folded.bias);
        assert.ok(relativeError(values(y), values(norm.forward(conv.forward(x)))) < 1e-6);
      });
      norm.dispose();
    }
    conv.dispose();
  }
});

const NETWORKS = {
  resnet18: () => resnet18({ numClasses: 5 }),
  'resnet50, dilated': () => resnet50({ numClasses: 5, replaceStrideWithDilation: [false, true, true] }),
  'resnext50, in groups': () => resnext50_32x4d({ numClasses: 5 }),
  'frozen normalization': () =>
    new ResNet(BasicBlock, [1, 1, 1, 1], { normLayer: (channels) => new FrozenBatchNorm2d(channels) }),
  'cifar, option A': () => new CifarResNet(14),
  'cifar, option B': () => new CifarResNet(8, { shortcut: 'B' }),
  'cifar, option C': () => new CifarResNet(8, { shortcut: 'C' }),
  'cifar, plain': () => new CifarResNet(8, { shortcut: 'none' }),
};

for (const [name, build] of Object.entries(NETWORKS)) {
  test(`${name}: fused, it computes the same, and leaves nothing behind`, () => {
    const model = fill(build()).eval();
    const before = tf.memory().numTensors;
    const fused = fuse(model);
    tf.tidy(() => {
      const x = pictures('x', [2, 3, 48, 48]);
      assert.ok(relativeError(values(fused.forward(x)), values(model.forward(x))) < 1e-5);
      const logits = model.fc.forward(fused.features(x));
      assert.ok(relativeError(values(logits), values(model.forward(x))) < 1e-5);
      assert.ok(values(x).length > 0, 'the pictures are still there');
    });
    fused.dispose();
    assert.equal(tf.memory().numTensors, before);
    model.dispose();
  });
}

test(
  'fused in bfloat16, it is as near as the model in bfloat16',
  { skip: !hasBfloat16() && 'no bfloat16' },
  () => {
    const model = fill(resnet18({ numClasses: 5 })).eval();
    const fused = fuse(model, 'bfloat16');
    tf.tidy(() => {
      const x = pictures('x', [2, 3, 48, 48]);
      const expected = values(model.forward(x));
      const rounded = withPrecision('bfloat16', () => values(model.forward(x)));
      const error = relativeError(values(fused.forward(x)), expected);
      assert.ok(error > 0 && error < 2 * relativeError(rounded, expected), String(error));
    });
    fused.dispose();
    model.dispose();
  },
);

test('what cannot be fused is named, and nothing is left behind', () => {
  class OwnBlock extends BasicBlock {
    override forward(x: tf.Tensor): tf.Tensor {
      return tf.tidy(() => tf.neg(super.forward(x)));
    }
  }
  class OwnNet extends ResNet {}
  const models = {
    'not GroupNorm': new ResNet(BasicBlock, [1, 1, 1, 1], { normLayer: (c) => new GroupNorm(8, c) }),
    'not OwnBlock': new ResNet(OwnBlock, [1, 1, 1, 1]),
    'not OwnNet': new OwnNet(BasicBlock, [1, 1, 1, 1]),
  };
  const before = tf.memory().numTensors;
  for (const [what, model] of Object.entries(models)) {
    assert.throws(
      () => fuse(model),
      (error) => error instanceof CannotFuse && error.message.includes(what),
    );
  }
  assert.equal(tf.memory().numTensors, before);
  Object.values(models).forEach((model) => model.dispose());
});

test('a part that was exchanged, hooked or is no number is not passed over', () => {
  const changes: [what: string, change: (model: ResNet) => void][] = [
    ['not Identity', ({ layer1 }) => Object.assign([...layer1][0], { relu: new Identity() })],
    ['not Identity', (model) => Object.assign(model, { relu: new Identity() })],
    ['a BasicBlock has a forward of its own', (model) => void onForward([...model.layer4][0], () => {})],
    ['a Sequential has a forward of its own', ({ layer2 }) => (layer2.forward = (x) => tf.neg(x))],
    ['not all weights', (model) => model.namedBuffers()[0][1].assign(tf.fill([64], NaN))],
    ['not all weights', ({ conv1 }) => conv1.weight.assign(tf.fill([7, 7, 3, 64], Infinity))],
  ];
  for (const [what, change] of changes) {
    const model = new ResNet(BasicBlock, [1, 1, 1, 1]);
    change(model);
    const before = tf.memory().numTensors;
    assert.throws(
      () => fuse(model),
      (error) => error instanceof CannotFuse && error.message.includes(what),
      what,
    );
    assert.equal(tf.memory().numTensors, before);
    model.dispose();
  }
});

test('a model that cannot be fused is used as it is', () => {
  const model = resnet18({ numClasses: 2, normLayer: (channels) => new GroupNorm(8, channels) });
  assert.equal(fuseIfPossible(model, 'float32'), undefined);
  assert.equal(fuseIfPossible(model.fc, 'float32'), undefined);
  model.dispose();
});
