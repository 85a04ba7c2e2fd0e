import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import {
  executor,
  fixture,
  python,
  root,
  script,
  start,
  temporaryFolder,
  until,
  withoutPython,
} from './project';

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

interface Executed {
  cells: { outputs?: { name?: string; text?: string[]; data?: Record<string, unknown> }[] }[];
}

/** As papermill does it, which has no place of its own here. */
const IN_ROOT = `
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], 4)
NotebookClient(notebook, resources={"metadata": {"path": "."}}).execute()
nbformat.write(notebook, sys.argv[1])`;

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

  test('an interrupt ends it, and the kernel with it, even in a loop that never yields', async (t) => {
    const pidFile = path.join(out, 'kernel-pid');
    const { child, ended } = executor('endless', out, { KERNEL_PID_FILE: pidFile });
    t.after(() => child.kill()); // where it comes to no kernel
    await until(() => fs.existsSync(pidFile), 120);
    const kernel = Number(fs.readFileSync(pidFile, 'utf8'));
    await wait(300); // the loop is in the cell after
    child.kill('SIGINT');
    const { status, output } = await ended;
    assert.equal(status, 130, output);
    assert.match(output, /endless: interrupted/);
    assert.throws(() => process.kill(kernel, 0), { code: 'ESRCH' });
  });

  /** A notebook of one cell and a Chinese name. */
  function chinese(source: string, folder = out): string {
    const file = path.join(fs.mkdtempSync(path.join(folder, 'test-')), '损失.ipynb');
    const cell = { cell_type: 'code', id: 'a', metadata: {}, execution_count: null, outputs: [], source };
    const metadata = { kernelspec: { name: 'tslab', display_name: 'tslab', language: 'typescript' } };
    fs.writeFileSync(file, JSON.stringify({ cells: [cell], metadata, nbformat: 4, nbformat_minor: 5 }));
    return file;
  }
  /** Executes it where the system's encoding is another than UTF-8. */
  const executeIn = (locale: string, file: string): ReturnType<typeof start>['ended'] =>
    start(python, [path.join(root, 'data-scripts', 'notebooks', 'execute.py'), '--out', out, file], {
      JUPYTER_PREFER_ENV_PATH: '1',
      PYTHONUTF8: '0',
      PYTHONCOERCECLOCALE: '0',
      LC_ALL: locale,
      LOCPATH: out,
    }).ended;

  const localedef = ['-i', 'zh_CN', '-f', 'GB18030', path.join(out, 'zh_CN.GB18030')];
  const gb18030 = withoutPython ? null : spawnSync('localedef', localedef).status;
  for (const [locale, skip] of [
    ['C', false],
    ['zh_CN.GB18030', gb18030 !== 0 && 'localedef makes no zh_CN.GB18030 here'],
  ] as const) {
    test(`a report in Chinese is whole under the locale ${locale}`, { skip }, async () => {
      const file = chinese("console.error('损失不是数\\u2028第二行')");
      const { status, output } = await executeIn(locale, file);
      assert.equal(status, 1, output);
      assert.match(output, /损失\.ipynb, cell 1 of 1: console\.error/);
      assert.match(output, /\| console\.error\('损失不是数/);
      assert.match(output, /^ {4}损失不是数$/m);
      assert.match(output, /^ {4}第二行$/m);
    });
  }

  test('half a character that a cell prints ends neither the run nor the report', async () => {
    const half = String.raw`'准确率 \ud83d'`;
    const good = await executeIn('C', chinese(`console.log(${half})`));
    assert.equal(good.status, 0, good.output);
    assert.match(fs.readFileSync(path.join(out, '损失.ipynb'), 'utf8'), /准确率 \?/);
    const bad = await executeIn('C', chinese(`throw new Error(${half})`));
    assert.equal(bad.status, 1, bad.output);
    assert.match(bad.output, /准确率 /);
  });

  for (const [how, args] of [
    ['jupyter nbconvert', ['-m', 'nbconvert', '--to', 'notebook', '--execute', '--inplace']],
    ['papermill, which starts the kernel in the root,', ['-c', IN_ROOT]],
  ] as const) {
    test(`${how} executes a notebook of the project from the root`, async (t) => {
      // Within the project, where the library is found.
      const source = "import { resnet18 } from 'resnet-workbook';\nconsole.log(resnet18.name);";
      const file = chinese(source, path.join(root, '.cache'));
      t.after(() => {
        fs.rmSync(path.dirname(file), { recursive: true });
      });
      const { status, output } = await start(python, [...args, file]).ended;
      assert.equal(status, 0, output);
      const [{ outputs }] = (JSON.parse(fs.readFileSync(file, 'utf8')) as Executed).cells;
      assert.deepEqual(
        outputs?.map(({ name, text }) => [name, text]),
        [['stdout', ['resnet18\n']]],
      );
    });
  }
});

describe('the time left that is shown', { skip: withoutPython }, () => {
  type Case = [previous: number[], done: number[], running: number];
  /** Of each case, by the executor's own function. */
  function timesLeft(cases: Case[]): (number | null)[] {
    const code = `import json, sys
sys.path.insert(0, ${JSON.stringify(path.join(root, 'data-scripts', 'notebooks'))})
from execute import time_left
print(json.dumps([time_left(*each) for each in json.load(sys.stdin)]))`;
    const { stdout, stderr } = spawnSync(python, ['-c', code], {
      encoding: 'utf8',
      input: JSON.stringify(cases),
    });
    return JSON.parse(stdout || stderr) as (number | null)[];
  }
  /** What is shown each second of a run. */
  function shown(previous: number[], now: number[]): { left: number | null; true: number }[] {
    const total = now.reduce((a, b) => a + b, 0);
    const moments = now.flatMap((seconds, here) =>
      Array.from({ length: Math.ceil(seconds) }, (_, second) => ({ here, second })),
    );
    const times = timesLeft(moments.map(({ here, second }) => [previous, now.slice(0, here), second]));
    return moments.map(({ here, second }, at) => ({
      left: times[at],
      true: total - now.slice(0, here).reduce((a, b) => a + b, 0) - second,
    }));
  }

  test('is what the earlier run tells, where this one goes as fast', () => {
    for (const { left, true: real } of shown([1, 20, 5, 40, 3], [1, 20, 5, 40, 3])) assert.equal(left, real);
  });

  test('comes to twice as much where this run takes twice as long', () => {
    const times = shown(Array<number>(30).fill(4), Array<number>(30).fill(8));
    for (const { left, true: real } of times.slice(60, 200))
      assert.ok(Math.abs(left! / real - 1) < 0.1, `${left} instead of ${real}`);
  });

  test('is not told while a cell takes much longer than it did, and is right again after it', () => {
    const previous = [1, 2, 20, 30, 20, 40]; // as without weights
    const now = [1, 2, 400, 600, 400, 800];
    const times = shown(previous, now);
    assert.ok(times.slice(60, 400).every(({ left }) => left === null));
    assert.ok(times[4].left! > 100); // as long as nothing speaks against it
    const { left, true: real } = times[1 + 2 + 400 + 600 + 10];
    assert.ok(Math.abs(left! / real - 1) < 0.3, `${left} instead of ${real}`);
  });

  test('never stands still while a cell runs', () => {
    const previous = Array.from({ length: 20 }, (_, i) => (i * 7) % 11);
    const now = Array.from({ length: 20 }, (_, i) => (i * 5) % 17);
    const runs = now.map((seconds, here) =>
      Array.from({ length: seconds + 1 }, (_, second): Case => [previous, now.slice(0, here), second]),
    );
    const times = timesLeft(runs.flat());
    for (const run of runs) {
      const [first, ...later] = times.splice(0, run.length);
      let before = first;
      for (const left of later) {
        if (before === null || left === null)
          assert.equal(left, null); // once silent, silent
        else assert.ok(left <= Math.max(0, before - 0.99), `${before}, then ${left}`);
        before = left;
      }
    }
  });

  test('is nothing without an earlier run', () => {
    assert.deepEqual(timesLeft([[[], [], 3]]), [0]);
  });
});
