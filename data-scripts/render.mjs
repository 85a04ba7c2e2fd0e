// @ts-check
// Renders the executed notebooks into static pages: Sphinx with myst-nb, which executes nothing itself.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fail, step } from './lib/log.mjs';
import { executedFolder, readNotebook, sourceOf, workbook, writeNotebook } from './lib/notebooks.mjs';
import { inRoot, modules, venvBin } from './lib/paths.mjs';
import { run } from './lib/run.mjs';

/** @typedef {import('./lib/notebooks.mjs').Notebook} Notebook */
/** @typedef {import('./lib/notebooks.mjs').Cell} Cell */

const WORDS_A_MINUTE = 200;
// Code is read more slowly than prose; a line of it counts as so many words.
const WORDS_A_CODE_LINE = 10;
const PLOTLY = 'application/vnd.plotly.v1+json';

/**
 * @typedef {object} RenderOptions
 * @property {readonly string[]} [notebooks] default: the workbook's
 * @property {string} [executed] folder of the executed copies
 * @property {string} [out] folder of the pages; replaced as a whole, when the new ones are complete
 * @property {string} [work] folder for Sphinx's sources and its cache
 * @property {string} [python]
 */

/**
 * @param {RenderOptions} [options]
 * @returns {Promise<{ index: string, missing: string[] }>} the home page, and the notebooks whose page has no outputs
 */
export async function render(options = {}) {
  const {
    notebooks = workbook(),
    executed = executedFolder,
    out = inRoot('site'),
    work = inRoot('.cache', 'pages'),
    python = venvBin('python'),
  } = options;
  const source = path.join(work, 'source');
  const fresh = path.join(work, 'html');
  const missing = stage(notebooks, executed, source);
  fs.rmSync(fresh, { recursive: true, force: true });
  await step('Pages', async () => {
    const site = inRoot('notebooks', 'site');
    await run(python, [
      ...[
        '-m',
        'sphinx',
        '-b',
        'html',
        '-W',
        '--keep-going',
        '-q',
        '-c',
        site,
        '-d',
        path.join(work, 'doctrees'),
      ],
      // -E: the home page lists what the other pages hold, so nothing is taken over from an earlier run.
      ...['-E', '-D', `html_static_path=${path.join(site, '_static')},${vendored(work)}`],
      source,
      fresh,
    ]);
  });
  fs.rmSync(path.join(fresh, '_sources'), { recursive: true, force: true }); // empty: html_copy_source is off
  fs.rmSync(out, { recursive: true, force: true });
  fs.mkdirSync(path.dirname(out), { recursive: true });
  fs.renameSync(fresh, out);
  return { index: path.join(out, 'index.html'), missing };
}

/**
 * Lays out what Sphinx reads: the home page and the notebooks as they are shown.
 * @param {readonly string[]} notebooks
 * @param {string} executed
 * @param {string} source
 * @returns {string[]} the names of notebooks that have not been executed as they are now
 */
function stage(notebooks, executed, source) {
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
 * @property {import('./lib/notebooks.mjs').RunFacts} [run]
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
  const head = first ? [first, note(`<p class="run-note">${times(chapter)}</p>`)] : [];
  const { run } = chapter;
  const foot = run ? [note(`<p class="run-note">Executed on ${run.date}: ${run.machine}.</p>`)] : [];
  return { ...notebook, cells: [...head, ...rest, ...foot] };
}

/** @param {string} source @returns {Cell} */
const note = (source) => ({ cell_type: 'markdown', metadata: {}, source });

/**
 * @param {Cell} cell
 * @returns {Cell}
 */
function shownCell(cell) {
  if (!cell.outputs) return cell;
  // A figure may come with a picture for readers without scripts; the interactive one is shown, the picture beside it
  // stays inside <noscript>: notebooks/site/_ext/figures.py reads it from the figure.
  const outputs = cell.outputs.map((output) => {
    const figure = /** @type {Record<string, unknown> | undefined} */ (output.data?.[PLOTLY]);
    const svg = output.data?.['image/svg+xml'];
    if (!figure || !svg) return output;
    return {
      ...output,
      data: { [PLOTLY]: { ...figure, fallback: Array.isArray(svg) ? svg.join('') : svg } },
    };
  });
  return { ...cell, outputs };
}

/**
 * The scripts the pages use, copied out of node_modules: MathJax (SVG output: needs no fonts) and plotly.
 * @param {string} work
 * @returns {string} the folder
 */
function vendored(work) {
  const folder = path.join(work, 'vendored');
  fs.mkdirSync(folder, { recursive: true });
  for (const from of ['mathjax/es5/tex-svg.js', 'plotly.js-dist-min/plotly.min.js']) {
    fs.copyFileSync(path.join(modules, from), path.join(folder, path.basename(from)));
  }
  return folder;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { executed: { type: 'string' }, out: { type: 'string' }, work: { type: 'string' } },
    });
    const { index } = await render({
      ...values,
      notebooks: positionals.length > 0 ? positionals : undefined,
    });
    console.log(index);
  } catch (error) {
    fail(error);
  }
}
