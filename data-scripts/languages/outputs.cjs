// @ts-check
// Outputs in another language: texts are looked up, with holes for what differs from run to run. Used where pages are made
// from executed notebooks, and in the kernel while cells run; so it is CommonJS.
'use strict';
const { translateComments } = require('./comments.cjs');

/**
 * @typedef {object} Dictionary
 * @property {Record<string, string>} outputs English to translation; `{}` stands for anything, and is looked up by itself.
 *   A translation that needs another order names its holes: `{2}` is the second of the English ones.
 * @property {Record<string, string>} comments
 * @property {Record<string, string>} [notes] by lines of torchvision's resnet.py
 * @property {{ fonts?: string[] }} words
 */
/** @typedef {Record<string, unknown>} Bundle an output's forms, by MIME type */
/** @typedef {{ english: string, pattern: RegExp, own: string, weight: number }} Template */

const PLOTLY = 'application/vnd.plotly.v1+json';
/** Where one text is made of several, and what stands there in the translation. */
const JOINTS = [
  ['. ', '。'],
  ['; ', '；'],
  [': ', '：'],
  [', ', '，'],
];
const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const LONGEST = 2000; // characters of a text that is looked up; what readers print themselves may be longer
const MOST_KNOWN = 20_000; // texts whose translation is remembered

/** A word of prose, not a name: all in small letters. */
const WORD = /^[a-z]+(?:['’-][a-z]+)*$/;
const FIRST_WORD = /^[A-Z][a-z]+(?:['’-][a-z]+)*$/;

/**
 * Whether a text has words that a reader of another language may not know: in small letters, or one that begins a sentence.
 * Names in code (with digits, points, capitals within) have none.
 * @param {string} text
 * @param {boolean} [isPart] what stands in a hole begins with a capital only where it is a name
 */
function hasWords(text, isPart = false) {
  const words = text
    .replace(/`[^`]*`|[\w-]+(?:\/[\w-]+)+\.\w+|(?<!\S)\/\S+|\w+:\/\/\S+/g, '') // code, paths, addresses
    .split(/[\s,;:!?()[\]{}"“”|/=<>+±×→≠]+|\.(?=\s|$)|'(?=\s|$)|(?<=\s|^)'/)
    .filter((word) => word && word !== '-');
  if (!isPart && FIRST_WORD.test(words[0] ?? '')) return true;
  return words.some((word) => WORD.test(word) && word.length > 1) || /\d s(?!\w)/.test(text); // seconds
}

/** Whether it is a product's name, as processors have: every word with a capital or a digit. @param {string} text */
function isName(text) {
  const words = text.split(/[\s()@]+/).filter(Boolean);
  return words.length > 1 && words.every((word) => /^[A-Z]|[a-z]\d|\d[A-Za-z.]/.test(word));
}

/** @param {string} text */
const escapePattern = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/**
 * @param {Dictionary} dictionary
 * @param {{ onMissing?: (kind: 'output' | 'comment', english: string) => void, onUse?: (entry: string) => void }} [options] are
 *   told of what has no entry, and of the entries that were used
 */
function translator(
  { outputs, comments, notes = {}, words: { fonts = [] } },
  { onMissing = () => {}, onUse = () => {} } = {},
) {
  /** @type {Template[]} */
  const templates = Object.entries(outputs)
    .filter(([english]) => english.includes('{}'))
    .map(([english, own]) => {
      const parts = english.split('{}');
      const pattern = new RegExp(`^${parts.map(escapePattern).join('(.+?)')}$`, 's');
      return { english, pattern, own, weight: parts.join('').length };
    })
    .sort((a, b) => b.weight - a.weight);
  /** @type {Map<string, string | undefined>} */
  const known = new Map();

  /**
   * The translation of a text or of what it is made of; undefined where there is none. Whole parts come before what a hole
   * would have to be split for: "3 pictures, 40 % right" is no "{} % right".
   * @param {string} text
   * @param {boolean} [isPart]
   * @param {boolean} [isWhole] not to be taken as several
   * @returns {string | undefined}
   */
  function found(text, isPart = false, isWhole = false) {
    if (Object.hasOwn(outputs, text)) {
      onUse(text);
      return outputs[text];
    }
    if (!hasWords(text, isPart)) return text;
    const key = `${isWhole ? 'whole' : 'any'} ${text}`;
    if (known.has(key) || text.length > LONGEST) return known.get(key);
    if (known.size > MOST_KNOWN) known.clear();
    known.set(key, undefined); // while it is looked for
    const result =
      byTemplate(text, true) ?? (isWhole ? undefined : (inParts(text) ?? byTemplate(text, false)));
    known.set(key, result);
    return result;
  }

  /** @param {string} text @param {boolean} isWhole */
  function byTemplate(text, isWhole) {
    for (const { english, pattern, own } of templates) {
      const holes = pattern
        .exec(text)
        ?.slice(1)
        .map((hole) => found(hole, true, isWhole));
      if (!holes || holes.includes(undefined)) continue;
      onUse(english);
      let next = 0;
      return own.replace(/\{(\d*)\}/g, (_, number) => holes[number ? Number(number) - 1 : next++] ?? '');
    }
    return undefined;
  }

  /** @param {string} text */
  function inParts(text) {
    const end = /[.:]$/.exec(text)?.[0] ?? '';
    const body = end ? text.slice(0, -1) : text;
    for (const [joint = '', own = ''] of JOINTS) {
      const parts = body.split(joint);
      if (parts.length === 1 && !end) continue;
      const done = parts.map((part) => found(part));
      if (!done.includes(undefined)) return done.join(own) + (end && (end === '.' ? '。' : '：'));
    }
    return undefined;
  }

  /** One text, with the space around it as it is. @param {string} text */
  function phrase(text) {
    const core = text.trim();
    if (core === '') return text;
    const own = found(core);
    if (own === undefined && !isName(core)) onMissing('output', core);
    return text.replace(core, () => own ?? core);
  }

  /** Printed lines. @param {string} text */
  const printed = (text) => text.split('\n').map(phrase).join('\n');

  /** @param {string} paragraph */
  function comment(paragraph) {
    if (Object.hasOwn(comments, paragraph)) onUse(paragraph);
    else onMissing('comment', paragraph);
    return comments[paragraph];
  }

  /** @param {string} text @param {'typescript' | 'python'} [language] @param {number} [columns] */
  const code = (text, language, columns) => translateComments(text, comment, language, columns);

  /** @param {string} text */
  const markdown = (text) =>
    text
      .split(/^(`{3,}\w*\n[\s\S]*?\n`{3,})$/m)
      .map((part) => {
        const [, open, language, body, close] = /^(`{3,})(\w*)\n([\s\S]*)\n(`{3,})$/.exec(part) ?? [];
        if (body === undefined) return printed(part);
        const own = language === 'typescript' || language === 'python' ? code(body, language) : body;
        return `${open}${language}\n${own}\n${close}`;
      })
      .join('');

  /** Texts, and attributes that are read aloud; of code only comments. @param {string} text */
  function html(text) {
    let inCode = false;
    return text
      .replace(SHOWN_CODE, (_, open, lines, close) => `${open}${shownCode(lines, code, notes)}${close}`)
      .split(/(<[^>]*>)/)
      .map((part) => {
        if (!part.startsWith('<'))
          return inCode || part === '' ? part : escapeHtml(phrase(unescapeHtml(part)));
        if (/^<(\/?)(code|style|script|pre)\b/.test(part)) inCode = !part.startsWith('</');
        return part.replace(
          /\b(alt|aria-label|title)="([^"]*)"/g,
          (_, name, value) => `${name}="${escapeHtml(phrase(unescapeHtml(value)))}"`,
        );
      })
      .join('');
  }

  /** What plotly draws. @param {unknown} value @param {string} [key] @returns {unknown} */
  function drawing(value, key = '') {
    if (typeof value === 'string') {
      if (key === 'hovertemplate') return hover(value);
      if (key === 'family') return [...fonts.map((font) => `"${font}"`), value].join(', ');
      return TEXTS.has(key) ? lines(value) : value;
    }
    if (Array.isArray(value))
      return typeof value[0] === 'number' ? value : value.map((each) => drawing(each, key));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, drawing(each, name)]));
  }

  /** @param {string} text */
  const lines = (text) =>
    text
      .split(/(<[^>]*>)/)
      .map((part) => (part.startsWith('<') ? part : phrase(part)))
      .join('');

  /** @param {string} template of plotly's: words between numbers and tags */
  const hover = (template) =>
    template
      .split(/(%\{[^}]*\}|<[^>]*>|[,:]? )/)
      .reduce((/** @type {string[]} */ parts, part, index) => {
        // words between two marks are one text again
        const isMark = index % 2 === 1 && !/^[,:]? $/.test(part);
        if (isMark || parts.length === 0 || /^[%<]/.test(parts.at(-1) ?? '')) parts.push(part);
        else parts[parts.length - 1] += part;
        return parts;
      }, [])
      .map((part) => {
        if (/^[%<]/.test(part)) return part;
        const [, lead = '', core = '', tail = ''] = /^([\s,:]*)(.*?)([\s,:]*)$/s.exec(part) ?? [];
        return lead + phrase(core) + tail;
      })
      .join('');

  /** An output in all its forms. @param {Bundle} data @returns {Bundle} */
  function bundle(data) {
    const textOf = (/** @type {unknown} */ value) => (Array.isArray(value) ? value.join('') : String(value));
    return Object.fromEntries(
      Object.entries(data).map(([type, value]) => {
        if (type === PLOTLY) return [type, drawing(value)];
        if (type === 'text/html' || type === 'image/svg+xml') return [type, html(textOf(value))];
        if (type === 'text/markdown') return [type, markdown(textOf(value))];
        // Beside HTML nobody sees it: a table in letters, whose columns would shift.
        if (type === 'text/plain' && !data['text/html'] && !data['text/markdown'])
          return [type, printed(textOf(value))];
        return [type, value];
      }),
    );
  }

  /**
   * An output of a notebook; errors stay as they are.
   * @template {{ output_type: string, name?: string, text?: unknown, data?: Bundle }} T
   * @param {T} output
   * @returns {T}
   */
  function output(output) {
    if (output.data) return { ...output, data: bundle(output.data) };
    if (output.output_type !== 'stream' || output.name !== 'stdout') return output;
    return { ...output, text: printed([output.text].flat().join('')) };
  }

  return { bundle, code, output, phrase, printed };
}

const TEXTS = new Set(['text', 'name', 'x', 'y', 'labels', 'ticktext', 'tickvals', 'categoryarray']);

/** The columns of source beside source: src/notebook/sideBySide.ts. */
const SHOWN_CODE =
  /(<code [^>]*>)((?:<div style="padding-left:\d+ch;text-indent:-4ch">[^<]*<\/div>)+)(<\/code>)/g;
const HANGING = 4; // what goes on in a further line stands so much further in

/**
 * @param {string} html lines
 * @param {(text: string, language: 'typescript' | 'python', columns: number) => string} translate
 * @param {Record<string, string>} notes stand at the ends of their lines: torchvision's own comments are few
 */
function shownCode(html, translate, notes) {
  const lines = [...html.matchAll(/padding-left:(\d+)ch[^>]*>([^<]*)</g)].map(
    ([, left, text = '']) => ' '.repeat(Number(left) - HANGING) + unescapeHtml(text),
  );
  const text = lines.join('\n');
  const language = lines.some((line) => /^\s*(#|def |class .*:$|@)/.test(line)) ? 'python' : 'typescript';
  return translate(text, language, Infinity) // the page breaks them, as wide as a column is
    .split('\n')
    .map((line) => {
      const code = line.trimStart();
      const inner = Object.hasOwn(notes, code) ? `${code}  # ${notes[code]}` : code;
      return `<div style="padding-left:${line.length - code.length + HANGING}ch;text-indent:-4ch">${escapeHtml(inner)}</div>`;
    })
    .join('');
}

/** @param {string} text */
const escapeHtml = (text) =>
  text.replace(/[&<>"']/g, (sign) => ENTITIES[/** @type {keyof typeof ENTITIES} */ (sign)]);
/** @param {string} text */
const unescapeHtml = (text) =>
  Object.entries(ENTITIES).reduceRight((all, [sign, entity]) => all.replaceAll(entity, sign), text);

module.exports = { hasWords, translator };
