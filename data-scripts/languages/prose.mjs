// @ts-check
// What a translation of prose has to keep of its English: formulas, code, links, headings, exercises, tables.

const FENCE = /^(`{3,})([^\n]*)\n([\s\S]*?)\n\1$/gm;
const CODE = /(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)/gs;
const FORMULA = /\$\$[\s\S]+?\$\$|(?<![\\$\d\w])\$[^$\n]+?\$(?![\d$])/g;
const TARGET = /\]\(([^)\s]+)\)|<(https?:[^>\s]+)>/g;

/** @param {string} text */
const formulaOf = (text) => text.replace(/\\(text|operatorname\*?)\{[^}]*\}/g, '\\$1').replace(/\s+/g, '');

/**
 * The parts of a text that are the same in every language, by what they are.
 * @param {string} markdown
 * @param {string} exercise how the title of an exercise begins
 * @returns {Record<string, string[]>}
 */
export function fixedParts(markdown, exercise) {
  /** @type {Record<string, string[]>} */
  const found = { 'code blocks': [], 'code spans': [] };
  const take = (/** @type {string} */ kind, /** @type {string} */ text) => {
    found[kind]?.push(text);
    return ' ';
  };
  const prose = markdown
    .replace(/^> ?/gm, '')
    .replace(FENCE, (whole, _ticks, /** @type {string} */ kind) =>
      take('code blocks', kind === 'text' ? leftColumn(whole) : withoutComments(whole)),
    )
    .replace(CODE, (_whole, _ticks, /** @type {string} */ code) =>
      take('code spans', code.replace(/\s+/g, ' ').trim()),
    );
  const all = (/** @type {RegExp} */ pattern) => [...prose.matchAll(pattern)];
  return {
    ...found,
    formulas: all(FORMULA).map(([text]) => formulaOf(text)),
    // one README links to the other
    links: all(TARGET).map(([, target, bare]) =>
      (target ?? bare ?? '').replace(/^README\.\w+\.md$/, 'README.md'),
    ),
    headings: all(/^(#+) (?:([\d.]+) )?/gm).map(([, level, number = '']) => `${level} ${number}`.trim()),
    exercises: all(new RegExp(`^\\*\\*${exercise}\\s*(\\d+)`, 'gm')).map(([, number = '']) => number),
    'rows of tables': all(/^\|.*\|$/gm).map(([row]) => `${row.split('|').length - 2} cells`),
    tags: all(/<\/?(\w+)[^>]*>/g).map(([, name = '']) => name),
  };
}

/** Of a list of names and what they are, as the README's map: the names. @param {string} fence */
const leftColumn = (fence) =>
  [...fence.matchAll(/^ {0,4}(\S.*?)(?= {2}|$)/gm)].map(([, name]) => name).join(' ');

/** @param {string} fence its comments may be translated */
const withoutComments = (fence) => fence.replace(/(^|\s)(\/\/|#).*$/gm, '').replace(/\s+/g, ' ');

/**
 * What a translation lacks, or has too much, a line each.
 * @param {string} english
 * @param {string} own
 * @param {string} exercise
 */
export function proseFaults(english, own, exercise) {
  const [expected, got] = [fixedParts(english, 'Exercise'), fixedParts(own, exercise)];
  return Object.entries(expected).flatMap(([kind, parts]) => {
    const [lacking, added] = [without(parts, got[kind] ?? []), without(got[kind] ?? [], parts)];
    if (lacking.length + added.length === 0) return [];
    const said = [
      lacking.length && `without ${lacking.join(', ')}`,
      added.length && `with ${added.join(', ')}`,
    ];
    return [
      `${kind} differ: ${parts.length} in English, ${got[kind]?.length}: ${said.filter(Boolean).join('; ')}`,
    ];
  });
}

/** A text without code, formulas and addresses. @param {string} markdown */
export const proseOf = (markdown) =>
  markdown
    .replace(FENCE, ' ')
    .replace(CODE, ' ')
    .replace(FORMULA, ' ')
    .replace(/\]\([^)]*\)/g, ']');

/**
 * Stars that CommonMark would leave as they are: beside a mark and a letter they neither begin nor end bold or italic text,
 * as in `**粗体。**后文`.
 * @param {string} markdown
 */
export function brokenEmphasis(markdown) {
  /** @type {string[]} */
  const faults = [];
  for (const paragraph of markdown.replace(FENCE, '').split(/\n(?:> ?)?\s*\n|^\|.*$/m)) {
    const text = paragraph
      .replace(CODE, (code) => '`'.repeat(code.length))
      .replace(FORMULA, (code) => '$'.repeat(code.length));
    /** @type {string[]} */
    const open = [];
    for (const { 0: stars, index } of text.matchAll(/(?<![\\*])\*{1,2}(?!\*)/g)) {
      const before = text[index - 1] ?? ' ';
      const after = text[index + stars.length] ?? ' ';
      const [space, mark] = [/\s/, /[\p{P}\p{S}]/u];
      const opens = !space.test(after) && (!mark.test(after) || space.test(before) || mark.test(before));
      const closes = !space.test(before) && (!mark.test(before) || space.test(after) || mark.test(after));
      if (closes && open.at(-1) === stars) open.pop();
      else if (opens && open.at(-1) !== stars) open.push(stars);
      else if (stars === '**' || open.includes(stars))
        faults.push(
          `stars that stay: …${paragraph.slice(Math.max(0, index - 12), index + 14).replace(/\n/g, ' ')}…: put the mark outside of them`,
        );
    }
    if (open.includes('**') && faults.length === 0)
      faults.push(`bold without an end: ${paragraph.slice(0, 40)}…`);
  }
  return faults;
}

/** The first list without what the second has. @param {readonly string[]} list @param {readonly string[]} taken */
function without(list, taken) {
  const rest = [...taken];
  return list.filter((each) => {
    const at = rest.indexOf(each);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}
