// @ts-check
// The languages in which pages are made: English, and each that has a folder. One execution serves them all.
import path from 'node:path';
import { IMAGENET } from '../languages/check.mjs';
import {
  languages,
  match,
  readTranslations,
  sectionsOf,
  shown,
  translateNotebook,
} from '../languages/overlay.mjs';
import outputs from '../languages/outputs.cjs';

/** @typedef {import('../notebooks/notebooks.mjs').Notebook} Notebook */
/**
 * @typedef {object} Edition
 * @property {string} code `en`, `zh`: also the folder of its pages, but for the first
 * @property {string} tag for `lang`: `zh-CN`
 * @property {string} name as its readers write it
 * @property {string} exercise how the title of an exercise begins
 * @property {string} [stale] what marks a part that is shown in English
 * @property {string[]} [fonts] that have its letters
 * @property {(english: string) => string} say what the pages themselves say
 * @property {(notebook: Notebook, name: string) => Notebook} notebook
 * @property {(english: string) => string} home its home page
 */

/** @type {Edition} */
const ENGLISH = {
  code: 'en',
  tag: 'en',
  name: 'English',
  exercise: 'Exercise',
  say: (text) => text,
  notebook: (notebook) => notebook,
  home: (page) => page,
};

/**
 * @param {(language: string, english: string) => void} [onMissing] is told of what has no translation
 * @returns {Edition[]} English first
 */
export function editions(onMissing = () => {}) {
  const others = languages().map((language) => {
    const { code, folder, words } = language;
    const translator = outputs.translator(language, {
      onMissing: (_kind, english) => IMAGENET.has(english) || onMissing(language.words.name, english),
    });
    return {
      code,
      ...words,
      say: translator.phrase,
      notebook: (/** @type {Notebook} */ notebook, /** @type {string} */ name) =>
        translateNotebook(notebook, language, name, translator),
      home: (/** @type {string} */ english) => {
        const { matched } = match(sectionsOf(english), readTranslations(path.join(folder, 'index.md')));
        return matched
          .map(({ part: { english }, text, state }) => shown({ english, text, state }, words))
          .join('\n\n');
      },
    };
  });
  return [ENGLISH, ...others];
}

/**
 * What Sphinx is told of an edition: notebooks/site/conf.py.
 * @param {Edition} edition
 * @param {readonly Edition[]} all
 */
export function settings(edition, all) {
  const { code, tag, exercise, say } = edition;
  const place = (/** @type {Edition} */ { code }) => (code === 'en' ? '' : `${code}/`);
  return {
    language: tag.replace('-', '_'),
    exercise,
    title: say('ResNet workbook'),
    show: say('Show the {type}'),
    hide: say('Hide the {type}'),
    words: Object.fromEntries(['Equation', 'Link to this equation'].map((text) => [text, say(text)])),
    // from the root of this edition to that of the other
    others: all
      .filter((other) => other !== edition)
      .map((other) => ({
        code: other.code,
        tag: other.tag,
        name: other.name,
        root: (code === 'en' ? '' : '../') + place(other),
      })),
    chapters: code === 'en',
  };
}
