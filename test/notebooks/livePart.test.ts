import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { load } from '../setup/scripts';
import { temporaryFolder } from './project';

/** What data-scripts/pages/live.mjs exports, as far as it is tested. */
interface Live {
  keptModel(notebook: { cells: object[] }): string | undefined;
  livePart(
    name: string,
    page: { say: (english: string) => string; statics: string; chapter?: string },
  ): string;
}

const cell = (text: string, tags?: string[]): object => ({
  metadata: { tags },
  outputs: [{ output_type: 'stream', name: 'stdout', text: [text] }],
});

test('the model that a run has kept is known by the hash that the tagged cell prints', async () => {
  const { keptModel } = await load<Live>('data-scripts/pages/live.mjs');
  const other = cell('SHA-256 000000000000\n');
  assert.equal(
    keptModel({ cells: [other, cell('kept, SHA-256 688dc2537be3.\n', ['live-model'])] }),
    '688dc2537be3',
  );
  assert.equal(keptModel({ cells: [other] }), undefined);
  assert.equal(keptModel({ cells: [{ metadata: { tags: ['live-model'] } }] }), undefined); // not executed
});

test('a live part says how much it loads, and is left out where its network is missing', async () => {
  const { livePart } = await load<Live>('data-scripts/pages/live.mjs');
  const statics = temporaryFolder();
  const page = { say: (english: string) => english, statics, chapter: '4-name' };
  fs.writeFileSync(path.join(statics, 'live.js'), 'x'.repeat(600_000));
  assert.equal(livePart('model', page), '');
  assert.match(livePart('scale', page), /^<div class="live" data-live="scale"><p>.*About 0\.6 MB are loaded/);
  fs.writeFileSync(path.join(statics, 'live-model-4-name.js'), 'x'.repeat(1_300_000));
  assert.match(
    livePart('model', page),
    /^<div class="live" data-live="picture" data-model="4-name"><p>.*About 1\.9 MB are loaded/,
  );
  assert.throws(() => livePart('none', page), /There is no live part none; there are picture, model/);
  fs.rmSync(statics, { recursive: true });
});
