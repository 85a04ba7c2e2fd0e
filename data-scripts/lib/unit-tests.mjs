// @ts-check
// Runs compiled test files with Node's own test runner and prints a line for each file as it ends, and in full what failed.
import os from 'node:os';
import path from 'node:path';
import { run } from 'node:test';
import { inspect } from 'node:util';
import { childEnv, tensorflowEnv } from './child-env.mjs';
import { duration } from './log.mjs';
import { inRoot, nodeCompat } from './paths.mjs';

const NODE_WITHOUT_OLD_UTIL = 23; // from here on tfjs-node needs two functions back: node-compat.cjs

/** What a test file has said so far. @typedef {{ passed: number, failed: number, skipped: number, ms: number, output: string, closed?: boolean }} FileTally */
/** What the runner tells of a test: the part used here.
 * @typedef {{ name: string, file?: string, nesting: number, skip?: string | boolean, todo?: string | boolean,
 *   details: { duration_ms: number, type?: string, error?: Error & { cause?: unknown, failureType?: string } } }} TestEvent */

/**
 * @param {string[]} files
 * @param {{ passed: number, failed: number, skipped: string[] }} tally counted up as tests end
 */
export async function unitTests(files, tally) {
  // The runner hands its environment down to the process it starts for each file. NODE_TEST_CONTEXT goes too: it is set
  // when this itself runs inside a test, and the runner would then run nothing and say that nothing failed.
  const env = childEnv(tensorflowEnv);
  for (const name of Object.keys(process.env)) if (!(name in env)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, env);
  // The runner hands this process's options down to each file's. After `node -e` they hold the script that called us,
  // which would call us again in each.
  process.execArgv = [];
  if (Number(process.versions.node.split('.')[0]) >= NODE_WITHOUT_OLD_UTIL) {
    // Node splits the variable at spaces outside quotes.
    const preload = `--require=${JSON.stringify(nodeCompat)}`;
    process.env.NODE_OPTIONS = [process.env.NODE_OPTIONS, preload].filter(Boolean).join(' ');
  }
  // TensorFlow takes every core for its kernels; a second process fills the gaps, more only add memory.
  const stream = run({ files, concurrency: Math.min(2, os.availableParallelism()) });

  /** @type {Map<string, FileTally>} */
  const tallies = new Map();
  const of = (/** @type {string | undefined} */ file) => {
    const key = file ?? '';
    let own = tallies.get(key);
    if (!own) tallies.set(key, (own = { passed: 0, failed: 0, skipped: 0, ms: 0, output: '' }));
    return own;
  };
  // The runner tells of one file's tests after another's, in order: with the first of the next, a file is complete.
  /** @type {string | undefined} */
  let current;
  for await (const { type, data } of stream) {
    if (type === 'test:stdout' || type === 'test:stderr') {
      of(data.file).output += String(data.message);
    } else if (type === 'test:pass' || type === 'test:fail') {
      const file = String(data.file ?? '');
      if (current !== undefined && file !== current) close(current, of(current), tally);
      current = file;
      end(/** @type {TestEvent} */ (data), type === 'test:pass', of(file), tally);
    }
  }
  for (const file of new Set([...files, ...tallies.keys()])) close(file, of(file), tally);
}

/**
 * Prints a file's line, once.
 * @param {string} file
 * @param {FileTally} own
 * @param {{ failed: number }} all
 */
function close(file, own, all) {
  if (own.closed) return;
  own.closed = true;
  const empty = own.passed + own.failed + own.skipped === 0;
  if (empty) {
    own.failed++;
    all.failed++;
  }
  const skipped = own.skipped > 0 ? `, ${own.skipped} skipped` : '';
  const counts = empty
    ? 'no test in it ran'
    : `${own.passed} passed${own.failed > 0 ? `, ${own.failed} failed` : ''}${skipped}`;
  console.log(`  ${own.failed > 0 ? '✗' : '✓'} ${shown(file)}: ${counts} (${duration(own.ms)})`);
  if (own.failed > 0 && own.output.trim()) console.log(indented(own.output.trim()));
}

/**
 * @param {TestEvent} event
 * @param {boolean} ok
 * @param {FileTally} own
 * @param {{ passed: number, failed: number, skipped: string[] }} all
 */
function end({ name, file, nesting, skip, todo, details }, ok, own, all) {
  if (nesting === 0) own.ms += details.duration_ms;
  // A file in which no test ran is reported as one test by its path: that it passed proves nothing.
  if (ok && name === file) return;
  // A suite counts through its tests, and so does a test that failed only because one within it did.
  if (details.type === 'suite' || details.error?.failureType === 'subtestsFailed') return;
  if (skip || todo) {
    own.skipped++;
    const why = typeof skip === 'string' ? skip : typeof todo === 'string' ? `to do: ${todo}` : '';
    all.skipped.push(`${shown(file)}: ${name}${why ? ` (${why})` : ''}`);
  } else if (ok) {
    own.passed++;
    all.passed++;
  } else {
    own.failed++;
    all.failed++;
    const cause = details.error?.cause ?? details.error;
    console.log(`  ✗ ${shown(file)}: ${name}`);
    console.log(indented(cause instanceof Error ? (cause.stack ?? cause.message) : inspect(cause)));
  }
}

/** The source of a compiled test. @param {string | undefined} file */
const shown = (file) => path.relative(inRoot('.build'), file ?? '').replace(/\.js$/, '.ts');

/** @param {string} text */
const indented = (text) => text.replace(/^/gm, '      ');
