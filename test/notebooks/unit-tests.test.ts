import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { root, start, temporaryFolder } from './project';

const FILES = {
  mixed: `const { test, describe } = require('node:test');
    describe('suite', () => {
      test('fine', () => {});
      test('broken', () => { throw new Error('one is not two'); });
      test('later', { skip: 'no data' }, () => {});
      test('outer', async (t) => { await t.test('inner', () => { throw new Error('inner broke'); }); });
    });`,
  empty: '',
  unloadable: "throw new Error('does not load');",
};

test('npm test counts what ran: failures in suites and subtests, and files in which nothing ran', async () => {
  const folder = temporaryFolder();
  try {
    const files = Object.entries(FILES).map(([name, text]) => {
      const file = path.join(folder, `${name}.test.js`);
      fs.writeFileSync(file, text);
      return file;
    });
    const runner = path.join(folder, 'run.mjs');
    const module = pathToFileURL(path.join(root, 'data-scripts', 'lib', 'unit-tests.mjs')).href;
    fs.writeFileSync(
      runner,
      `import { unitTests } from '${module}';
      const tally = { passed: 0, failed: 0, skipped: [] };
      await unitTests(${JSON.stringify(files)}, tally);
      console.log(JSON.stringify(tally));`,
    );
    const { output } = await start(process.execPath, [runner]).ended;
    const tally = JSON.parse(output.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
    assert.deepEqual([tally.passed, tally.failed], [1, 4], output);
    assert.match(String(tally.skipped), /mixed\.test\.ts: later \(no data\)/);
    for (const words of ['one is not two', 'inner broke', 'no test in it ran', 'does not load']) {
      assert.ok(output.includes(words), `"${words}" is missing in:\n${output}`);
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});
