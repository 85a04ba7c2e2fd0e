// @ts-check
// `npm test`: set-up that is missing, then types, lint, unit tests, the notebooks with their pages, and these in a browser.
import fs from 'node:fs';
import path from 'node:path';
import { filesIn, sha256 } from './lib/files.mjs';
import { duration } from './lib/log.mjs';
import { build, cache, inRoot, modules, root } from './lib/paths.mjs';
import { Trouble, fail, parse } from './lib/reader.cjs';
import { RunError, run } from './lib/run.mjs';
import { unitTests } from './lib/unit-tests.mjs';
import { chosen, execute, preparePictures, takeTurns, workbook } from './notebooks/notebooks.mjs';
import { library } from './setup/library.mjs';
import { testOnNode } from './setup/other-node.mjs';
import { needWritableResults } from './setup/place.mjs';
import { parts, setup } from './setup.mjs';

const HELP = `npm test [-- [STAGE...] [FILTER...]]

Stages, all of them by default; the last two only when all before them passed or they are named:
  types      src, data-scripts and test, then the notebooks' cells
  lint       ESLint and Prettier, no warnings
  unit       the tests in test/
  notebooks  executes the notebooks and renders their pages
  browser    looks at the pages and at JupyterLab in a Chromium, where there is one

  FILTER     unit, browser: files whose path holds it (npm test -- unit data); notebooks: number or name
  --node N   on Node N, which npm brings, in a copy of the project: unit and notebooks, unless stages are named`;

/** What a stage counted. @typedef {{ passed: number, failed: number, skipped: string[] }} Tally */
/** @typedef {(filters: string[], tally: Tally) => Promise<void>} Stage */

/** @type {Record<string, Stage>} */
const STAGES = {
  types,
  lint,
  unit,
  notebooks: (filters, tally) => takeTurns(() => notebooks(filters, tally)),
  browser,
};
/** Long, and of no use where the others found something. */
const LAST = ['notebooks', 'browser'];
const BROWSER_TESTS = path.join('test', 'browser', path.sep);

/**
 * Runs one check, prints how it went and counts it.
 * @param {Tally} tally
 * @param {string} name
 * @param {() => Promise<string[]>} work what is wrong, a line each
 */
async function check(tally, name, work) {
  const began = Date.now();
  /** @type {string[]} */
  let wrong;
  try {
    wrong = await work();
  } catch (error) {
    // Of another tool's failure, what it said is what counts.
    if (error instanceof RunError) wrong = error.output.trimEnd().split('\n');
    else wrong = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
  const failed = wrong.length > 0;
  if (failed) tally.failed++;
  else tally.passed++;
  console.log(`  ${failed ? '✗' : '✓'} ${name} (${duration(Date.now() - began)})`);
  for (const line of wrong) console.log(`    ${line}`);
}

/** @param {string} script @param {...string} args */
async function node(script, ...args) {
  await run(process.execPath, [path.join(modules, script), ...args]);
  return [];
}

/** @type {Stage} */
async function types(_filters, tally) {
  // Each takes one core.
  await Promise.all([
    check(tally, 'src, data-scripts, test', () => node('typescript/bin/tsc', '-p', '.')),
    check(tally, 'scripts in plain JavaScript', () => node('typescript/bin/tsc', '-p', 'data-scripts')),
  ]);
  await Promise.all(
    ['notebooks/site', 'test/browser/in-page', 'data-scripts/pages/live'].map((folder) =>
      check(tally, `scripts of pages, ${folder}`, () => node('typescript/bin/tsc', '-p', folder)),
    ),
  );
  // It needs the TypeScript package, which isn't there before set-up.
  const { checkNotebooks, formatRemark } = await import('./notebooks/check-cells.mjs');
  const files = workbook();
  const remarks = checkNotebooks(files);
  for (const remark of remarks) if (remark.warning) console.log(`    ${formatRemark(remark)}`);
  for (const file of files) {
    const own = remarks.filter(({ notebook, warning }) => notebook === file && !warning);
    await check(tally, `cells of ${path.basename(file)}`, () => Promise.resolve(own.map(formatRemark)));
  }
}

/** @type {Stage} */
async function lint(_filters, tally) {
  const kept = lintCache();
  const cached = (/** @type {string} */ name) => [
    '--cache',
    '--cache-strategy',
    'content',
    '--cache-location',
    path.join(kept, name),
  ];
  const options = ['--config', 'data-scripts/lib/eslint.config.mjs', '--max-warnings', '0'];
  const eslint = (/** @type {string[]} */ ...folders) =>
    check(tally, `ESLint, ${folders.join(', ')}`, () =>
      node(
        'eslint/bin/eslint.js',
        ...options,
        ...cached(folders[0] ?? ''),
        '--no-error-on-unmatched-pattern',
        ...folders,
      ),
    );
  // In halves that take about as long, one a core.
  await Promise.all([
    eslint('src', 'data-scripts/**/*.{mjs,cjs}', 'notebooks/site'),
    eslint('test', 'data-scripts/**/*.ts'),
  ]);
  await check(tally, 'Prettier', () =>
    node('prettier/bin/prettier.cjs', ...cached('prettier'), '--check', '--log-level', 'warn', '.'),
  );
  const { checkFormat, formatRemark } = await import('./notebooks/check-cells.mjs');
  for (const file of workbook())
    await check(tally, `Prettier, cells of ${path.basename(file)}`, async () =>
      (await checkFormat(file, false)).map(formatRemark),
    );
}

/**
 * ESLint keeps what it found in a file for as long as that file stays as it is. But its rules ask for types from other files
 * too: with other declarations, scripts, packages or settings it begins anew, in a new folder.
 */
function lintCache() {
  const files = [
    ...filesIn(build, '.d.ts'),
    ...['.mjs', '.cjs', '.json'].flatMap((ending) => filesIn(inRoot('data-scripts'), ending)),
    ...filesIn(inRoot('src'), '.json'),
    ...['package.json', 'package-lock.json', 'tsconfig.json'].map((name) => inRoot(name)),
  ];
  const key = sha256(...files.flatMap((file) => [path.relative(root, file), fs.readFileSync(file)]));
  const folder = path.join(cache, 'lint', key.slice(0, 16));
  if (!fs.existsSync(folder)) fs.rmSync(path.dirname(folder), { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  return folder;
}

/** @type {Stage} */
async function unit(filters, tally) {
  await compile();
  await unitTests(
    testFiles(filters, (name) => !name.startsWith(BROWSER_TESTS)),
    tally,
  );
}

/** @type {Stage} */
async function browser(filters, tally) {
  await compile();
  await unitTests(
    testFiles(filters, (name) => name.startsWith(BROWSER_TESTS)),
    tally,
  );
}

/** A file with type errors is compiled all the same, as far as it goes; the stage `types` reports them. */
async function compile() {
  if (library.missing() === null) return; // set-up has compiled it
  await run(process.execPath, [path.join(modules, 'typescript/bin/tsc'), '-p', '.'], { anyStatus: true });
}

/**
 * The compiled test files whose source is still there.
 * @param {string[]} filters
 * @param {(name: string) => boolean} ofStage
 */
function testFiles(filters, ofStage) {
  const files = fs
    .readdirSync(inRoot('test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && !name.includes('node_modules'))
    .map((name) => path.join('test', name))
    .filter(ofStage)
    .filter((name) => filters.length === 0 || filters.some((filter) => name.includes(filter)))
    .sort();
  if (files.length === 0) throw new Trouble(`No test file's path holds ${filters.join(' or ')}.`);
  return files.map((name) => inRoot('.build', name.replace(/\.ts$/, '.js')));
}

/** @type {Stage} */
async function notebooks(filters, tally) {
  const files = chosen(filters);
  const env = await preparePictures();
  for (const [index, file] of files.entries()) {
    const status = await execute([file], { env });
    if (status === 0) tally.passed++;
    else {
      tally.failed++;
      tally.skipped.push(
        ...files.slice(index + 1).map((rest) => `${path.basename(rest)} (an earlier one failed)`),
      );
      return;
    }
  }
  await check(tally, 'pages', async () => {
    const { render } = await import('./pages/render.mjs'); // it needs packages too
    const { untranslated } = await render();
    return [...untranslated].flatMap(([language, texts]) =>
      texts.map((text) => `${language}: no translation of "${text}" (npm run translate -- status)`),
    );
  });
}

/** Set-up; sources that don't compile don't stop it, for the stage `types` reports them among the rest. */
async function prepare() {
  try {
    await setup();
  } catch (error) {
    if (parts.some((part) => part !== library && part.missing() !== null)) throw error;
  }
}

async function main() {
  const began = Date.now();
  const parsed = parse(HELP, { allowPositionals: true, options: { node: { type: 'string' } } });
  if (!parsed) return 0;
  const { values, positionals } = parsed;
  const named = positionals.filter((word) => word in STAGES);
  const filters = positionals.filter((word) => !(word in STAGES));
  if (filters.length > 0 && named.length === 0)
    throw new Trouble(`There is no stage ${filters[0]}.`, 'npm test -- --help');
  await prepare();
  if (values.node)
    return testOnNode(values.node, positionals.length > 0 ? positionals : ['unit', 'notebooks']);
  needWritableResults();

  /** @type {Tally} */
  const all = { passed: 0, failed: 0, skipped: [] };
  /** @type {string[]} */
  const summary = [];
  for (const [name, stage] of Object.entries(STAGES)) {
    if (named.length > 0 && !named.includes(name)) continue;
    if (LAST.includes(name) && all.failed > 0 && named.length === 0) {
      all.skipped.push(`${name} (an earlier stage failed; npm test -- ${name})`);
      summary.push(`  - ${name}: not run`);
      continue;
    }
    console.log(name);
    const start = Date.now();
    /** @type {Tally} */
    const tally = { passed: 0, failed: 0, skipped: [] };
    await stage(filters, tally);
    all.passed += tally.passed;
    all.failed += tally.failed;
    all.skipped.push(...tally.skipped);
    const counts = `${tally.passed} passed, ${tally.failed} failed, ${tally.skipped.length} skipped`;
    summary.push(`  ${tally.failed > 0 ? '✗' : '✓'} ${name}: ${counts} (${duration(Date.now() - start)})`);
  }
  console.log(['', `In ${duration(Date.now() - began)}:`, ...summary].join('\n'));
  if (all.skipped.length > 0) console.log(['Skipped:', ...all.skipped.map((text) => `  ${text}`)].join('\n'));
  console.log(`${all.passed} passed, ${all.failed} failed`);
  return all.failed > 0 ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  fail(error);
}
