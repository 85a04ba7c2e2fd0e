import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { progressHtml } from '../../src/notebook/progressBar';
import { type ProgressState, startProgress } from '../../src/progress';
import { inKernel } from './inKernel';

const state: ProgressState = {
  label: 'Epoch 1/10 <training>',
  unit: 'images',
  done: 1200,
  total: 2000,
  elapsed: 30,
  values: { loss: 0.4132 },
  finished: false,
};

test('the bar is labelled and escaped, and goes when the work is over', () => {
  const html = progressHtml(state);
  assert.match(html, /<progress value="1200" max="2000" aria-label="Epoch 1\/10 &lt;training&gt;"/);
  assert.doesNotMatch(html, /<training>/);
  assert.doesNotMatch(progressHtml({ ...state, finished: true }), /<progress/);
});

test('loading the notebook display makes it the way that data and training report', async () => {
  const written = await inKernel(async () => {
    const progress = startProgress(1000, { label: 'here' });
    await sleep(30);
    progress.update(1);
    progress.stop('enough');
  });
  assert.deepEqual(
    written.map(({ update }) => update),
    [false, true],
    'one output, in place',
  );
  const [bar, end] = written.map(({ data }) => String(data['text/html']));
  assert.match(bar, /^<div><progress value="1" max="1000" aria-label="here"/);
  assert.match(end, />here: stopped at 1\/1,000 \(enough\), /);
  assert.doesNotMatch(end, /<progress/);
});
