import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { projectRoot } from '../../src/locations';
import * as builders from '../../src/models/builders';
import { CifarResNet, PreActResNet } from '../../src/models/cifar';
import { BasicBlock, Bottleneck, ResNet } from '../../src/models/resnet';
import { onForward } from '../../src/nn/hooks';
import { Identity, Linear } from '../../src/nn/layers';
import type { Module } from '../../src/nn/module';
import { FrozenBatchNorm2d, GroupNorm } from '../../src/nn/norm';
import { saveOnnx } from '../../src/onnx/save';
import { fill, pictures } from '../golden/formula';
import { readOnnx, runOnnx } from './runOnnx';

type Exported = Module & { avgpool: Module; fc: Linear };

const scratch = mkdtempSync(join(tmpdir(), 'onnx-'));
after(() => rmSync(scratch, { recursive: true }));
const file = join(scratch, 'model.onnx');

const small = { numClasses: 7 };
const TORCHVISION: Record<string, () => Exported> = {
  resnet18: () => builders.resnet18(small),
  resnet34: () => builders.resnet34(small),
  resnet50: () => builders.resnet50(small),
  resnet101: () => builders.resnet101(small),
  resnet152: () => builders.resnet152(small),
  resnext50_32x4d: () => builders.resnext50_32x4d(small),
  resnext101_32x8d: () => builders.resnext101_32x8d(small),
  resnext101_64x4d: () => builders.resnext101_64x4d(small),
  wide_resnet50_2: () => builders.wide_resnet50_2(small),
  wide_resnet101_2: () => builders.wide_resnet101_2(small),
};
const OTHERS: Record<string, () => Exported> = {
  'ResNet-20, option A': () => new CifarResNet(20),
  'ResNet-8, option A, odd widths': () => new CifarResNet(8, { widths: [5, 12, 13] }),
  'ResNet-20, option B': () => new CifarResNet(20, { shortcut: 'B' }),
  'ResNet-8, option C': () => new CifarResNet(8, { shortcut: 'C' }),
  'plain-8': () => new CifarResNet(8, { shortcut: 'none' }),
  'PreActResNet-20, option A': () => new PreActResNet(20),
  'PreActResNet-8, option B': () => new PreActResNet(8, { shortcut: 'B' }),
  'PreActResNet-8, plain': () => new PreActResNet(8, { shortcut: 'none' }),
  'dilated instead of strided': () =>
    new ResNet(Bottleneck, [1, 1, 1, 1], { ...small, replaceStrideWithDilation: [false, true, true] }),
  'frozen normalization': () =>
    new ResNet(BasicBlock, [1, 1, 1, 1], {
      ...small,
      normLayer: (channels) => new FrozenBatchNorm2d(channels),
    }),
};

/** The largest difference, and the largest of the numbers that were expected. */
function compare(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
): { difference: number; largest: number } {
  assert.equal(actual.length, expected.length);
  let [difference, largest] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  return { difference, largest };
}

/** What the network says of pictures in evaluation mode // [N, classes] */
function logitsOf(network: Module, x: tf.Tensor4D): Float32Array {
  return tf.tidy(() => network.eval().forward(x).dataSync<'float32'>());
}

/** The largest networks have blocks that the others are made of, and are left to onnxruntime, which is quicker. */
const INTERPRETED = ['resnet18', 'resnet50', 'resnext50_32x4d'];

for (const [name, build] of [
  ...Object.entries(TORCHVISION).filter(([key]) => INTERPRETED.includes(key)),
  ...Object.entries(OTHERS),
]) {
  test(`${name}: the file's nodes, one after the other, compute the network's logits`, () => {
    const start = tf.memory().numTensors;
    const network = fill(build());
    const x = pictures('pictures', [3, 3, 32, 32], 2);
    const before = tf.memory().numTensors;
    saveOnnx(file, network, { size: 32, metadata: { classes: '["猫","dog"]' } });
    assert.equal(tf.memory().numTensors, before);
    assert.ok(network.training, 'its mode stays');

    const model = readOnnx(file);
    assert.deepEqual([model.irVersion, model.opsetImport[0].version], [8, 17]);
    assert.deepEqual(model.metadataProps, [{ key: 'classes', value: '["猫","dog"]' }]);
    const names = [
      ...model.graph.node.flatMap(({ output }) => output),
      ...model.graph.initializer.map((t) => t.name),
    ];
    assert.equal(new Set(names).size, names.length, 'each name once');
    const norms = model.graph.node.filter(({ opType }) => opType === 'BatchNormalization').length;
    assert.equal(
      norms,
      network instanceof PreActResNet ? (network.depth - 2) / 2 + 1 : 0,
      'folded where it can be',
    );

    const expected = logitsOf(network, x);
    const logits = tf.tidy(() => runOnnx(model, tf.transpose(x, [0, 3, 1, 2])).dataSync<'float32'>());
    const { difference, largest } = compare(logits, expected);
    assert.ok(largest > 0.1 && difference < 1e-4, `${difference} of ${largest}`);
    x.dispose();
    network.dispose();
    assert.equal(tf.memory().numTensors, start);
  });
}

test('what ONNX would say otherwise than the network is refused in one line, and no file is left', () => {
  class OwnNet extends ResNet {}
  const tiny = (options = {}): ResNet => new ResNet(BasicBlock, [1, 1, 1, 1], { ...small, ...options });
  const exchanged = (part: string): ResNet => {
    const network = tiny();
    Object.assign(network, { [part]: new Identity() });
    return network;
  };
  const [hooked, poisoned] = [tiny(), tiny()];
  const cases: [Exported, RegExp][] = [
    [tiny({ normLayer: (c: number) => new GroupNorm(8, c) }), /can't be written\. .*not GroupNorm/],
    [new OwnNet(BasicBlock, [1, 1, 1, 1], small), /not OwnNet/],
    [exchanged('avgpool'), /not Identity/],
    [exchanged('maxpool'), /not Identity/],
    [hooked, /a BasicBlock has a forward of its own/],
    [poisoned, /Not all numbers of layer1\.0\.conv1\.bias are finite/],
  ];
  onForward([...hooked.layer3][0], () => {});
  poisoned.layer1.namedBuffers()[0][1].assign(tf.fill([64], NaN));
  rmSync(file, { force: true });
  const before = tf.memory().numTensors;
  for (const [network, message] of cases) {
    assert.throws(
      () => saveOnnx(file, network, { size: 32 }),
      (error: Error) => message.test(error.message) && !error.message.includes('\n'),
      String(message),
    );
  }
  assert.equal(tf.memory().numTensors, before);
  assert.throws(() => saveOnnx(file, cases[0][0], { size: 0 }), /size must be an integer from 1, not 0/);
  const network = tiny();
  assert.throws(
    () => saveOnnx(join(scratch, 'none', 'a.onnx'), network, { size: 32 }),
    /cannot write .*no such file/,
  );
  assert.deepEqual(readdirSync(scratch), []);
  [network, ...cases.map(([each]) => each)].forEach((each) => each.dispose());
});

/** The part of onnxruntime-node that is used here. */
interface Runtime {
  InferenceSession: {
    create(path: string): Promise<{
      inputNames: string[];
      outputNames: string[];
      run(feeds: object): Promise<Record<string, { data: Float32Array; dims: number[] }>>;
      release(): Promise<void>;
    }>;
  };
  Tensor: new (type: string, data: Float32Array, dims: readonly number[]) => unknown;
}

/**
 * onnxruntime-node is no dependency: it brings 300 MB, half of them for other systems, and its set-up downloads more. Where
 * it is installed, this names a folder that has it in its node_modules.
 */
const place = process.env.RESNET_WORKBOOK_ONNXRUNTIME;
const skip = !place && 'RESNET_WORKBOOK_ONNXRUNTIME names no folder with onnxruntime-node';

for (const [name, build] of Object.entries({ ...TORCHVISION, ...OTHERS })) {
  test(`${name}: onnxruntime computes the network's logits`, { skip }, async () => {
    const runtime = createRequire(resolve(projectRoot(), place!, 'index.js'))('onnxruntime-node') as Runtime;
    const network = fill(build());
    saveOnnx(file, network, { size: 48 });
    const session = await runtime.InferenceSession.create(file);
    assert.deepEqual([session.inputNames, session.outputNames], [['pictures'], ['logits']]);
    for (const count of [1, 3]) {
      const x = pictures(`pictures ${count}`, [count, 3, 48, 48], 2);
      const expected = logitsOf(network, x);
      const numbers = tf.tidy(() => tf.transpose(x, [0, 3, 1, 2]).dataSync<'float32'>());
      const { logits } = await session.run({
        pictures: new runtime.Tensor('float32', numbers, [count, 3, 48, 48]),
      });
      assert.deepEqual(logits.dims, [count, network.fc.outFeatures]);
      const { difference, largest } = compare(logits.data, expected);
      assert.ok(largest > 0.1 && difference < 1e-4, `${difference} of ${largest}`);
      x.dispose();
    }
    await session.release();
    network.dispose();
  });
}
