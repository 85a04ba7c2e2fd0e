import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resnet34, resnet50 } from '../../src/models/builders';
import { CifarResNet } from '../../src/models/cifar';
import type { Module } from '../../src/nn/module';
import { showNetwork } from '../../src/notebook/network';
import { readDrawings } from './drawings';
import { inKernel } from './inKernel';

async function draw(model: Module, side: number) {
  const networks = [{ title: 'A <net>', model, input: [1, side, side, 3] }];
  const [{ data }] = await inKernel(() => showNetwork(networks, { caption: 'Drawn' }));
  const html = String(data['text/html']);
  const [drawing] = readDrawings(html);
  const arcs = drawing.paths.filter((path) => path.includes('C'));
  return { html, drawing, arcs, text: data['text/plain'] };
}

/** The labels of the boxes, how many shortcuts are full lines, and how many are dashed. */
async function kinds(model: Module, side: number) {
  const { drawing, arcs } = await draw(model, side);
  const labels = drawing.boxes.map(({ label }) => label);
  return { labels, identity: arcs.length - drawing.dashed.length, projection: drawing.dashed.length };
}

test("the 34-layer network is the paper's figure 3: 34 layers with weights, 3 of 16 shortcuts dashed", async () => {
  const before = tf.memory().numTensors;
  const model = resnet34({ numClasses: 10 }).train();
  const { labels, identity, projection } = await kinds(model, 64);
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

test('bottlenecks have three layers each, plain networks no shortcuts, option A shortcuts with layers', async () => {
  const deep = resnet50({ numClasses: 10 });
  const { labels, identity, projection } = await kinds(deep, 64);
  assert.equal(labels.filter((label) => label.includes('conv')).length, 49);
  assert.deepEqual([identity, projection], [12, 4]);
  deep.dispose();
  for (const [shortcut, expected] of [
    ['none', [0, 0]],
    ['A', [7, 2]],
  ] as const) {
    const model = new CifarResNet(20, { shortcut });
    const found = await kinds(model, 32);
    assert.equal(found.labels.filter((label) => label.includes('conv')).length, 19);
    assert.deepEqual([found.identity, found.projection], expected);
    model.dispose();
  }
});

test('boxes stand one below the other, with the sizes beside them and a colour for each width; words say how many', async () => {
  const model = new CifarResNet(8, { shortcut: 'B' });
  const { html, drawing, arcs, text } = await draw(model, 32);
  model.dispose();
  const { boxes, circles, texts, words, height } = drawing;
  assert.deepEqual(
    boxes.map(({ label }) => label),
    [
      '3×3 conv, 16',
      '3×3 conv, 16',
      '3×3 conv, 16',
      '3×3 conv, 32, /2',
      '3×3 conv, 32',
      '3×3 conv, 64, /2',
      '3×3 conv, 64',
      'average pool',
      'fc, 10',
    ],
  );
  boxes.slice(1).forEach(({ y }, i) => assert.ok(y >= boxes[i].y + boxes[i].height, `box ${i + 1}`));
  assert.ok(height >= boxes[8].y + boxes[8].height);
  assert.deepEqual(
    texts.filter((each) => each.includes('×') && !each.includes('conv')),
    ['32 × 32', '16 × 16', '8 × 8', '1 × 1'],
    'a size is written where it changes',
  );
  const colors = boxes.map(({ stroke }) => stroke);
  assert.equal(new Set([colors[0], colors[3], colors[5]]).size, 3);
  assert.deepEqual([colors[2], colors[4], colors[6]], [colors[0], colors[3], colors[5]]);

  // Three shortcuts, around two boxes each: from above the first to below the second.
  const ends = arcs.map((arc) => /^M[\d.]+ ([\d.]+)H.* ([\d.]+)H[\d.]+$/.exec(arc)!.slice(1).map(Number));
  assert.equal(ends.length, 3);
  ends.forEach(([top, bottom], i) => {
    const [first, second, next] = boxes.slice(1 + 2 * i);
    assert.ok(top < first.y && bottom > second.y + second.height && bottom < next.y, `shortcut ${i}`);
    assert.equal(circles[i].y, bottom);
  });
  assert.equal(drawing.dashed.length, 2, 'the identity is a full line');

  assert.equal(
    words,
    'A &lt;net&gt;: 9 layers one after the other, 1 shortcuts that are the identity, 2 with layers of their own.',
  );
  assert.equal(text, words.replace('&lt;net&gt;', '<net>'));
  assert.match(html, /<figcaption>Drawn<\/figcaption><\/figure>$/);
});
