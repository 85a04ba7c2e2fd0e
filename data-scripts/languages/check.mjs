// @ts-check
// What is wrong with a language, a line each: what was not translated, or from an older English; what a translation lost on
// its way; what no reader should see.
import fs from 'node:fs';
import path from 'node:path';
import { inRoot } from '../lib/paths.mjs';
import { readJson, readText } from '../lib/files.mjs';
import { executedCopy, readNotebook, sourceOf, workbook } from '../notebooks/notebooks.mjs';
import comments from './comments.cjs';
import { textsOf } from './literals.mjs';
import { match, partsOf, readTranslations, sectionsOf } from './overlay.mjs';
import outputs from './outputs.cjs';
import { brokenEmphasis, proseFaults, proseOf } from './prose.mjs';

/** Names that come with the weights. */
export const IMAGENET = new Set(readJson(inRoot('src', 'models', 'imagenetCategories.json')));

/** @typedef {import('./overlay.mjs').Language} Language */
/** @typedef {import('./overlay.mjs').Part} Part */
/** @typedef {import('../notebooks/notebooks.mjs').Notebook} Notebook */
/** A page in English, and the file of its translations. `optional`: there need be no such file.
 * @typedef {{ name: string, file: string, parts: Part[], optional?: boolean }} Prose */
/** @typedef {{ where: string, what: string, english?: string, kind: 'prose' | 'output' | 'comment' }} Fault */

/**
 * What a language has to translate in prose: each notebook, the home page, and the README if it likes.
 * @param {Language} language
 * @param {readonly string[]} [notebooks]
 * @returns {Prose[]}
 */
export function proseIn({ folder, code }, notebooks = workbook()) {
  const pages = notebooks.map((file) => {
    const name = path.basename(file, '.ipynb');
    return { name, file: path.join(folder, `${name}.md`), parts: partsOf(readNotebook(file)) };
  });
  const sections = (/** @type {string} */ file) => sectionsOf(readText(inRoot(file)) ?? '');
  const home = {
    name: 'home page',
    file: path.join(folder, 'index.md'),
    parts: sections('notebooks/site/index.md'),
  };
  const readme = {
    name: 'README',
    file: inRoot(`README.${code}.md`),
    parts: sections('README.md'),
    optional: true,
  };
  return [...pages, home, readme];
}

/**
 * @param {Language} language
 * @param {Prose} page
 * @returns {Fault[]}
 */
export function checkProse(language, { name, file, parts, optional }) {
  if (optional && !fs.existsSync(file)) return [];
  const { exercise } = language.words;
  const { matched, orphaned } = match(parts, readTranslations(file));
  const shown = path.basename(file);
  /** @type {Fault[]} */
  const faults = orphaned.map((id) => ({
    kind: 'prose',
    where: `${shown}, ${id}`,
    what: 'no such cell in English, or a second time',
  }));
  for (const { part, text, state } of matched) {
    const english = part.english.replaceAll(shown, 'README.md'); // a README that is linked links back
    const fault = (/** @type {string} */ what) =>
      faults.push({ kind: 'prose', where: `${shown}, ${part.id}`, what, english: part.english });
    if (state === 'missing') fault(`missing: ${name}`);
    else if (state === 'stale') fault('stale: the English was changed after it was translated');
    else for (const what of proseFaults(english, text ?? '', exercise)) fault(what);
    for (const what of [...brokenEmphasis(text ?? ''), ...wrongTerms(language, proseOf(text ?? ''))])
      fault(what);
  }
  return faults;
}

/** @param {Language} language @param {string} text */
export const wrongTerms = ({ terms }, text) =>
  terms.flatMap(({ english, own, not }) =>
    not
      .filter((word) => text.includes(word))
      .map((word) => `"${word}" for ${english}: terms.md has "${own}"`),
  );

/** What the English of the entries cannot say: words not to use, holes that are not those of the English. @param {Language} language @returns {Fault[]} */
export function checkEntries(language) {
  /** @type {Fault[]} */
  const faults = [];
  for (const [english, own] of Object.entries(language.outputs)) {
    const fault = (/** @type {string} */ what) =>
      faults.push({ kind: 'output', where: 'outputs.json', what: `${what}: ${english}` });
    const holes = english.split('{}').length - 1;
    const named = [...own.matchAll(/\{(\d*)\}/g)].map(([, number = ''], index) =>
      Number(number || index + 1),
    );
    if (named.some((number) => number > holes) || new Set(named).size !== holes)
      fault(`expected its ${holes} holes`);
    for (const what of wrongTerms(language, own)) fault(what);
  }
  for (const [english, own] of Object.entries(language.comments))
    for (const what of [
      ...wrongTerms(language, proseOf(own)),
      ...(/[\n]|\*\//.test(own) ? ['more than one line, or an end of comment'] : []),
    ])
      faults.push({ kind: 'comment', where: 'comments.json', what: `${what}: ${english}` });
  for (const [line, own] of Object.entries(language.notes ?? {}))
    for (const what of wrongTerms(language, own))
      faults.push({ kind: 'comment', where: 'notes.json', what: `${what}: ${line}` });
  return faults;
}

/**
 * The code of a notebook, whose comments are translated, and what its cells put out, where it was executed.
 * @param {Language} language
 * @param {string} name
 * @param {Notebook} notebook
 * @param {Set<string>} [used] entries that were needed are added
 * @returns {Fault[]}
 */
export function checkCells(language, name, notebook, used = new Set()) {
  /** @type {Map<string, Fault>} */
  const faults = new Map();
  let cell = '';
  const add = (/** @type {Fault} */ fault) => {
    const key = `${fault.kind} ${fault.english ?? fault.where + fault.what}`;
    if (!faults.has(key)) faults.set(key, fault);
  };
  const translator = outputs.translator(language, {
    onMissing: (kind, english) =>
      IMAGENET.has(english) ||
      add({ kind, where: `${name}, ${cell}`, what: `${kind} without an entry`, english }),
    onUse: (english) => used.add(english),
  });
  for (const each of notebook.cells) {
    cell = each.id ?? '';
    if (each.cell_type !== 'code') continue;
    const source = sourceOf(each);
    const own = translator.code(source);
    if (comments.bareCode(own).join('\n') !== comments.bareCode(source).join('\n'))
      add({
        kind: 'comment',
        where: `${name}, ${cell}`,
        what: 'the code differs once comments are taken out',
      });
    for (const output of each.outputs ?? []) translator.output(output);
  }
  return [...faults.values()];
}

/** @param {Notebook} notebook */
const codeOf = ({ cells }) =>
  cells
    .filter(({ cell_type }) => cell_type === 'code')
    .map(sourceOf)
    .join('\n;\n');

/** Whose texts readers meet while cells run. */
const SOURCES = [
  ...fs.readdirSync(inRoot('src', 'notebook')).map((name) => `notebook/${name}`),
  ...['progress', 'interrupt', 'locations', 'data/split', 'data/surveyReport'].map((name) => `${name}.ts`),
  ...['trainAndEval', 'featureCache', 'transfer'].map((name) => `training/${name}.ts`),
  ...['capture', 'graph', 'recorder', 'survey'].map((name) => `ops/${name}.ts`),
];

/**
 * What code may print or show and has no entry, whether a run came there or not.
 * @param {Language} language
 * @param {string} where
 * @param {string} code
 * @returns {Fault[]}
 */
export function checkTexts(language, where, code) {
  /** @type {Fault[]} */
  const faults = [];
  const { phrase } = outputs.translator(language, {
    onMissing: (kind, english) => faults.push({ kind, where, what: 'text without an entry', english }),
  });
  for (const text of textsOf(code)) phrase(text);
  return faults;
}

/**
 * All that is wrong with a language. Outputs are looked at where there are executed copies.
 * @param {Language} language
 * @param {string} executed folder of the executed copies
 */
export function checkLanguage(language, executed) {
  const files = workbook();
  return [
    ...proseIn(language, files).flatMap((page) => checkProse(language, page)),
    ...checkEntries(language),
    ...files.flatMap((file) =>
      checkCells(language, path.basename(file, '.ipynb'), executedCopy(file, executed)),
    ),
    ...files.flatMap((file) =>
      checkTexts(language, path.basename(file, '.ipynb'), codeOf(readNotebook(file))),
    ),
    ...SOURCES.flatMap((name) => checkTexts(language, `src/${name}`, readText(inRoot('src', name)) ?? '')),
  ];
}
