import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { load, root } from './scripts';

interface PatchBinding {
  withLists(source: string): string | null;
}

test('what is added to the binding goes in once, whatever was added before', async () => {
  const { withLists } = await load<PatchBinding>('data-scripts/patch-binding.mjs');
  const source = path.join(root, 'node_modules/@tensorflow/tfjs-node/binding/tfjs_backend.cc');
  const once = withLists(readFileSync(source, 'utf8'));
  assert.ok(once);
  assert.equal(withLists(once), once);
  assert.equal(withLists(once.replace('std::vector<TF_DataType> types(length);', '// older')), once);
  assert.equal(once.split('bool AssignListAttr(').length, 2);
  assert.equal(withLists('another version'), null);
});
