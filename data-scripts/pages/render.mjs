// @ts-check
// Renders the executed notebooks into static pages: Sphinx with myst-nb, which executes nothing itself.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBrowser } from '../lib/browser.mjs';
import { step } from '../lib/log.mjs';
import { replaceFolder } from '../lib/files.mjs';
import { ownCell, readChapters, stage } from './chapters.mjs';
import { languages } from '../languages/overlay.mjs';
import { editions, settings } from './editions.mjs';
import { drawingHash } from './figures.mjs';
import { executedFolder, workbook } from '../notebooks/notebooks.mjs';
import { inRoot, venvBin } from '../lib/paths.mjs';
import { makeLive, makeLiveWords } from './live.mjs';
import { PLOTLY_SCRIPT, makePlotly } from './plotly.mjs';
import { drawPictures } from './pictures.mjs';
import { Trouble, fail, parse } from '../lib/reader.cjs';
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
 * @returns {Promise<{ index: string, missing: string[], untranslated: Map<string, string[]>,
 *   fontless: import('./editions.mjs').Edition[] }>} the home page, the notebooks whose page has no outputs, for each language
 *   the texts that stay English, and the languages for whose pictures of plots there is no font here
 */
export async function render(options = {}) {
  const {
    notebooks = workbook(),
    executed = executedFolder,
    out = inRoot('site'),
    work = inRoot('.cache', 'pages'),
    python = venvBin('python'),
  } = options;
  const fresh = path.join(work, 'html');
  const statics = path.join(work, 'statics');
  const pictures = path.join(statics, 'pictures');
  /** @type {import('./editions.mjs').Edition[]} */
  const fontless = [];
  /** @type {Map<string, string[]>} */
  const untranslated = new Map();
  const all = editions((language, english) => {
    untranslated.set(language, [...(untranslated.get(language) ?? []), english]);
  }).map((edition) => ({ edition, chapters: readChapters(notebooks, executed, edition) }));
  fs.rmSync(fresh, { recursive: true, force: true });
  await step('Pages', async () => {
    const plotly = path.join(statics, PLOTLY_SCRIPT);
    await makePlotly(plotly);
    await makeLive(statics, all[0]?.chapters ?? []);
    for (const language of languages()) await makeLiveWords(statics, language);
    const plots = all.flatMap(({ chapters }) => chapters.flatMap((chapter) => chapter.plots));
    const drawings = plots.map(({ drawing }) => drawing);
    const names = all.map(({ edition }) => edition.name);
    const without = await drawPictures(drawings, plotly, pictures, findBrowser(), names);
    if (without)
      for (const { drawing, figure } of plots)
        figure.picture = `_static/pictures/${drawingHash(drawing)}.svg`;
    for (const { edition } of all) if (without?.includes(edition.name)) fontless.push(edition);
    for (const { edition, chapters } of all) {
      const { code } = edition;
      const source = path.join(work, 'source', code);
      const pages = code === 'en' ? fresh : path.join(work, `html-${code}`);
      stage(chapters, source, edition, statics);
      const told = {
        ...settings(
          edition,
          all.map((each) => each.edition),
        ),
        doctrees: path.join(work, 'doctrees'),
      };
      await sphinx(source, pages, path.join(work, 'doctrees', code), python, statics, told);
      fs.rmSync(path.join(pages, '_sources'), { recursive: true, force: true }); // empty: html_copy_source is off
      if (pages !== fresh) fs.renameSync(pages, path.join(fresh, code));
    }
  });
  replaceFolder(fresh, out);
  if (fontless.length > 0) fs.rmSync(pictures, { recursive: true }); // drawn again when there may be a font
  const missing = (all[0]?.chapters ?? []).filter((chapter) => !chapter.run).map(({ name }) => name);
  return { index: path.join(out, 'index.html'), missing, untranslated, fontless };
}

/**
 * @param {string} source
 * @param {string} out
 * @param {string} doctrees
 * @param {string} python
 * @param {string} statics a folder of files for the pages, beside the workbook's own
 * @param {object} edition
 */
async function sphinx(source, out, doctrees, python, statics, edition) {
  const site = inRoot('notebooks', 'site');
  // Warnings are errors. -E: the home page lists what other pages hold, so nothing is kept from an earlier run.
  const options = ['-b', 'html', '-W', '--keep-going', '-q', '-E', '--no-color', '-c', site];
  options.push('-d', doctrees);
  const { status, stderr } = await run(python, ['-m', 'sphinx', ...options, source, out], {
    anyStatus: true,
    // Options would be split at commas.
    env: {
      RESNET_WORKBOOK_STATICS: statics,
      RESNET_WORKBOOK_NODE: process.execPath,
      RESNET_WORKBOOK_EDITION: JSON.stringify(edition),
    },
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

/** Where myst-nb sees a warning: the file, and 10,000 for each cell (from 1) plus the line in it. */
const WARNING_PLACE = /^(\S+\.ipynb):(\d+)/gm;

/** @param {string} source @param {string} name @param {string} line */
function place(source, name, line) {
  const cell = ownCell(path.join(source, name), Math.floor(Number(line) / 10_000));
  return `${name}, cell ${cell}, line ${Number(line) % 10_000}`;
}

const HELP = `node data-scripts/pages/render.mjs [NOTEBOOK...] [options]

Makes pages of notebooks (default: the workbook's) and of their executed copies.

  --executed DIR  where the executed copies are
  --out DIR       where the pages go; what is there is replaced
  --work DIR      where Sphinx works
  --help, -h      this text`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const options = /** @type {const} */ ({
      executed: { type: 'string' },
      out: { type: 'string' },
      work: { type: 'string' },
    });
    const parsed = parse(HELP, { allowPositionals: true, options });
    if (parsed) {
      const { values, positionals } = parsed;
      const notebooks = positionals.length > 0 ? positionals : undefined;
      console.log((await render({ ...values, notebooks })).index);
    }
  } catch (error) {
    fail(error);
  }
}
