import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs-node';
import { CifarBlock } from '../../src/models/cifar';
import { BasicBlock, Bottleneck, conv1x1 } from '../../src/models/resnet';
import { BatchNorm2d } from '../../src/nn/norm';
import { Sequential } from '../../src/nn/layers';
import { labelOf, showBlocks } from '../../src/notebook/blocks';
import { type Step, traceBlock } from '../../src/notebook/trace';
import { inKernel } from './inKernel';
import { readDrawings } from './drawings';

const labels = (steps: Step[] | null) => steps?.map(labelOf);

test('an identity shortcut is found as an addition with no layer beside F(x)', () => {
  const block = new BasicBlock(8, 8);
  const trace = traceBlock(block, [1, 6, 6, 8]);
  assert.deepEqual(labels(trace.main), [
    '3×3 conv, 8 → 8',
    'batch norm',
    'relu',
    '3×3 conv, 8 → 8',
    'batch norm',
  ]);
  assert.deepEqual(labels(trace.shortcut), []);
  assert.deepEqual(labels(trace.after), ['relu']);
  block.dispose();
});

test('the layers of a projection are told from those of F(x), with their shapes', () => {
  const downsample = new Sequential(conv1x1(16, 32, 2), new BatchNorm2d(32));
  const block = new Bottleneck(16, 8, { stride: 2, downsample });
  const trace = traceBlock(block, [2, 6, 6, 16]);
  assert.equal(trace.main.length, 8);
  assert.deepEqual(labels(trace.shortcut), ['1×1 conv, 16 → 32, /2', 'batch norm']);
  assert.deepEqual(trace.shortcut?.[1].shape, [2, 3, 3, 32]);
  assert.deepEqual(trace.output, [2, 3, 3, 32]);
  block.dispose();
});

test('a plain block has no shortcut, and option A shows its subsampling', () => {
  const plain = new CifarBlock(4, 8, 2, 'none');
  const padded = new CifarBlock(4, 8, 2, 'A');
  assert.equal(traceBlock(plain, [1, 8, 8, 4]).shortcut, null);
  assert.deepEqual(labels(traceBlock(padded, [1, 8, 8, 4]).shortcut), ['subsample, zero-pad']);
  plain.dispose();
  padded.dispose();
});

test('tracing leaves the block as it was', () => {
  const block = new BasicBlock(4, 4);
  const x = tf.randomNormal([2, 5, 5, 4]);
  const { numTensors } = tf.memory();
  const before = [...block.stateDict().entries()].map(([name, { data }]) => [
    name,
    [...(data as Float32Array)],
  ]);
  traceBlock(block, [1, 5, 5, 4]);
  assert.equal(tf.memory().numTensors, numTensors);
  assert.equal(block.training, true);
  assert.equal(Object.hasOwn(block.conv1, 'forward'), false);
  const after = [...block.stateDict().entries()].map(([name, { data }]) => [
    name,
    [...(data as Float32Array)],
  ]);
  assert.deepEqual(after, before);
  block.forward(x).dispose();
  block.dispose();
  x.dispose();
});

test('an identity shortcut is drawn beside the layers, around them and into the sum', async () => {
  const block = new BasicBlock(8, 8);
  const [{ data }] = await inKernel(() =>
    showBlocks([{ title: 'Basic <1>', block, input: [1, 6, 6, 8] }], { caption: 'One & only' }),
  );
  block.dispose();
  const html = String(data['text/html']);
  assert.match(html, /<figcaption>One &amp; only<\/figcaption><\/figure>$/);
  const [{ words, texts, boxes, paths, circles }] = readDrawings(html);
  assert.equal(
    words,
    'Basic &lt;1&gt;: 3×3 conv, 8 → 8; batch norm; relu; 3×3 conv, 8 → 8; batch norm; ' +
      'to this is added: the input itself; then relu.',
  );
  assert.equal(data['text/plain'], words.replace('&lt;1&gt;', '<1>'));
  // The layers of F(x) and, after the sum, relu; all in one column and one below the other.
  assert.deepEqual(
    boxes.map(({ label }) => label),
    ['3×3 conv, 8 → 8', 'batch norm', 'relu', '3×3 conv, 8 → 8', 'batch norm', 'relu'],
  );
  assert.equal(new Set(boxes.map(({ x }) => x)).size, 1);
  boxes.slice(1).forEach(({ y }, i) => assert.ok(y >= boxes[i].y + boxes[i].height, `box ${i + 1}`));
  for (const label of ['x: 6 × 6 × 8', 'F(x)', 'identity', 'x', 'y: 6 × 6 × 8'])
    assert.ok(texts.includes(label), label);
  // The shortcut leaves above the first box, to the right of all of them, and ends at the sum's height.
  const [{ y: sum }] = circles;
  assert.ok(sum > boxes[4].y + boxes[4].height && sum < boxes[5].y);
  const [, y, side, end] = paths.map((d) => /^M\d+ (\d+)H(\d+)V(\d+)$/.exec(d)).find(Boolean) ?? [];
  assert.ok(Number(y) < boxes[0].y && Number(side) > boxes[0].x + boxes[0].width);
  assert.equal(Number(end), sum);
});

test('a projection is drawn in boxes beside F(x), plain blocks without a sum, each drawing as high as the other', async () => {
  const downsample = new Sequential(conv1x1(16, 32, 2), new BatchNorm2d(32));
  const bottleneck = new Bottleneck(16, 8, { stride: 2, downsample });
  const plain = new CifarBlock(4, 8, 2, 'none');
  const [{ data }] = await inKernel(() =>
    showBlocks([
      { title: 'projection', block: bottleneck, input: [1, 6, 6, 16] },
      { title: 'plain', block: plain, input: [1, 8, 8, 4] },
    ]),
  );
  [bottleneck, plain].forEach((block) => block.dispose());
  const html = String(data['text/html']);
  assert.doesNotMatch(html, /figcaption/);
  const [left, right] = readDrawings(html);
  assert.equal(left.height, right.height);
  const beside = left.boxes.filter(({ x, width }) => x > left.boxes[0].x + width);
  assert.deepEqual(
    beside.map(({ label }) => label),
    ['1×1 conv, 16 → 32, /2', 'batch norm'],
  );
  assert.ok(beside[1].x + beside[1].width <= left.width, 'within the drawing');
  assert.equal(left.boxes.length, 8 + 2 + 1);
  assert.ok(left.texts.includes('Wₛ x') && !left.texts.includes('identity'));
  assert.ok(left.texts.includes('3 × 3 × 8'), 'a shape that changes is written beside the layer');
  assert.equal(left.circles.length, 1);

  assert.deepEqual([right.circles.length, right.texts.includes('F(x)')], [0, false]);
  assert.ok(right.words.startsWith('plain: 3×3 conv, 4 → 8, /2; batch norm; relu; '));
});
