// @ts-check
// What the pages are made from: the executed notebooks as they are shown, and the home page's list of them.
import fs from 'node:fs';
import path from 'node:path';
import { withFigures } from './figures.mjs';
import { keptModel, livePart } from './live.mjs';
import { executedCopy, readNotebook, sourceOf, writeNotebook } from '../notebooks/notebooks.mjs';
import { inRoot } from '../lib/paths.mjs';
import { linksFor, readReference, referencePage } from './reference.mjs';

/** @typedef {import('../notebooks/notebooks.mjs').Notebook} Notebook */
/** @typedef {import('../notebooks/notebooks.mjs').Cell} Cell */
/** @typedef {import('./reference.mjs').Part} Part */
/** @typedef {import('./editions.mjs').Edition} Edition */

const WORDS_A_MINUTE = 200;
// Code is read more slowly than prose; a line of it counts as so many words.
const WORDS_A_CODE_LINE = 10;
const LONG_CELL = 24; // lines: more than a laptop's screen shows together with what the code prints

/**
 * The chapters as they were executed last.
 * @param {readonly string[]} notebooks
 * @param {string} executed folder of the executed copies
 * @param {Edition} edition
 * @returns {Chapter[]} without `run` where a notebook has not been executed as it is now
 */
export function readChapters(notebooks, executed, edition) {
  return notebooks.map((file) => {
    const name = path.basename(file, '.ipynb');
    const ran = executedCopy(file, executed);
    const { notebook, plots } = withFigures(edition.notebook(ran, name), edition.say);
    const { title, summary } = describe(name, notebook, edition.stale);
    // its times are those of the English
    return { ...describe(name, ran), title, summary, notebook, plots, kept: keptModel(ran) };
  });
}

/**
 * Lays out what Sphinx reads: the home page and the notebooks as they are shown. The reference is there in English only.
 * @param {readonly Chapter[]} chapters
 * @param {string} source
 * @param {Edition} edition
 * @param {string} statics the folder of the pages' scripts
 */
export function stage(chapters, source, edition, statics) {
  fs.rmSync(source, { recursive: true, force: true });
  fs.mkdirSync(source, { recursive: true });
  const parts = readReference();
  for (const chapter of chapters)
    writeNotebook(path.join(source, `${chapter.name}.ipynb`), forReading(chapter, parts, edition, statics));
  if (edition.code === 'en') {
    fs.mkdirSync(path.join(source, 'reference'));
    for (const part of parts)
      fs.writeFileSync(path.join(source, 'reference', `${part.slug}.md`), referencePage(part));
  }
  const index = edition.home(fs.readFileSync(inRoot('notebooks', 'site', 'index.md'), 'utf8'));
  const home = index
    .replace('<!-- chapters -->', () => contents(chapters, parts, edition))
    .replace('<!-- figure -->', () => mainFigure(chapters, source, edition))
    .replace('<!-- live picture -->', () => livePart('picture', { say: edition.say, statics }));
  fs.writeFileSync(path.join(source, 'index.md'), home);
}

/**
 * The figure that says what the workbook is about: of the cell with the tag main-figure, or else the first there is.
 * @param {readonly Chapter[]} chapters
 * @param {string} source
 * @param {Edition} edition
 */
function mainFigure(chapters, source, { say }) {
  const all = chapters.flatMap(({ plots, name, title, run }) =>
    plots.map((plot) => ({ ...plot, chapter: `[${title}](${name}.ipynb)`, run })),
  );
  const main = all.find(({ figure }) => figure.main) ?? all[0];
  if (!main) return '';
  const { drawing, chapter, run } = main;
  const figure = { ...main.figure, label: '', name: '' }; // its number is the chapter's
  fs.writeFileSync(path.join(source, 'main-figure.json'), JSON.stringify({ drawing, figure }));
  const from = run ? say(`From ${chapter}, run on ${run.date}: ${run.machine}`) : say(`From ${chapter}`);
  return `\`\`\`{plotly} main-figure.json\n\`\`\`\n\n{.run-note}\n${from}`;
}

/**
 * @typedef {object} Chapter
 * @property {string} name
 * @property {string} title
 * @property {string} summary the first paragraph under the title
 * @property {number} minutes to read it
 * @property {import('../notebooks/notebooks.mjs').RunFacts} [run]
 * @property {Notebook} notebook
 * @property {import('./figures.mjs').Plot[]} plots its plotly figures
 * @property {string} [kept] how the hash of the model that its run has kept begins
 */

/**
 * @param {string} name
 * @param {Notebook} notebook
 * @param {string} [mark] no summary
 * @returns {Omit<Chapter, 'notebook' | 'plots' | 'kept'>}
 */
function describe(name, notebook, mark) {
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
    summary: (paragraphs.find((text) => text !== mark && /^[\p{L}*_`"[]/u.test(text)) ?? '').replace(
      /\s+/g,
      ' ',
    ),
    minutes: Math.max(1, Math.round((words + WORDS_A_CODE_LINE * lines) / WORDS_A_MINUTE)),
    run: notebook.metadata.run,
  };
}

/** @param {Pick<Chapter, 'minutes' | 'run'>} chapter */
const times = ({ minutes, run }) =>
  `Reading time about ${minutes} min` +
  (run ? `, run time ${shortTime(run.seconds)} on the machine of this page` : '');

/** @param {number} seconds */
const shortTime = (seconds) =>
  seconds < 90 ? `${Math.ceil(seconds)} s` : `${(seconds / 60).toFixed(1)} min`;

/**
 * The home page's list and Sphinx's table of contents.
 * @param {readonly Chapter[]} chapters
 * @param {readonly Part[]} parts of the reference
 * @param {Edition} edition
 */
function contents(chapters, parts, { code, say }) {
  const rows = chapters.map(
    ({ name, title, summary, minutes, run }) =>
      `- [${title}](${name}.ipynb)${summary ? `\\\n  ${summary}` : ''}\\\n` +
      `  <small>${say(`about ${minutes} min to read${run ? `, ${shortTime(run.seconds)} to run` : ''}`)}</small>`,
  );
  const tree = (/** @type {string} */ caption, /** @type {string[]} */ pages) =>
    ['```{toctree}', ':hidden:', `:caption: ${caption}`, '', ...pages, '```'].join('\n');
  const chapterTree = tree(
    say('Chapters'),
    chapters.map(({ name }) => name),
  );
  if (code !== 'en') {
    const pages = parts.map(({ slug, title }) => `<a href="../reference/${slug}.html">${title}</a>`);
    return [...rows, '', `${say('The reference, in English:')} ${pages.join(', ')}`, '', chapterTree].join(
      '\n',
    );
  }
  const referenceTree = tree(
    'Reference',
    parts.map(({ slug }) => `reference/${slug}`),
  );
  return [...rows, '', chapterTree, '', referenceTree].join('\n');
}

/**
 * A notebook as its page shows it: with its times under the title, long cells foldable, links into the reference
 * where a name is first imported, and at the end the run that made it.
 * @param {Chapter} chapter
 * @param {readonly Part[]} parts of the reference
 * @param {Edition} edition
 * @param {string} statics
 * @returns {Notebook}
 */
function forReading(chapter, parts, { code, say }, statics) {
  const { notebook, run } = chapter;
  const linked = new Set();
  const [first, ...rest] = notebook.cells.flatMap((cell, index) => {
    const links = cell.cell_type === 'code' ? linksFor(sourceOf(cell), parts, linked, code !== 'en') : '';
    const below = `{.run-note}\n${say('In the reference:')} ${links}`;
    return [
      foldable(cell),
      ...(links ? [note(`workbook-links-${index}`, below)] : []),
      ...livePartsOf(cell, { say, statics, chapter: chapter.name }).map((part) =>
        note(`workbook-live-${index}`, part),
      ),
    ];
  });
  const head = first
    ? [first, note('workbook-times', `<p class="run-note">${say(times(chapter))}</p>`), ...opening(notebook)]
    : [];
  const foot = run
    ? [note('workbook-run', `<p class="run-note">${say(`Executed on ${run.date}: ${run.machine}.`)}</p>`)]
    : [];
  return { ...notebook, cells: [...head, ...rest, ...foot] };
}

/**
 * The picture under a chapter's title: the first figure of the cell with the tag opening, with a link to its own place.
 * @param {Notebook} notebook
 * @returns {Cell[]}
 */
function opening({ cells }) {
  const output = cells
    .filter(({ metadata }) => /** @type {string[]} */ (metadata.tags ?? []).includes('opening'))
    .flatMap(({ outputs = [] }) => outputs)
    .find(({ metadata }) => metadata?.figure);
  if (!output) return [];
  const figure = /** @type {import('./figures.mjs').Figure} */ (output.metadata?.figure);
  const unnamed = { ...figure, label: '', name: '' };
  return [
    {
      cell_type: 'code',
      id: 'workbook-opening',
      metadata: { tags: ['remove-input'] },
      source: '//', // myst-nb leaves out what is empty
      outputs: [{ ...output, metadata: { figure: unnamed } }],
      execution_count: null,
    },
    note(
      'workbook-opening-from',
      `<p class="run-note"><a href="#${figure.name}">${figure.label.replace('.', '')}</a></p>`,
    ),
  ];
}

/** What follows a cell with a tag such as live-training. @param {Cell} cell @param {Parameters<typeof livePart>[1]} page */
const livePartsOf = (cell, page) =>
  /** @type {string[]} */ (cell.metadata.tags ?? []).flatMap((tag) =>
    tag.startsWith('live-') ? [livePart(tag.slice('live-'.length), page)].filter(Boolean) : [],
  );

/** A cell that only the page has. @param {string} id @param {string} source @returns {Cell} */
const note = (id, source) => ({ cell_type: 'markdown', id, metadata: {}, source });

/**
 * A cell of a page, counted from 1, as the notebook itself counts it.
 * @param {string} file the notebook as it is shown
 * @param {number} shown
 */
export const ownCell = (file, shown) =>
  readNotebook(file)
    .cells.slice(0, shown)
    .filter(({ id }) => !id?.startsWith('workbook-')).length;

/** Code that fills a screen can be folded away; it begins unfolded. @param {Cell} cell @returns {Cell} */
function foldable(cell) {
  const tags = /** @type {string[]} */ (cell.metadata.tags ?? []);
  const lines = sourceOf(cell).split('\n').length;
  if (cell.cell_type !== 'code' || lines <= LONG_CELL || tags.some((tag) => tag.startsWith('hide-')))
    return cell;
  return { ...cell, metadata: { ...cell.metadata, tags: [...tags, 'hide-input', 'long'] } };
}
