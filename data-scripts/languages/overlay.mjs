// @ts-check
// What a language lays over the English notebooks: its folder below notebooks/, and how that is read. The English ones stay
// the only code; a cell that was translated from an older English is told by its hash. Looked at: gettext, which serves
// neither JupyterLab nor what cells print.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { readText } from '../lib/files.mjs';
import { inRoot } from '../lib/paths.mjs';
import { Trouble } from '../lib/reader.cjs';
import { sourceOf } from '../notebooks/notebooks.mjs';

/** @typedef {import('../notebooks/notebooks.mjs').Notebook} Notebook */
/** @typedef {ReturnType<typeof import('./outputs.cjs').translator>} Translator */

/**
 * @typedef {object} Language
 * @property {string} code the folder's name: `zh`
 * @property {string} folder
 * @property {Words} words
 * @property {Record<string, string>} outputs English, with `{}` where something stands in, to the translation
 * @property {Record<string, string>} comments
 * @property {Record<string, string>} [notes] by lines of torchvision's resnet.py, which chapter 3 shows
 * @property {Term[]} terms
 */
/**
 * A language's `language.json`.
 * @typedef {object} Words
 * @property {string} tag for `lang`: `zh-CN`
 * @property {string} name as its readers write it: 中文
 * @property {string} stale what stands in a cell that is shown in English, since its translation is of an older one
 * @property {string} exercise how the title of an exercise begins
 * @property {string[]} fonts for its text, those before the system's own
 */
/** @typedef {{ english: string, own: string, not: string[] }} Term */
/** @typedef {{ id: string, hash: string, text: string }} Translation */

const FILE = 'language.json';

/** The languages that there are besides English, by their folders. */
export function languages(notebooks = inRoot('notebooks')) {
  const codes = fs.readdirSync(notebooks).filter((name) => fs.existsSync(path.join(notebooks, name, FILE)));
  return codes.sort().map((code) => readLanguage(code, notebooks));
}

/** @param {string} code @param {string} [notebooks] the folder of the notebooks @returns {Language} */
export function readLanguage(code, notebooks = inRoot('notebooks')) {
  const folder = path.join(notebooks, code);
  const read = (/** @type {string} */ name, /** @type {string | null} */ otherwise = null) => {
    const text = readText(path.join(folder, name)) ?? otherwise;
    if (text === null) throw new Trouble(`There is no ${path.join('notebooks', code, name)}.`);
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new Trouble(`notebooks/${code}/${name} is no JSON: ${/** @type {Error} */ (error).message}`);
    }
  };
  return {
    code,
    folder,
    words: read(FILE),
    outputs: read('outputs.json', '{}'),
    comments: read('comments.json', '{}'),
    notes: read('notes.json', '{}'),
    terms: readTerms(readText(path.join(folder, 'terms.md')) ?? ''),
  };
}

/** The rows of the table of terms: English, own word, words not to use, parted by commas. @param {string} text @returns {Term[]} */
export function readTerms(text) {
  const rows = text.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) => {
    const [english = '', own = '', not = ''] = row
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    return { english, own, not: not.split(/[,，、]\s*/).filter(Boolean) };
  });
}

/** What a translation's English is known by. @param {string} english a cell's source */
export const hashOf = (english) =>
  createHash('sha256').update(english.replace(/\n+$/, '')).digest('hex').slice(0, 12);

const MARK = /^<!-- cell (\S+) ([0-9a-f]{12}) -->$/;

/** The line that begins a cell's translation. @param {string} id @param {string} english */
export const markOf = (id, english) => `<!-- cell ${id} ${hashOf(english)} -->`;

/** The translations of a file, in its order; none where there is no such file. @param {string} file @returns {Translation[]} */
export function readTranslations(file) {
  /** @type {{ id: string, hash: string, lines: string[] }[]} */
  const found = [];
  const lines = (readText(file) ?? '').split('\n');
  for (const [index, line] of lines.entries()) {
    const [, id, hash] = MARK.exec(line) ?? [];
    if (id && hash) found.push({ id, hash, lines: [] });
    else if (line.startsWith('<!-- cell'))
      throw new Trouble(
        `${path.basename(file)}, line ${index + 1}: expected <!-- cell ID HASH -->, got ${line}`,
      );
    else if (found.length > 0) found.at(-1)?.lines.push(line);
    else if (line.trim())
      throw new Trouble(`${path.basename(file)}, line ${index + 1}: text before the first <!-- cell … -->`);
  }
  return found.map(({ id, hash, lines }) => ({ id, hash, text: lines.join('\n').trim() }));
}

/** @typedef {{ id: string, english: string }} Part what is translated as one: a cell, a section */
/** @typedef {{ part: Part, text?: string, state: 'missing' | 'stale' | 'translated' }} Matched */

/**
 * @param {readonly Part[]} parts
 * @param {readonly Translation[]} translations
 * @returns {{ matched: Matched[], orphaned: string[] }} each part with its translation; and those whose part is gone
 */
export function match(parts, translations) {
  const byId = new Map(translations.map((each) => [each.id, each]));
  const matched = parts.map((part) => {
    const found = byId.get(part.id);
    if (!found?.text) return { part, state: /** @type {const} */ ('missing') };
    const state = found.hash === hashOf(part.english) ? 'translated' : 'stale';
    return { part, text: found.text, state: /** @type {'translated' | 'stale'} */ (state) };
  });
  const known = new Set(parts.map(({ id }) => id));
  const twice = translations.filter(
    ({ id }, index) => translations.findIndex((one) => one.id === id) < index,
  );
  return {
    matched,
    orphaned: [...translations.filter(({ id }) => !known.has(id)), ...twice].map(({ id }) => id),
  };
}

/** A page of prose in sections: each from its heading to the next, known by the heading's words. @param {string} text @returns {Part[]} */
export function sectionsOf(text) {
  return text
    .split(/^(?=#{1,2} )/m)
    .filter((section) => section.trim())
    .map((section) => ({ id: slugOf(/^#+ (.*)/.exec(section)?.[1] ?? 'head'), english: section.trim() }));
}

/** @param {string} heading */
const slugOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '');

/**
 * What a reader sees of a part: its translation; where it is of an older English, the English with a mark below its heading.
 * @param {{ english: string, text?: string, state?: Matched['state'] }} part
 * @param {Words} words
 */
export function shown({ english, text = '', state }, { stale }) {
  if (state === 'translated') return text;
  if (state !== 'stale') return english;
  const heading = /^#+ .*\n*/.exec(english)?.[0] ?? '';
  return `${heading && `${heading.trimEnd()}\n\n`}${stale}\n\n${english.slice(heading.length)}`;
}

/**
 * A notebook in another language: prose from its translations, comments and outputs by their entries. What has none stays
 * English; a cell whose English was changed since says so.
 * @param {Notebook} notebook
 * @param {Language} language
 * @param {string} name
 * @param {Translator} translator
 * @returns {Notebook}
 */
export function translateNotebook(notebook, { folder, words }, name, translator) {
  const { matched } = match(partsOf(notebook), readTranslations(path.join(folder, `${name}.md`)));
  const prose = new Map(matched.map(({ part, text, state }) => [part.id, { text, state }]));
  const cells = notebook.cells.map((cell) => {
    const source = sourceOf(cell);
    if (cell.cell_type === 'markdown') {
      const { text, state } = prose.get(cell.id ?? '') ?? {};
      return { ...cell, source: shown({ english: source, text, state }, words) };
    }
    if (cell.cell_type !== 'code') return cell;
    const prompts = /** @type {Record<string, string> | undefined} */ (cell.metadata.mystnb);
    const mystnb =
      prompts &&
      Object.fromEntries(Object.entries(prompts).map(([key, text]) => [key, translator.phrase(text)]));
    return {
      ...cell,
      source: translator.code(source),
      metadata: { ...cell.metadata, ...(mystnb && { mystnb }) },
      ...(cell.outputs && { outputs: cell.outputs.map(translator.output) }),
    };
  });
  return { ...notebook, cells };
}

/** The cells of prose. @param {Notebook} notebook @returns {Part[]} */
export const partsOf = (notebook) =>
  notebook.cells
    .filter(({ cell_type, id }) => cell_type === 'markdown' && id)
    .map((cell) => ({ id: cell.id ?? '', english: sourceOf(cell) }));
