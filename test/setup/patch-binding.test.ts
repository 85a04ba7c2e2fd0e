import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { load, root } from './scripts';

interface PatchBinding {
  patchedFiles: string[];
  withAdditions(file: string, source: string): string | null;
}

test('what is added to the binding goes in once, whatever was added before', async () => {
  const { patchedFiles, withAdditions } = await load<PatchBinding>('data-scripts/setup/patch-binding.mjs');
  const folder = path.join(root, 'node_modules/@tensorflow/tfjs-node/binding');
  const all = patchedFiles.map((file) => {
    const once = withAdditions(file, readFileSync(path.join(folder, file), 'utf8'));
    assert.ok(once, file);
    assert.equal(withAdditions(file, once), once);
    const older = once.replace(/(>>> resnet-workbook\n)[^\n]*/, '$1// older');
    assert.notEqual(older, once);
    assert.equal(withAdditions(file, older), once);
    assert.equal(withAdditions(file, 'another version'), null);
    return once;
  });
  for (const added of [
    'bool AssignListAttr(',
    'napi_value AddFunction(',
    '{"removeFunction"',
    'TFE_Context *context()',
  ])
    assert.equal(all.join('').split(added).length, 2, added);
});

const loads = "console.log(require('@tensorflow/tfjs-node').scalar(7).dataSync()[0])";

/** What loading TensorFlow and a first op leave on stderr. */
function said(env: NodeJS.ProcessEnv): string {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['-r', path.join(root, 'data-scripts', 'kernel', 'node-compat.cjs'), '-e', loads],
    {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: undefined, TF_CPP_MIN_LOG_LEVEL: undefined, ...env },
    },
  );
  assert.equal(stdout, '7\n', stderr);
  return stderr;
}

test('TensorFlow says nothing of itself, from the first line on, unless it is asked to', () => {
  // As on a processor for which oneDNN is on by itself.
  assert.equal(said({ TF_ENABLE_ONEDNN_OPTS: '1' }), '');
  const all = said({ TF_ENABLE_ONEDNN_OPTS: '1', TF_CPP_MIN_LOG_LEVEL: '0' });
  if (process.platform === 'linux') assert.match(all, /oneDNN custom operations are on/);
  assert.match(all, /This TensorFlow binary is optimized/);
});

test('what is as grave as the level asked for is said, also before TensorFlow has started', () => {
  const level = (TF_CPP_MIN_LOG_LEVEL: string): string =>
    said({ TF_ENABLE_ONEDNN_OPTS: '7', TF_CPP_MIN_LOG_LEVEL });
  if (process.platform === 'linux') assert.match(level('1'), /TF_ENABLE_ONEDNN_OPTS is not set to/);
  assert.equal(level('2'), '');
});
