// @ts-check
// Comments of shown code in another language: each is looked up by its English text, and the code around it stays as it is.
// CommonJS, since the notebooks' kernel uses it too.
'use strict';

/** A comment, or a paragraph of one. `start` and `end`: where its lines lie in the code.
 * @typedef {{ start: number, end: number, kind: '//' | '#' | '/*', paragraphs: string[] }} Comment */

/** For tools, not for readers. */
const DIRECTIVE = /^\s*(@ts-|prettier-|eslint-|type:|noqa|\/ <)/;
/** Where a line of a comment begins a paragraph of its own. */
const BEGINS = /^(@\w|[-*] |\d+\. |```)/;
const COLUMNS = 80;

/** @type {typeof import('typescript') | undefined} */
let typescript;
/** Loaded when first needed: it takes a quarter of a second. @returns {typeof import('typescript')} */
const parser = () => (typescript ??= require('typescript'));

/**
 * The tokens of TypeScript, which may be a piece of a program, and where the space before each begins.
 * @param {string} code
 */
function tokens(code) {
  const ts = parser();
  const file = ts.createSourceFile('code.ts', code, ts.ScriptTarget.Latest, true);
  /** @type {{ kind: number, text: string, from: number, start: number }[]} */
  const found = [];
  const visit = (/** @type {import('typescript').Node} */ node) => {
    if (ts.isJSDoc(node)) return;
    const children = node.getChildren(file).filter((child) => !ts.isJSDoc(child));
    if (children.length > 0 && node.kind !== ts.SyntaxKind.JsxText) return children.forEach(visit);
    if (node.kind === ts.SyntaxKind.SyntaxList) return;
    const start = node.getStart(file, false);
    found.push({ kind: node.kind, text: code.slice(start, node.end), from: node.pos, start });
  };
  visit(file);
  return found;
}

/** The code of a program, in its syntax tree's order, without comments and space. @param {string} code */
const bareCode = (code) => tokens(code).map(({ kind, text }) => `${kind} ${text}`);

const COMMENT = /\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;

/** @param {string} code @returns {{ start: number, end: number }[]} */
function typescriptComments(code) {
  return tokens(code).flatMap(({ from, start }) =>
    [...code.slice(from, start).matchAll(COMMENT)].map(({ 0: text, index }) => ({
      start: from + index,
      end: from + index + text.length,
    })),
  );
}

const PYTHON = /"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|(#[^\n]*)/g;

/** @param {string} code @returns {{ start: number, end: number }[]} */
const pythonComments = (code) =>
  [...code.matchAll(PYTHON)]
    .filter(([, comment]) => comment !== undefined)
    .map(({ 0: text, index }) => ({ start: index, end: index + text.length }));

/** The line's part before a place. @param {string} code @param {number} at */
const before = (code, at) => code.slice(code.lastIndexOf('\n', at - 1) + 1, at);

/**
 * The comments of a piece of code, those of neighbouring lines as one.
 * @param {string} code
 * @param {'typescript' | 'python'} [language]
 * @returns {Comment[]}
 */
function commentsOf(code, language = 'typescript') {
  const places = language === 'python' ? pythonComments(code) : typescriptComments(code);
  /** @type {(Comment & { lines: string[] })[]} */
  const found = [];
  for (const { start, end } of places) {
    const text = code.slice(start, end);
    const kind = text.startsWith('#') ? '#' : text.startsWith('//') ? '//' : '/*';
    const last = found.at(-1);
    const alone = before(code, start).trim() === '';
    if (kind === '/*') {
      const lines = text
        .replace(/^\/\*+ ?|\s*\*+\/$/g, '')
        .split('\n')
        .map((line) => line.replace(/^\s*\* ?/, ''));
      found.push({ start, end, kind, lines, paragraphs: [] });
      continue;
    }
    const line = text.replace(/^(\/\/|#) ?/, '');
    const joins =
      last?.kind === kind &&
      alone &&
      /^\n[ \t]*$/.test(code.slice(last.end, start)) &&
      before(code, last.start) === before(code, start) &&
      !DIRECTIVE.test(line) &&
      !DIRECTIVE.test(last.lines[0] ?? '');
    if (joins && last) {
      last.lines.push(line);
      last.end = end;
    } else found.push({ start, end, kind, lines: [line], paragraphs: [] });
  }
  return found
    .filter(({ lines }) => !DIRECTIVE.test(lines[0] ?? ''))
    .map(({ start, end, kind, lines }) => ({ start, end, kind, paragraphs: paragraphsOf(lines) }));
}

/** @param {readonly string[]} lines @returns {string[]} */
function paragraphsOf(lines) {
  /** @type {string[][]} */
  const found = [[]];
  let fenced = false;
  for (const line of lines) {
    const words = line.trim();
    if (fenced || BEGINS.test(words) || words === '') found.push([]);
    if (words.startsWith('```')) fenced = !fenced;
    if (words !== '') found.at(-1)?.push(fenced || words.startsWith('```') ? line.trimEnd() : words);
  }
  return found.map((words) => words.join(' ')).filter((text) => text !== '');
}

/** Whether a comment's paragraph is to be translated: words, and not code in a fence. @param {string} text */
const isProse = (text) => /[A-Za-z]{2}/.test(text.replace(/`[^`]*`|@(?:param|returns?|throws)\b/g, ''));

/**
 * The code with its comments translated.
 * @param {string} code
 * @param {(paragraph: string) => string | undefined} translate undefined where there is none: then the comment stays
 * @param {'typescript' | 'python'} [language]
 * @param {number} [columns] at which comments are broken into lines
 */
function translateComments(code, translate, language = 'typescript', columns = COLUMNS) {
  let result = '';
  let at = 0;
  for (const comment of commentsOf(code, language)) {
    const { start, end, kind, paragraphs } = comment;
    const own = paragraphs.map((text) => (isProse(text) ? translate(text) : text));
    if (paragraphs.length === 0 || own.some((text) => text === undefined)) continue;
    const lead = before(code, start);
    const alone = lead.trim() === '';
    const margin = alone ? lead : '';
    const room = columns - width(margin) - 3;
    const lines = own.flatMap((text) => (alone ? wrap(text ?? '', room) : [text ?? '']));
    result += code.slice(at, start) + written(lines, kind, margin, code.slice(start, end));
    at = end;
  }
  return result + code.slice(at);
}

/** @param {string[]} lines @param {Comment['kind']} kind @param {string} margin @param {string} was */
function written(lines, kind, margin, was) {
  if (kind !== '/*') return lines.map((line) => `${kind} ${line}`.trimEnd()).join(`\n${margin}`);
  const open = /^\/\*+/.exec(was)?.[0] ?? '/*';
  if (lines.length === 1) return `${open} ${lines[0]} */`;
  return [open, ...lines.map((line) => ` * ${line}`.trimEnd()), ' */'].join(`\n${margin}`);
}

/** Columns that a text takes: two for each character of East Asia. @param {string} text */
const width = (text) => Array.from(text).reduce((sum, each) => sum + (WIDE.test(each) ? 2 : 1), 0);
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/;
const NO_START = /^[，。；：、！？）》」』”’…,.;:!?)\]}]/;

/** A text in lines of at most so many columns; no line begins with a mark that ends something. @param {string} text @param {number} columns */
function wrap(text, columns) {
  // A character of East Asia is a piece by itself; other words stay whole.
  const pieces = text.match(/ +|`[^`]*`|[^\s`\u2e80-\uffef]+|[^]/g) ?? [];
  const lines = [''];
  for (const piece of pieces) {
    const line = lines[lines.length - 1] ?? '';
    if (line === '' && piece.trim() === '') continue;
    if (line === '' || width(line + piece) <= columns || NO_START.test(piece) || piece.trim() === '')
      lines[lines.length - 1] = line + piece;
    else lines.push(piece);
  }
  return lines.map((line) => line.trimEnd());
}

module.exports = { bareCode, commentsOf, isProse, translateComments, width };
