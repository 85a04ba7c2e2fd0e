// @ts-check
// Renders the executed notebooks into static pages: Sphinx with myst-nb, which executes nothing itself.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findBrowser } from '../lib/browser.mjs';
import { step } from '../lib/log.mjs';
import { fail, Trouble } from '../lib/reader.cjs';
import { replaceFolder } from '../lib/files.mjs';
import { ownCell, readChapters, stage } from './chapters.mjs';
import { figureHash } from './figures.mjs';
import { drawFormulas } from './formulas.mjs';
import { executedFolder, workbook } from '../notebooks/notebooks.mjs';
import { inRoot, modules, venvBin } from '../lib/paths.mjs';
import { editPages } from './pages.mjs';
import { drawPictures } from './pictures.mjs';
import { run } from '../lib/run.mjs';

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
  const chapters = readChapters(notebooks, executed);
  fs.rmSync(fresh, { recursive: true, force: true });
  await step('Pages', async () => {
    const statics = vendored(work);
    const figures = chapters.flatMap((chapter) => chapter.figures);
    const drawn = await drawPictures(figures, path.join(statics, 'pictures'), findBrowser());
    if (drawn) for (const figure of figures) figure.picture = `_static/pictures/${figureHash(figure)}.svg`;
    stage(chapters, source);
    await sphinx(source, fresh, work, python, statics);
    await drawFormulas(fresh);
    editPages(fresh, lightWithoutScripts);
  });
  fs.rmSync(path.join(fresh, '_sources'), { recursive: true, force: true }); // empty: html_copy_source is off
  replaceFolder(fresh, out);
  const missing = chapters.filter((chapter) => !chapter.run).map(({ name }) => name);
  return { index: path.join(out, 'index.html'), missing };
}

/**
 * @param {string} source
 * @param {string} out
 * @param {string} work
 * @param {string} python
 * @param {string} statics a folder of files for the pages, beside the workbook's own
 */
async function sphinx(source, out, work, python, statics) {
  const site = inRoot('notebooks', 'site');
  // Warnings are errors. -E: the home page lists what other pages hold, so nothing is kept from an earlier run.
  const options = ['-b', 'html', '-W', '--keep-going', '-q', '-E', '--no-color', '-c', site];
  options.push('-d', path.join(work, 'doctrees'));
  const { status, stderr } = await run(python, ['-m', 'sphinx', ...options, source, out], {
    anyStatus: true,
    env: { RESNET_WORKBOOK_STATICS: statics }, // an option would be split at commas
  });
  if (status === 0) return;
  // Where Sphinx itself fails, its trace says more than its list of versions.
  const said = stderr
    .slice(Math.max(0, stderr.indexOf('Traceback\n')))
    .replaceAll(source + path.sep, '')
    .trimEnd();
  throw new Trouble(
    `The pages could not be made:\n${said.replace(WARNING_PLACE, (_, name, line) => place(source, name, line))}`,
  );
}

/**
 * The theme's script chooses light or dark. Until it has run, and where scripts are off, pages carry a name that none of
 * the theme's rules know, so that nothing has a colour: let it be light.
 * @param {string} page
 */
const lightWithoutScripts = (page) => page.replace(/^(<html [^>]*data-theme=)"auto"/m, '$1"light"');

/** Where myst-nb sees a warning: the file, and 10,000 for each cell (from 1) plus the line in it. */
const WARNING_PLACE = /^(\S+\.ipynb):(\d+)/gm;

/** @param {string} source @param {string} name @param {string} line */
function place(source, name, line) {
  const cell = ownCell(path.join(source, name), Math.floor(Number(line) / 10_000));
  return `${name}, cell ${cell}, line ${Number(line) % 10_000}`;
}

/**
 * The script the pages use, copied out of node_modules.
 * @param {string} work
 * @returns {string} the folder
 */
function vendored(work) {
  const folder = path.join(work, 'vendored');
  fs.mkdirSync(folder, { recursive: true });
  const plotly = 'plotly.min.js';
  fs.copyFileSync(path.join(modules, 'plotly.js-dist-min', plotly), path.join(folder, plotly));
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
