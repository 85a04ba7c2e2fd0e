// @ts-check
// A reporter of Node's test runner: a line for each file as it ends, in full what failed, and the counts as JSON into the
// file that RESNET_WORKBOOK_TALLY names. Node's `spec` has a line for each of 600 tests, and `dot` no names.
import path from 'node:path';
import { inspect } from 'node:util';
import { writeWhole } from './files.mjs';
import { duration } from './log.mjs';
import { inRoot } from './paths.mjs';

/** What a test file has said so far. @typedef {{ passed: number, failed: number, skipped: number, ms: number, output: string }} FileTally */
/** What the runner tells of a test: the part used here.
 * @typedef {{ name: string, file?: string, nesting: number, skip?: string | boolean, todo?: string | boolean, message?: string,
 *   details: { duration_ms: number, type?: string, error?: Error & { cause?: unknown, failureType?: string } } }} TestEvent */

/** @param {AsyncIterable<{ type: string, data: TestEvent }>} source */
export default async function* report(source) {
  const all = { passed: 0, failed: 0, skipped: /** @type {string[]} */ ([]) };
  /** @type {Map<string, FileTally>} */
  const open = new Map();
  const of = (/** @type {string} */ file) => {
    const own = open.get(file) ?? { passed: 0, failed: 0, skipped: 0, ms: 0, output: '' };
    open.set(file, own);
    return own;
  };
  // The runner tells of one file's tests after another's, in order: with the first of the next, a file is complete.
  /** @type {string | undefined} */
  let current;
  for await (const { type, data } of source) {
    const file = data?.file ? path.resolve(data.file) : ''; // Node 26 names it from the working directory with its output
    if (type === 'test:stdout' || type === 'test:stderr') of(file).output += String(data.message);
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (current !== undefined && file !== current) yield close(current);
    current = file;
    yield end(data, type === 'test:pass', of(file));
  }
  if (current !== undefined) yield close(current);
  const tally = process.env.RESNET_WORKBOOK_TALLY;
  if (tally) writeWhole(tally, JSON.stringify(all));

  /** @param {string} file @returns {string} its line */
  function close(file) {
    const own = of(file);
    open.delete(file);
    const empty = own.passed + own.failed + own.skipped === 0;
    if (empty) {
      own.failed++;
      all.failed++;
    }
    const skipped = own.skipped > 0 ? `, ${own.skipped} skipped` : '';
    const counts = empty
      ? 'no test in it ran'
      : `${own.passed} passed${own.failed > 0 ? `, ${own.failed} failed` : ''}${skipped}`;
    const line = `  ${own.failed > 0 ? '✗' : '✓'} ${shown(file)}: ${counts} (${duration(own.ms)})\n`;
    return own.failed > 0 && own.output.trim() ? `${line}${indented(own.output.trim())}\n` : line;
  }

  /** @param {TestEvent} event @param {boolean} ok @param {FileTally} own @returns {string} what is said of it at once */
  function end({ name, file, nesting, skip, todo, details }, ok, own) {
    if (nesting === 0) own.ms += details.duration_ms;
    // A file in which no test ran is reported as one test by its path: that it passed proves nothing.
    if (ok && file && path.resolve(name) === file) return '';
    // A suite counts through its tests, and so does a test that failed only because one within it did.
    if (details.type === 'suite' || details.error?.failureType === 'subtestsFailed') return '';
    if (skip || todo) {
      own.skipped++;
      const why = typeof skip === 'string' ? skip : typeof todo === 'string' ? `to do: ${todo}` : '';
      all.skipped.push(`${shown(file)}: ${name}${why ? ` (${why})` : ''}`);
      return '';
    }
    own[ok ? 'passed' : 'failed']++;
    all[ok ? 'passed' : 'failed']++;
    if (ok) return '';
    const cause = details.error?.cause ?? details.error;
    const what = cause instanceof Error ? (cause.stack ?? cause.message) : inspect(cause);
    return `  ✗ ${shown(file)}: ${name}\n${indented(what)}\n`;
  }
}

/** The source of a compiled test. @param {string | undefined} file */
const shown = (file) => path.relative(inRoot('.build'), file ?? '').replace(/\.js$/, '.ts');

/** @param {string} text */
const indented = (text) => text.replace(/^/gm, '      ');
