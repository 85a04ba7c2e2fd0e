import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs-node';
import { CifarResNet } from '../../src/models/cifar';
import { showBlocks } from '../../src/notebook/blocks';
import { escapeHtml } from '../../src/html';
import { Output, inNotebook, show } from '../../src/notebook/display';
import { showFeatureMaps } from '../../src/notebook/featureMaps';
import { type Figure, showFigure } from '../../src/notebook/figure';
import { showImages } from '../../src/notebook/images';
import { liveFigure, liveHistory } from '../../src/notebook/live';
import { showNetwork } from '../../src/notebook/network';
import { linePlot } from '../../src/notebook/plots';
import { versions } from '../../src/notebook/versions';
import type { EpochRecord } from '../../src/training/history';
import { inKernel } from './inKernel';

test('plain Node is no notebook; a kernel is', async () => {
  assert.equal(inNotebook(), false);
  await inKernel(() => assert.equal(inNotebook(), true));
  assert.equal(inNotebook(), false);
});

test('an output is replaced in place, and two outputs are two', async () => {
  const written = await inKernel(() => {
    const output = new Output();
    output.set({ 'text/plain': 'one' });
    output.set({ 'text/plain': 'two' });
    show({ 'text/plain': 'other' });
  });
  assert.deepEqual(
    written.map(({ update }) => update),
    [false, true, false],
  );
  const ids = written.map(({ transient }) => transient.display_id);
  assert.equal(ids[0], ids[1]);
  assert.notEqual(ids[0], ids[2]);
});

test('figures say in their metadata that they are, with their captions; other outputs do not', async () => {
  const pixels = tf.zeros([1, 2, 2, 3]);
  const net = new CifarResNet(20);
  const written = await inKernel(async () => {
    showFigure(linePlot([{ name: 'loss', y: [1, 2] }], { title: 'Loss<br>by <b>epoch</b>' }));
    const picture = { data: new Float32Array(12), height: 2, width: 2, channels: 3 as const };
    await showImages(picture, { caption: 'R&D' });
    await showImages(picture);
    await showFeatureMaps(pixels, { caption: 'maps' });
    showBlocks([{ title: 'one', block: net.layer1.children()[0], input: [1, 8, 8, 16] }], {
      caption: 'a block',
    });
    showNetwork([{ title: 'one', model: net, input: [1, 32, 32, 3] }], { caption: 'a network' });
    show({ 'text/plain': 'words' });
  });
  assert.deepEqual(
    written.map(({ metadata }) => metadata.figure?.caption),
    ['Loss by epoch', 'R&D', '', 'maps', 'a block', 'a network', undefined],
  );
  pixels.dispose();
  net.dispose();
});

test('a live figure is drawn as it grows and ends as an interactive one, in the same place', async () => {
  const first = linePlot([{ name: 'loss', y: [2] }]);
  const last = linePlot([{ name: 'loss', y: [2, 1] }]);
  const written = await inKernel(() => {
    const live = liveFigure();
    live.update(first);
    live.update(last); // too soon after the first to be drawn
    live.finish();
    live.finish();
    live.update(first);
  });
  assert.deepEqual(
    written.map(({ data }) => Object.keys(data)),
    [
      ['text/html', 'text/plain'],
      ['application/vnd.plotly.v1+json', 'text/plain'],
    ],
  );
  assert.deepEqual(
    written.map(({ update }) => update),
    [false, true],
  );
  assert.match(String(written[1].data['text/plain']), /loss from 2 to 1/);
  assert.deepEqual(
    written.map(({ metadata }) => metadata),
    [{}, { figure: { caption: '' } }],
  );
});

test('a history draws itself while it grows, and its end is a figure of both lines', async () => {
  const history = [1, 2, 3].map(
    (epoch) => ({ epoch, trainAcc: 0.25 * epoch, valAcc: 0.2 * epoch }) as EpochRecord,
  );
  for (const [options, names] of [
    [undefined, ['training', 'held-out pictures']],
    [{ names: ['seen', 'not seen'] as const }, ['seen', 'not seen']],
  ] as const) {
    const written = await inKernel(() => {
      const live = liveHistory('Fine-tuning', options);
      history.forEach((_, i) => live.update(history.slice(0, i + 1)));
      live.finish();
    });
    assert.deepEqual(Object.keys(written[0].data), ['text/html', 'text/plain']);
    const figure = written.at(-1)!.data['application/vnd.plotly.v1+json'] as Figure;
    const lines = figure.data as { name: string; y: number[] }[];
    assert.deepEqual(
      lines.map(({ name }) => name),
      names,
    );
    assert.equal(lines[1].y.length, 3);
    assert.ok(Math.abs(lines[1].y[0] - 0.2) < 1e-12 && Math.abs(lines[1].y[2] - 0.6) < 1e-12);
  }
});

test('versions name what really runs', () => {
  const named = versions();
  assert.equal(named['Node.js'], process.versions.node);
  assert.match(named.TensorFlow, /^\d+\.\d+\.\d+/);
  assert.match(named['resnet-workbook'], /^\d+\.\d+\.\d+/);
});

test('HTML is escaped in content and in attributes', () => {
  assert.equal(
    escapeHtml(`<a href="x" id='y'>&</a>`),
    '&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;&lt;/a&gt;',
  );
});
