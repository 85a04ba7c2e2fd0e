import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { executor, fixture, script, temporaryFolder, until, withoutPython } from './project';

/** What each broken fixture must be reported with: the cell (of all cells, from 1), and words of kind and error. */
const FAULTS: [fixture: string, cell: number, words: string[]][] = [
  ['throws', 3, ['the cell failed', 'RangeError: expected 2 channels, got 1', '// a second cell']],
  ['type-error', 3, ['the cell failed', "Type 'number' is not assignable to type 'string'"]],
  ['unawaited-rejection', 2, ['nobody awaited', 'no such folder', 'noticed in cell 3']],
  ['rejected-last-expression', 3, ['nobody awaited', 'nobody looked']],
  ['timer-throw', 2, ['timer', 'too late']],
  ['console-error', 2, ['console.error', 'accuracy is not a number']],
  ['exit-code', 2, ['process.exitCode was set to 3']],
];

describe('executing notebooks', { skip: withoutPython, concurrency: 4 }, () => {
  const out = temporaryFolder();
  after(() => {
    fs.rmSync(out, { recursive: true, force: true });
  });

  test('a notebook without faults leaves an executed copy, and progress shows its last state', async () => {
    const { status, output } = await executor('good', out).ended;
    assert.equal(status, 0, output);
    assert.match(output, /good: 8 cells in \d/);
    const copy = JSON.parse(fs.readFileSync(path.join(out, 'good.ipynb'), 'utf8')) as {
      cells: { outputs?: { text?: string; data?: Record<string, unknown> }[] }[];
      metadata: { run: { seconds: number } };
    };
    assert.deepEqual(
      copy.cells[3].outputs?.map(({ text }) => text),
      [['8 b.txt\n']],
    );
    assert.equal(copy.cells[4].outputs?.length, 1);
    assert.match(JSON.stringify(copy.cells[4].outputs), /step 3 of 3/);
    assert.ok(copy.metadata.run.seconds > 0);
  });

  for (const [name, cell, words] of FAULTS) {
    test(`${name} is reported with notebook, cell and error`, async () => {
      const { status, output } = await executor(name, out).ended;
      assert.equal(status, 1, output);
      assert.ok(output.includes(`${name}.ipynb, cell ${cell} of `), output);
      for (const word of words) assert.ok(output.includes(word), `"${word}" is missing in:\n${output}`);
      assert.ok(!fs.existsSync(path.join(out, `${name}.ipynb`)), 'a failed run leaves no executed copy');
    });
  }

  test('npm start ends with the status and the report of a broken cell, and goes no further', async () => {
    const pictures = path.join(out, 'pictures');
    for (const split of ['train', 'eval']) fs.mkdirSync(path.join(pictures, split), { recursive: true });
    const { status, output } = await script('start.mjs', '--no-setup', fixture('throws'), '--data', pictures);
    assert.equal(status, 1, output);
    assert.match(output, /throws\.ipynb, cell 3 of 4: the cell failed/);
    assert.doesNotMatch(output, /Pages|Done/);
  });

  test('an interrupt ends it, and the kernel with it, even in a loop that never yields', async () => {
    const pidFile = path.join(out, 'kernel-pid');
    const { child, ended } = executor('endless', out, { KERNEL_PID_FILE: pidFile });
    await until(() => fs.existsSync(pidFile), 30);
    const kernel = Number(fs.readFileSync(pidFile, 'utf8'));
    await wait(300); // the loop is in the cell after
    child.kill('SIGINT');
    const { status, output } = await ended;
    assert.equal(status, 130, output);
    assert.match(output, /endless: interrupted/);
    assert.throws(() => process.kill(kernel, 0), { code: 'ESRCH' });
  });
});
