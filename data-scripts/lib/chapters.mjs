// @ts-check
// What the pages are made from: the executed notebooks as they are shown, and the home page's list of them.
import fs from 'node:fs';
import path from 'node:path';
import { readNotebook, sourceOf, writeNotebook } from './notebooks.mjs';
import { inRoot } from './paths.mjs';

/** @typedef {import('./notebooks.mjs').Notebook} Notebook */
/** @typedef {import('./notebooks.mjs').Cell} Cell */

const WORDS_A_MINUTE = 200;
// Code is read more slowly than prose; a line of it counts as so many words.
const WORDS_A_CODE_LINE = 10;
const PLOTLY = 'application/vnd.plotly.v1+json';

/**
 * Lays out what Sphinx reads: the home page and the notebooks as they are shown.
 * @param {readonly string[]} notebooks
 * @param {string} executed
 * @param {string} source
 * @returns {string[]} the names of notebooks that have not been executed as they are now
 */
export function stage(notebooks, executed, source) {
  fs.rmSync(source, { recursive: true, force: true });
  fs.mkdirSync(source, { recursive: true });
  /** @type {string[]} */
  const missing = [];
  const chapters = notebooks.map((file) => {
    const name = path.basename(file, '.ipynb');
    const notebook = executedCopy(file, path.join(executed, `${name}.ipynb`));
    if (!notebook.metadata.run) missing.push(name);
    const chapter = describe(name, notebook);
    writeNotebook(path.join(source, `${name}.ipynb`), forReading(notebook, chapter));
    return chapter;
  });
  const index = fs.readFileSync(inRoot('notebooks', 'site', 'index.md'), 'utf8');
  fs.writeFileSync(
    path.join(source, 'index.md'),
    index.replace('<!-- chapters -->', () => contents(chapters)),
  );
  return missing;
}

/**
 * The executed copy where it is one of the notebook as it stands, else the notebook itself.
 * @param {string} file
 * @param {string} copy
 */
function executedCopy(file, copy) {
  const notebook = readNotebook(file);
  if (!fs.existsSync(copy)) return notebook;
  const ran = readNotebook(copy);
  const same =
    ran.cells.length === notebook.cells.length &&
    ran.cells.every((cell, index) => sourceOf(cell) === sourceOf(notebook.cells[index]));
  return same ? ran : notebook;
}

/**
 * @typedef {object} Chapter
 * @property {string} name
 * @property {string} title
 * @property {string} summary the first paragraph under the title
 * @property {number} minutes to read it
 * @property {import('./notebooks.mjs').RunFacts} [run]
 */

/**
 * @param {string} name
 * @param {Notebook} notebook
 * @returns {Chapter}
 */
function describe(name, notebook) {
  const prose = notebook.cells.filter(({ cell_type }) => cell_type === 'markdown').map(sourceOf);
  const code = notebook.cells.filter(({ cell_type }) => cell_type === 'code').map(sourceOf);
  const words = prose.join(' ').split(/\s+/).filter(Boolean).length;
  const lines = code
    .join('\n')
    .split('\n')
    .filter((line) => line.trim()).length;
  const [heading = '', ...paragraphs] = (prose[0] ?? '').trim().split(/\n\s*\n/);
  return {
    name,
    title: /^#\s+(.+)/.exec(heading)?.[1].trim() ?? name,
    summary: (paragraphs.find((text) => /^[\p{L}*_`"[]/u.test(text)) ?? '').replace(/\s+/g, ' '),
    minutes: Math.max(1, Math.round((words + WORDS_A_CODE_LINE * lines) / WORDS_A_MINUTE)),
    run: notebook.metadata.run,
  };
}

/** @param {Chapter} chapter */
const times = ({ minutes, run }) =>
  `Reading time about ${minutes} min` +
  (run ? `, run time ${shortTime(run.seconds)} on the machine of this page` : '');

/** @param {number} seconds */
const shortTime = (seconds) =>
  seconds < 90 ? `${Math.ceil(seconds)} s` : `${(seconds / 60).toFixed(1)} min`;

/**
 * The home page's list and Sphinx's table of contents.
 * @param {Chapter[]} chapters
 */
function contents(chapters) {
  const rows = chapters.map(
    ({ name, title, summary, minutes, run }) =>
      `- [${title}](${name}.ipynb)${summary ? `\\\n  ${summary}` : ''}\\\n` +
      `  <small>about ${minutes} min to read${run ? `, ${shortTime(run.seconds)} to run` : ''}</small>`,
  );
  const tree = ['```{toctree}', ':hidden:', '', ...chapters.map(({ name }) => name), '```'];
  return [...rows, '', ...tree].join('\n');
}

/**
 * A notebook as its page shows it: with its times under the title, and at the end the run that made it.
 * @param {Notebook} notebook
 * @param {Chapter} chapter
 * @returns {Notebook}
 */
function forReading(notebook, chapter) {
  const [first, ...rest] = notebook.cells.map(shownCell);
  const head = first ? [first, note('workbook-times', `<p class="run-note">${times(chapter)}</p>`)] : [];
  const { run } = chapter;
  const foot = run
    ? [note('workbook-run', `<p class="run-note">Executed on ${run.date}: ${run.machine}.</p>`)]
    : [];
  return { ...notebook, cells: [...head, ...rest, ...foot] };
}

/** @param {string} id @param {string} source @returns {Cell} */
const note = (id, source) => ({ cell_type: 'markdown', id, metadata: {}, source });

/**
 * @param {Cell} cell
 * @returns {Cell}
 */
function shownCell(cell) {
  if (!cell.outputs) return cell;
  const outputs = cell.outputs.map((output) => {
    const { [PLOTLY]: figure, ...beside } = output.data ?? {};
    if (!figure) return output;
    // What stands beside the figure is for readers without scripts or without sight. myst-nb shows one type of an
    // output only, so it travels inside the figure: notebooks/site/_ext/figures.py takes it out again.
    const [svg, png, alt] = ['image/svg+xml', 'image/png', 'text/plain'].map((type) => textOf(beside[type]));
    const picture = svg
      ? `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`
      : png && `data:image/png;base64,${png.replace(/\s/g, '')}`;
    return { ...output, data: { [PLOTLY]: { ...figure, alt, picture } } };
  });
  return { ...cell, outputs };
}

/** A text as notebooks hold it: whole, or as a list of lines. @param {unknown} value */
const textOf = (value) => (Array.isArray(value) ? value.join('') : typeof value === 'string' ? value : '');
