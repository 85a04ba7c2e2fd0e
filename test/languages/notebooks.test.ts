import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { projectRoot } from '../../src/locations';
import { start, withoutPython } from '../notebooks/project';
import { load, temporary } from '../setup/scripts';

interface Language {
  code: string;
  folder: string;
}
interface Notebook {
  cells: {
    cell_type: string;
    source: string | string[];
    outputs?: { text?: string | string[]; data?: Record<string, unknown> }[];
  }[];
  metadata: object;
}
interface Notebooks {
  makeNotebooks(language: Language, notebooks: string[]): string[];
  languageFor(
    all: Language[],
    asked: string | undefined,
    env: NodeJS.ProcessEnv,
  ): Language | null | undefined;
}
interface Overlay {
  hashOf(english: string): string;
  readLanguage(code: string, notebooks: string): Language;
}

const PROSE = '# 1. A chapter';
const CODE = [
  "import { showTable } from 'resnet-workbook';",
  '// Counts pictures.',
  'console.log(`${3} pictures`);',
  "showTable([{ n: 12 }], { columns: { n: 'Pictures' } });",
  "console.error('3 pictures');",
  "console.log(require('node:path').basename(process.cwd()));",
].join('\n');

/** A folder of notebooks with one chapter and its Chinese. */
function workbook(folder: string, hash: string): string {
  const write = (name: string, content: unknown) => {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(
      path.join(folder, name),
      typeof content === 'string' ? content : JSON.stringify(content),
    );
  };
  write('1-chapter.ipynb', {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: 'tslab', display_name: 'TypeScript' } },
    cells: [
      { cell_type: 'markdown', id: 'title', metadata: {}, source: PROSE },
      { cell_type: 'code', id: 'code', metadata: {}, source: CODE, outputs: [], execution_count: null },
    ],
  });
  write('zh/1-chapter.md', `<!-- cell title ${hash} -->\n\n# 1. 一章\n`);
  write('zh/language.json', { tag: 'zh-CN', name: '中文', exercise: '练习', stale: '*旧*', fonts: [] });
  write('zh/outputs.json', { '{} pictures': '{}张图片', Pictures: '图片' });
  write('zh/comments.json', { 'Counts pictures.': '数图片。' });
  return path.join(folder, '1-chapter.ipynb');
}

describe('notebooks in a language', () => {
  let notebooks: Notebooks;
  let overlay: Overlay;
  before(async () => {
    notebooks = await load('data-scripts/languages/notebooks.mjs');
    overlay = await load('data-scripts/languages/overlay.mjs');
  });
  const sources = (file: string) =>
    (JSON.parse(fs.readFileSync(file, 'utf8')) as Notebook).cells.map(({ source }) =>
      [source].flat().join(''),
    );

  test('are made from the English ones; what the reader changes in them is kept', (t) => {
    const folder = temporary(t);
    const english = workbook(folder, overlay.hashOf(PROSE));
    const language = overlay.readLanguage('zh', folder);
    const made = path.join(folder, 'zh', '1-chapter.ipynb');
    assert.deepEqual(notebooks.makeNotebooks(language, [english]), []);
    const first = ['# 1. 一章', CODE.replace('Counts pictures.', '数图片。')];
    assert.deepEqual(sources(made), first);

    // Executed only: it stays, with what its cells have put out, until the workbook changes.
    const edit = (file: string, change: (notebook: Notebook) => void) => {
      const notebook = JSON.parse(fs.readFileSync(file, 'utf8')) as Notebook;
      change(notebook);
      fs.writeFileSync(file, JSON.stringify(notebook));
    };
    edit(made, ({ cells }) => (cells[1].outputs = [{ text: '3张图片' }]));
    assert.deepEqual(notebooks.makeNotebooks(language, [english]), []);
    assert.match(fs.readFileSync(made, 'utf8'), /3张图片/);
    edit(english, ({ cells }) => (cells[1].source = 'f();'));
    assert.deepEqual(notebooks.makeNotebooks(language, [english]), []);
    assert.deepEqual(sources(made), ['# 1. 一章', 'f();']);

    // Changed by the reader: it stays, and they are told where the workbook has something newer.
    edit(made, ({ cells }) => (cells[1].source = 'mine();'));
    assert.deepEqual(notebooks.makeNotebooks(language, [english]), []);
    assert.deepEqual(sources(made)[1], 'mine();');
    edit(english, ({ cells }) => (cells[1].source = 'g();'));
    assert.deepEqual(notebooks.makeNotebooks(language, [english]), [made]);
    assert.deepEqual(sources(made)[1], 'mine();');
  });

  test('the language is the one asked for, else that of the system where there is one such', () => {
    const all = [{ code: 'zh', folder: '' }];
    const code = (asked?: string, env: NodeJS.ProcessEnv = {}) =>
      notebooks.languageFor(all, asked, env)?.code;
    assert.equal(code('zh'), 'zh');
    assert.equal(code(undefined, { LANG: 'zh_CN.UTF-8' }), 'zh');
    assert.equal(code(undefined, { LANG: 'zh_CN.UTF-8', LC_ALL: 'C.UTF-8' }), undefined);
    assert.equal(code('en', { LANG: 'zh_CN.UTF-8' }), undefined);
    assert.equal(code(undefined, { LANG: 'de_DE.UTF-8' }), undefined);
    assert.equal(notebooks.languageFor(all, 'xx', {}), null);
  });

  test('what their cells print and show is translated while they run', { skip: withoutPython }, async (t) => {
    // Within the project, so that the library is found.
    const folder = fs.mkdtempSync(path.join(projectRoot(), '.cache', 'language-test-'));
    t.after(() => fs.rmSync(folder, { recursive: true }));
    const english = workbook(folder, overlay.hashOf(PROSE));
    notebooks.makeNotebooks(overlay.readLanguage('zh', folder), [english]);
    const jupyter = path.join(projectRoot(), '.venv', 'bin', 'jupyter');
    const args = [
      'nbconvert',
      '--to',
      'notebook',
      '--execute',
      '--output',
      'ran',
      path.join(folder, 'zh', '1-chapter.ipynb'),
    ];
    const { status, output } = await start(jupyter, args).ended;
    assert.equal(status, 0, output);
    const { cells } = JSON.parse(fs.readFileSync(path.join(folder, 'zh', 'ran.ipynb'), 'utf8')) as Notebook;
    const shown = (cells[1].outputs ?? []).map(({ text, data }) =>
      [text ?? data?.['text/html']].flat().join(''),
    );
    const whole = shown.join('\n');
    assert.match(whole, /^3张图片$/m);
    assert.match(whole, /<th [^>]*>图片<\/th>/);
    assert.match(whole, /^3 pictures$/m, 'what goes wrong stays as it is');
    assert.ok(whole.includes(path.basename(folder)), 'the cells run where the English notebook lies');
  });
});
