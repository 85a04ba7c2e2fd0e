import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { load, temporary } from '../setup/scripts';

interface Cell {
  cell_type: string;
  id: string;
  source: string;
  metadata: object;
  outputs?: object[];
}
interface Language {
  folder: string;
  outputs: Record<string, string>;
  comments: Record<string, string>;
}
interface Fault {
  where: string;
  what: string;
}
interface Overlay {
  hashOf(english: string): string;
  languages(notebooks?: string): Language[];
  readLanguage(code: string, notebooks: string): Language;
  partsOf(notebook: { cells: Cell[] }): object[];
  translateNotebook(
    notebook: { cells: Cell[] },
    language: Language,
    name: string,
    translator: object,
  ): { cells: Cell[] };
}
interface Check {
  checkProse(language: Language, page: object): Fault[];
  checkEntries(language: Language): Fault[];
  checkCells(language: Language, name: string, notebook: { cells: Cell[] }): Fault[];
  checkTexts(language: Language, where: string, code: string): (Fault & { english?: string })[];
  checkLanguage(language: Language, executed: string): Fault[];
}

const ENGLISH = {
  title: '# 1. A chapter\n\nThe loss $L$ of `net`, see [the paper](https://example.org).',
  exercise: '> **Exercise 3**\n>\n> How *many*?',
};
const CHINESE = {
  title: '# 1. 一章\n\n`net`的损失$L$，见[论文](https://example.org)。',
  exercise: '> **练习 3**\n>\n> 有**多少**？',
};
const CODE = '// Adds one.\nconst a = `// ${1 + 1}`; // two';
const OUTPUTS = [
  { output_type: 'stream', name: 'stdout', text: '3 pictures, 40 % right\n' },
  {
    output_type: 'display_data',
    data: { 'text/html': '<table><tr><th>Pictures</th><td>12</td></tr></table>' },
  },
];
const WORDS = {
  tag: 'zh-CN',
  name: '中文',
  exercise: '练习',
  stale: '*译文待更新*',
  fonts: ['Noto Sans CJK SC'],
};
const TERMS = '| English | 中文 | 不用 |\n| --- | --- | --- |\n| epoch | 轮 | 历元、周期 |\n';

describe('what is wrong with a language', () => {
  let overlay: Overlay;
  let check: Check;
  let translator: (language: Language) => object;
  before(async () => {
    overlay = await load('data-scripts/languages/overlay.mjs');
    check = await load('data-scripts/languages/check.mjs');
    ({ translator } = (
      await load<{ default: { translator: typeof translator } }>('data-scripts/languages/outputs.cjs')
    ).default);
  });

  /** A notebook and its Chinese, whole, or with what is named changed. */
  function made(
    t: { after(done: () => void): void },
    changes: {
      english?: Partial<typeof ENGLISH>;
      chinese?: Partial<Record<'title' | 'exercise', string>>;
      mark?: string;
      more?: string;
      outputs?: Record<string, string>;
      comments?: Record<string, string>;
    } = {},
  ) {
    const notebooks = temporary(t);
    const folder = path.join(notebooks, 'zh');
    fs.mkdirSync(folder);
    const write = (name: string, text: string) => fs.writeFileSync(path.join(folder, name), text);
    const mark = (id: keyof typeof ENGLISH) => `<!-- cell ${id} ${overlay.hashOf(ENGLISH[id])} -->`;
    const chinese = { ...CHINESE, ...changes.chinese };
    write(
      '1-chapter.md',
      `${changes.mark ?? mark('title')}\n\n${chinese.title}\n\n${mark('exercise')}\n\n${chinese.exercise}\n${changes.more ?? ''}`,
    );
    write('language.json', JSON.stringify(WORDS));
    const outputs = changes.outputs ?? {
      '{} pictures': '{}张图片',
      '{} % right': '答对{} %',
      Pictures: '图片',
    };
    write('outputs.json', JSON.stringify(outputs));
    write('comments.json', JSON.stringify(changes.comments ?? { 'Adds one.': '加一。', two: '二' }));
    write('terms.md', TERMS);
    const language = overlay.readLanguage('zh', notebooks);
    const sources = { ...ENGLISH, ...changes.english };
    const cell = (id: keyof typeof ENGLISH): Cell => ({
      cell_type: 'markdown',
      id,
      source: sources[id],
      metadata: {},
    });
    const code = { cell_type: 'code', id: 'code', source: CODE, metadata: {}, outputs: OUTPUTS };
    const notebook = { cells: [cell('title'), code, cell('exercise')] };
    const page = {
      name: '1-chapter',
      file: path.join(folder, '1-chapter.md'),
      parts: overlay.partsOf(notebook),
    };
    const faults = [
      ...check.checkProse(language, page),
      ...check.checkEntries(language),
      ...check.checkCells(language, '1-chapter', notebook),
    ].map(({ where, what }) => `${where}: ${what}`);
    const own = overlay.translateNotebook(notebook, language, '1-chapter', translator(language));
    return { faults, cells: own.cells.map(({ source }) => source), outputs: own.cells[1].outputs };
  }

  test('nothing, where all of it is there', (t) => {
    const { faults, cells, outputs } = made(t);
    assert.deepEqual(faults, []);
    assert.deepEqual(cells, [CHINESE.title, '// 加一。\nconst a = `// ${1 + 1}`; // 二', CHINESE.exercise]);
    assert.deepEqual(outputs, [
      { output_type: 'stream', name: 'stdout', text: '3张图片，答对40 %\n' },
      {
        output_type: 'display_data',
        data: { 'text/html': '<table><tr><th>图片</th><td>12</td></tr></table>' },
      },
    ]);
  });

  test('English that was changed after its translation: the cell stays English, with a mark', (t) => {
    const title = '# 1. A chapter\n\nThe loss $L$ of `net`, or [the paper](https://example.org).';
    const { faults, cells } = made(t, { english: { title } });
    assert.deepEqual(faults, ['1-chapter.md, title: stale: the English was changed after it was translated']);
    assert.equal(cells[0], title.replace('\n\n', '\n\n*译文待更新*\n\n')); // below its heading
  });

  const line = '1-chapter.md, title';
  const cases: [string, Parameters<typeof made>[1], string[]][] = [
    ['a missing cell', { chinese: { title: '' } }, [`${line}: missing: 1-chapter`]],
    [
      'an orphaned cell',
      { more: '\n<!-- cell gone 0123456789ab -->\n\n没有了。\n' },
      ['1-chapter.md, gone: no such cell in English, or a second time'],
    ],
    [
      'a formula less',
      { chinese: { title: CHINESE.title.replace('$L$', 'L') } },
      [`${line}: formulas differ: 1 in English, 0: without $L$`],
    ],
    [
      'another link',
      { chinese: { title: CHINESE.title.replace('.org', '.com') } },
      [`${line}: links differ: 1 in English, 1: without https://example.org; with https://example.com`],
    ],
    [
      'a code span more',
      { chinese: { title: `${CHINESE.title}\`x\`` } },
      [`${line}: code spans differ: 1 in English, 2: with x`],
    ],
    [
      'another number of an exercise',
      { chinese: { exercise: CHINESE.exercise.replace('3', '4') } },
      ['1-chapter.md, exercise: exercises differ: 1 in English, 1: without 3; with 4'],
    ],
    [
      'another section',
      { chinese: { title: CHINESE.title.replace('# 1.', '# 2.') } },
      [`${line}: headings differ: 1 in English, 1: without # 1.; with # 2.`],
    ],
    [
      'stars that stay stars',
      { chinese: { exercise: CHINESE.exercise.replace('有**多少**？', '**多少？**个') } },
      ['1-chapter.md, exercise: stars that stay: …> **多少？**个…: put the mark outside of them'],
    ],
    [
      'a word that the terms rule out',
      { chinese: { exercise: CHINESE.exercise.replace('多少', '多少周期') } },
      ['1-chapter.md, exercise: "周期" for epoch: terms.md has "轮"'],
    ],
    [
      'an output without an entry',
      { outputs: { '{} pictures': '{}张图片', '{} % right': '答对{} %' } },
      ['1-chapter, code: output without an entry'],
    ],
    [
      'an entry that lost a hole',
      { outputs: { '{} pictures': '图片', '{} % right': '答对{} %', Pictures: '图片' } },
      ['outputs.json: expected its 1 holes: {} pictures'],
    ],
    [
      'a comment without an entry',
      { comments: { two: '二' } },
      ['1-chapter, code: comment without an entry'],
    ],
    [
      'a comment that would change the code',
      { comments: { 'Adds one.': '加一。\nexit();', two: '二' } },
      [
        'comments.json: more than one line, or an end of comment: Adds one.',
        '1-chapter, code: the code differs once comments are taken out',
      ],
    ],
  ];
  for (const [name, changes, expected] of cases)
    test(name, (t) => assert.deepEqual(made(t, changes).faults, expected));

  test('a README is whole, or is not there', (t) => {
    const folder = temporary(t);
    const language = { ...overlay.languages()[0], folder };
    const parts = [
      { id: 'one', english: '# One' },
      { id: 'two', english: '# Two' },
    ];
    const page = { name: 'README', file: path.join(folder, 'README.zh.md'), parts, optional: true };
    assert.deepEqual(check.checkProse(language, page), []);
    fs.writeFileSync(page.file, `<!-- cell one ${overlay.hashOf('# One')} -->\n# 一\n`);
    const faults = check.checkProse(language, page).map(({ where, what }) => `${where}: ${what}`);
    assert.deepEqual(faults, ['README.zh.md, two: missing: README']);
  });

  test('of a list of names and what they are, the names are compared', (t) => {
    const list = (names: string, what: string) =>
      `# 1. A\n\n\`\`\`text\n${names}    ${what}\n            ${what}\n\`\`\``;
    const english = { title: list('src/', 'the library') };
    const mark = `<!-- cell title ${overlay.hashOf(english.title)} -->`;
    const faultsOf = (title: string) => made(t, { english, mark, chinese: { title } }).faults;
    assert.deepEqual(faultsOf(list('src/', '库')), []);
    assert.match(faultsOf(list('源码/', '库')).join(), /code blocks differ/);
  });

  test('a text of a branch that no run took', () => {
    const language = { ...overlay.languages()[0], outputs: { 'It rose by {}.': '上升了{}。' } };
    const code = "console.log(a > 0 ? `It rose by ${a}.` : 'It fell.');";
    const found = check.checkTexts(language, 'code', code).map(({ what, english }) => `${what}: ${english}`);
    assert.deepEqual(found, ['text without an entry: It fell.']);
  });

  test('a mark that can not be read is named with its line', (t) => {
    assert.throws(() => made(t, { mark: '<!-- cell title -->' }), {
      message: '1-chapter.md, line 1: expected <!-- cell ID HASH -->, got <!-- cell title -->',
    });
  });

  test('the languages that come with the workbook lack nothing', (t) => {
    const found = overlay.languages();
    assert.ok(found.length > 0);
    // What cells print is looked at where they are executed: npm test -- notebooks.
    const faults = found.flatMap((language) => check.checkLanguage(language, temporary(t)));
    assert.deepEqual(
      faults.map(({ where, what }) => `${where}: ${what}`),
      [],
    );
  });
});
