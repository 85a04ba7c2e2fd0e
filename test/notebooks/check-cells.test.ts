import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Ended, fixture, root, script } from './project';

/** Notebooks by name, each a list of code cells. */
const NOTEBOOKS: Record<string, string[]> = {
  redeclared: [
    'const size: number = 3;\nlet best = 0;\nfunction twice(x: number) {\n  return 2 * x;\n}',
    "import { basename } from 'node:path';\nconst size = basename('a/b');\nbest = size.length;",
    "import { basename } from 'node:path';\nclass Net {\n  depth = best;\n}\nconst name: string = size + basename('c');",
    "const twice = (text: string) => text + text;\nawait Promise.resolve();\nfor await (const x of [twice('a')]) console.log(x);",
    'class Net {\n  width = 2;\n}\nnew Net().width;',
  ],
  latest: [
    'const size = 3;\nlet count = 0;',
    "const size = 'large';",
    'const half = size / 2;',
    "count = 'many';",
  ],
  strict: [
    'function f(x) {\n  return x;\n}',
    'let maybe: string | undefined;\nfunction g() {\n  return maybe.length;\n}',
  ],
  expected: [
    'const a = 1;',
    "// @ts-expect-error a string is not a number\nconst b: number = 'x';",
    '// @ts-expect-error\nconst c = 2;',
  ],
  syntax: ['const a = {;', "const b: number = 'x';"],
  imports: [
    "import { join } from 'node:path';",
    "import { sep as join } from 'node:path';",
    'export const a = 1;',
  ],
  missing: ["import { nothing } from 'resnet-workbook';"],
  kernel_forms: [
    'const many = async function* () { yield { a: 1 }; };\nfor await (const each of many()) console.log(each);',
    'for await (const { a } of many()) console.log(await a);',
    'function f() {\n  const { a: b } = { a: 1 };\n  return b;\n}',
    'const [{ a: first }] = [{ a: 1 }];\nconst { a: second } = { a: 2 };\nconst g = ({ a: b }: { a: number }) => b;',
    'const own = 1;\nconst both = { own,\n  second };\nconst h = (given: number) => ({ given, g: g });',
  ],
  shadow: ['const size = 1;', 'const size = size + 1;'],
};

describe('type-checking cells', () => {
  // Inside the project, so that packages resolve as they do for the workbook's notebooks.
  const folder = path.join(root, '.cache', `check-cells-${process.pid}`);
  let result: Ended;
  const of = (name: string): string[] =>
    result.output.split('\n').filter((line) => line.includes(`${name}.ipynb, cell`));

  before(async () => {
    fs.mkdirSync(folder, { recursive: true });
    for (const [name, sources] of Object.entries(NOTEBOOKS))
      write(
        name,
        sources.map((source) => ({ source })),
      );
    write('outputs', [
      { source: '1;', execution_count: 4 },
      { source: '2;', outputs: [{ output_type: 'stream' }] },
    ]);
    write('kernel', [{ source: '1;' }], 'python3');
    write('long', [{ source: Array(50).fill('1;').join('\n') }]);
    const prose = (source: string): object => ({ cell_type: 'markdown', source });
    write('7-numbers', [
      prose('## 7.1 Begins'),
      prose('## Without a number'),
      prose('## 7.2 Goes on\n\n## 3. Strays'),
      { source: "const title = 'Figure 8a. What comes in';" },
    ]);
    const files = fs.readdirSync(folder).map((name) => path.join(folder, name));
    result = await script('notebooks/check-cells.mjs', ...files);
  });
  after(() => {
    fs.rmSync(folder, { recursive: true, force: true });
  });

  function write(name: string, cells: object[], kernel = 'tslab'): void {
    const notebook = {
      cells: cells.map((cell) => ({
        cell_type: 'code',
        metadata: {},
        outputs: [],
        execution_count: null,
        ...cell,
      })),
      metadata: { kernelspec: { name: kernel } },
      nbformat: 4,
      nbformat_minor: 5,
    };
    fs.writeFileSync(path.join(folder, `${name}.ipynb`), JSON.stringify(notebook));
  }

  test('sections are numbered in order after their chapter, and figures by the page', () => {
    assert.deepEqual(
      of('7-numbers').map((line) => line.replace(/^.*, cell /, '')),
      [
        '3, line 1:1: section "3. Strays": expected the number 7.3',
        '4, line 1:1: figures get their numbers on the page: leave out "Figure 8a."',
      ],
    );
  });
  test('forms that tslab compiles wrongly are named, and their like that it compiles rightly are not', () => {
    assert.deepEqual(
      of('kernel_forms').map((line) => /cell (\d, line \d)/.exec(line)?.[1]),
      ['1, line 2', '3, line 2', '4, line 1', '5, line 3'],
    );
  });
  test('it ends with a non-zero status', () => {
    assert.equal(result.status, 1);
  });
  test('later cells may declare and import a name again, and await', () => {
    assert.deepEqual(of('redeclared'), []);
  });
  test('a name means its latest declaration, and assignments keep its type', () => {
    const [half, count, ...rest] = of('latest');
    assert.match(half, /cell 3, line 1:14: .*left-hand side of an arithmetic operation/);
    assert.match(count, /cell 4, line 1:1: Type 'string' is not assignable to type 'number'/);
    assert.deepEqual(rest, []);
  });
  test('cells are checked strictly', () => {
    const [implicit, possibly] = of('strict');
    assert.match(implicit, /cell 1, line 1:12: Parameter 'x' implicitly has an 'any' type/);
    assert.match(possibly, /cell 2, line 3:10: 'maybe' is possibly 'undefined'/);
  });
  test('an expected error is none, and an expected one that does not come is one', () => {
    assert.equal(of('expected').length, 1);
    assert.match(of('expected')[0], /cell 3, line 1:1: Unused '@ts-expect-error'/);
  });
  test('a cell that does not parse hides no other', () => {
    const errors = of('syntax').join('\n');
    assert.match(errors, /cell 1, line 1:12/);
    assert.match(errors, /cell 2, line 1:7: Type 'string' is not assignable/);
  });
  test('one name for two imports, and exports, are refused', () => {
    assert.match(
      of('imports')[0],
      /cell 2, line 1:1: an earlier cell has: import \{ join \} from 'node:path'/,
    );
    assert.match(of('imports')[1], /cell 3, line 1:1: .*leave out "export"/);
  });
  test('a name that the library lacks is an error', () => {
    assert.match(of('missing')[0], /has no exported member 'nothing'/);
  });
  test('a declaration does not see the name it takes over, as in tslab', () => {
    assert.match(
      of('shadow')[0],
      /cell 2, line 1:\d+: 'size' implicitly has type 'any' because .* its own initializer/,
    );
  });
  test('outputs, execution counts and another kernel are errors, a long cell a warning', () => {
    assert.equal(of('outputs').length, 2);
    assert.match(of('kernel')[0], /kernel is python3, expected tslab/);
    assert.match(of('long')[0], /warning: 50 lines long/);
  });
  test('outputs can be cleared', async () => {
    const file = path.join(folder, 'outputs.ipynb');
    const { status, output } = await script('notebooks/check-cells.mjs', '--clear', file);
    assert.equal(status, 0, output);
  });
  test('the fixture with a type error is reported with notebook, cell and line', async () => {
    const { status, output } = await script('notebooks/check-cells.mjs', fixture('type-error'));
    assert.equal(status, 1);
    assert.match(
      output,
      /fixtures\/type-error\.ipynb, cell 3, line 2:7: Type 'number' is not assignable to type 'string'/,
    );
  });
});
