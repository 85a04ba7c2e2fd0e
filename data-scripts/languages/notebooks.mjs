// @ts-check
// The notebooks of a language, to be run in JupyterLab: made from the English ones and what lies over them, into the
// language's own folder, which git ignores. What a reader changes there is theirs, and is kept.
import fs from 'node:fs';
import path from 'node:path';
import { sha256 } from '../lib/files.mjs';
import { readNotebook, sourceOf, workbook, writeNotebook } from '../notebooks/notebooks.mjs';
import { translateNotebook } from './overlay.mjs';
import outputs from './outputs.cjs';

/** @typedef {import('./overlay.mjs').Language} Language */
/** @typedef {import('../notebooks/notebooks.mjs').Notebook} Notebook */

/** What a notebook's cells say, whatever they have put out. @param {Notebook} notebook */
const cellsHash = ({ cells }) =>
  sha256(JSON.stringify(cells.map((cell) => [cell.cell_type, sourceOf(cell)]))).slice(0, 16);

/**
 * @param {Language} language
 * @param {readonly string[]} [notebooks] the English ones; default: the workbook's
 * @returns {string[]} those that were left as they are, since the reader has changed them and the workbook has too
 */
export function makeNotebooks(language, notebooks = workbook()) {
  const translator = outputs.translator(language);
  return notebooks.flatMap((english) => {
    const target = path.join(language.folder, path.basename(english));
    const name = path.basename(english, '.ipynb');
    const made = translateNotebook(readNotebook(english), language, name, translator);
    const hash = cellsHash(made);
    if (fs.existsSync(target)) {
      const there = readNotebook(target);
      const before = there.metadata.workbook?.made;
      if (before === hash) return []; // with what its cells have put out
      if (before !== cellsHash(there)) return [target];
    }
    writeNotebook(target, { ...made, metadata: { ...made.metadata, workbook: { made: hash } } });
    return [];
  });
}

/**
 * The language that a reader asks for, or the one of their system where there is one such.
 * @param {readonly Language[]} all
 * @param {string | undefined} asked a folder's name, or `en`
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Language | undefined | null} undefined: English; null: there is no such language
 */
export function languageFor(all, asked, env = process.env) {
  const wished = asked ?? (env.LC_ALL || env.LC_MESSAGES || env.LANG || '');
  const of = (/** @type {string} */ name) => name.toLowerCase().split(/[^a-z]/)[0];
  const found = all.find(({ code }) => code === wished) ?? all.find(({ code }) => of(code) === of(wished));
  return found ?? (asked === undefined || asked === 'en' ? undefined : null);
}
