import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { translator } from '../../data-scripts/languages/outputs.cjs';
import { sideBySideHtml, torchvisionSource } from '../../src/notebook/sideBySide';
import { root } from '../setup/scripts';

const row = { theirs: 'identity = x\nx = other', ours: 'let identity = x;', same: true, reason: '' };
const html = sideBySideHtml([row], { theirs: 'resnet.py', ours: 'resnet.ts' });

test("a note stands at the end of torchvision's line, and nowhere else", () => {
  const notes = { 'identity = x': '记住<x>', 'let identity': 'no whole line' };
  const { bundle } = translator({ outputs: {}, comments: {}, notes, words: {} });
  const shown = bundle({ 'text/html': html })['text/html'];
  assert.equal(shown, html.replace('identity = x</div>', 'identity = x  # 记住&lt;x&gt;</div>'));
});

test('without notes nothing is added', () => {
  const { bundle } = translator({ outputs: {}, comments: {}, words: {} });
  assert.deepEqual(bundle({ 'text/html': html }), { 'text/html': html });
});

test('every note of an edition is on a line that there is', (t) => {
  const torchvision = torchvisionSource();
  if (!torchvision) return t.skip("no torchvision's resnet.py: npm run setup brings it");
  const lines = new Set(torchvision.text.split('\n').map((line) => line.trim()));
  const notes = readFileSync(join(root, 'notebooks/zh/notes.json'), 'utf8');
  assert.deepEqual(
    Object.keys(JSON.parse(notes) as object).filter((line) => !lines.has(line)),
    [],
  );
});
