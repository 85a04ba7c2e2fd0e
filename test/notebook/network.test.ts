import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resnet34, resnet50 } from '../../src/models/builders';
import { CifarResNet } from '../../src/models/cifar';
import type { Module } from '../../src/nn/module';
import { traceNetwork } from '../../src/notebook/network';

const kinds = (model: Module, side: number) => {
  const groups = traceNetwork(model, [1, side, side, 3]);
  const count = (kind: string) => groups.filter(({ shortcut }) => shortcut === kind).length;
  const labels = groups.flatMap(({ boxes }) => boxes.map(({ label }) => label));
  return { labels, identity: count('identity'), projection: count('projection') };
};

test("the 34-layer network is the paper's figure 3: 34 layers with weights, 3 of 16 shortcuts dashed", () => {
  const before = tf.memory().numTensors;
  const model = resnet34({ numClasses: 10 }).train();
  const { labels, identity, projection } = kinds(model, 64);
  const weighted = labels.filter((label) => !label.includes('pool'));
  assert.equal(weighted.length, 34);
  assert.deepEqual(
    [weighted[0], weighted[7], weighted[33]],
    ['7×7 conv, 64, /2', '3×3 conv, 128, /2', 'fc, 10'],
  );
  assert.deepEqual([identity, projection], [13, 3]);
  assert.ok(model.modules().every(({ training }) => training));
  model.dispose();
  assert.equal(tf.memory().numTensors, before);
});

test('bottlenecks have three layers each, plain networks no shortcuts, option A shortcuts with layers', () => {
  const deep = resnet50({ numClasses: 10 });
  const { labels, identity, projection } = kinds(deep, 64);
  assert.equal(labels.filter((label) => label.includes('conv')).length, 49);
  assert.deepEqual([identity, projection], [12, 4]);
  deep.dispose();
  for (const [shortcut, expected] of [
    ['none', [0, 0]],
    ['A', [7, 2]],
  ] as const) {
    const model = new CifarResNet(20, { shortcut });
    const found = kinds(model, 32);
    assert.equal(found.labels.filter((label) => label.includes('conv')).length, 19);
    assert.deepEqual([found.identity, found.projection], expected);
    model.dispose();
  }
});
