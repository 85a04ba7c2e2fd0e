// @ts-check
// Type-checks the code cells of notebooks, strictly: tslab itself is not strict and reads no tsconfig. Looked at: nbQA, which
// hands cells to Python's tools only.
//
// Also an error: outputs and execution counts (--clear removes them), and a kernel other than tslab.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as prettier from 'prettier';
import ts from 'typescript';
import { messageOf, moduleOf, remark } from './cell-module.mjs';
import { readNotebook, sourceOf, workbook, writeNotebook } from './notebooks.mjs';
import { root } from '../lib/paths.mjs';
import { fail, parse } from '../lib/reader.cjs';

const KERNEL = 'tslab';
const LONG_CELL_LINES = 40;

/** @typedef {import('./notebooks.mjs').Notebook} Notebook */
/** @typedef {import('./cell-module.mjs').Remark} Remark */
/** @typedef {import('./cell-module.mjs').Place} Place */

/** @param {Notebook} notebook */
function codeCells(notebook) {
  return notebook.cells
    .map((cell, index) => ({ cell, number: index + 1 }))
    .filter(({ cell }) => cell.cell_type === 'code')
    .map(({ cell, number }) => ({ number, source: sourceOf(cell) }));
}

/**
 * What must hold for a notebook as it is committed.
 * @param {string} file
 * @param {Notebook} notebook
 */
function houseRules(file, notebook) {
  /** @type {Remark[]} */
  const remarks = [];
  const kernel = notebook.metadata.kernelspec?.name;
  if (kernel !== KERNEL) {
    remarks.push(remark(file, 1, 1, `the notebook's kernel is ${kernel ?? 'not named'}, expected ${KERNEL}`));
  }
  const chapter = /^(\d+)-/.exec(path.basename(file))?.[1];
  let section = 0;
  for (const [index, cell] of notebook.cells.entries()) {
    const number = index + 1;
    if (cell.cell_type === 'markdown' && chapter)
      for (const [, heading = '', own] of sourceOf(cell).matchAll(/^## ((\d[\d.]*) .*)$/gm)) {
        const expected = `${chapter}.${++section}`;
        if (own !== expected)
          remarks.push(remark(file, number, 1, `section "${heading}": expected the number ${expected}`));
      }
    if (cell.cell_type !== 'code') continue;
    const label = /['"`](Figure \d+[a-z]?\.)/.exec(sourceOf(cell))?.[1];
    if (label)
      remarks.push(remark(file, number, 1, `figures get their numbers on the page: leave out "${label}"`));
    if (cell.outputs?.length || (cell.execution_count ?? null) !== null) {
      remarks.push(
        remark(
          file,
          index + 1,
          1,
          'has outputs or an execution count: node data-scripts/notebooks/check-cells.mjs --clear',
        ),
      );
    }
    const lines = sourceOf(cell).split('\n').length;
    if (lines > LONG_CELL_LINES) {
      remarks.push({
        ...remark(file, index + 1, 1, `${lines} lines long, ${LONG_CELL_LINES} fit a screen`),
        warning: true,
      });
    }
  }
  return remarks;
}

const FUNCTIONS = [
  ts.SyntaxKind.ArrowFunction,
  ts.SyntaxKind.FunctionExpression,
  ts.SyntaxKind.FunctionDeclaration,
  ts.SyntaxKind.MethodDeclaration,
];

/**
 * Forms that the language allows and tslab 1.0.22 compiles wrongly, which only running the cell would show.
 * @param {string} file
 * @param {{ number: number, source: string }} cell
 */
function kernelFaults(file, { number, source }) {
  const cell = ts.createSourceFile('cell.ts', source, ts.ScriptTarget.ES2022, true);
  /** @type {Remark[]} */
  const remarks = [];
  /** @type {ts.Node[]} */
  const loops = [];
  /** @type {ts.ShorthandPropertyAssignment[]} */
  const shorthands = [];
  const own = new Set();
  let awaits = 0;
  const say = (/** @type {ts.Node} */ node, /** @type {string} */ message) =>
    remarks.push(remark(file, number, cell.getLineAndCharacterOfPosition(node.getStart()).line + 1, message));
  const look = (/** @type {ts.Node} */ node, inFunction = false, inList = false) => {
    if (!inFunction && ts.isForOfStatement(node) && node.awaitModifier) loops.push(node);
    if (!inFunction && ts.isAwaitExpression(node)) awaits++;
    const renames = ts.isObjectBindingPattern(node) && node.elements.some(({ propertyName }) => propertyName);
    if (renames && !ts.isParameter(node.parent) && (inFunction || inList))
      say(node, 'tslab compiles a name given anew here wrongly: take the field by its own name');
    if (ts.isShorthandPropertyAssignment(node)) shorthands.push(node);
    if (
      (ts.isVariableDeclaration(node) || ts.isParameter(node) || ts.isBindingElement(node)) &&
      ts.isIdentifier(node.name)
    )
      own.add(node.name.text);
    if (
      (ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node) || ts.isImportSpecifier(node)) &&
      node.name
    )
      own.add(node.name.text);
    const isFunction = FUNCTIONS.includes(node.kind);
    node.forEachChild((child) =>
      look(child, inFunction || isFunction, inList || ts.isArrayBindingPattern(node)),
    );
  };
  look(cell);
  for (const { name } of shorthands)
    if (!own.has(name.text))
      say(
        name,
        `tslab loses another cell's name where it stands for a property too: write ${name.text}: ${name.text}`,
      );
  if (awaits === 0)
    for (const loop of loops)
      say(loop, 'tslab does not see `for await` where the cell has no other await: add one');
  return remarks;
}

/**
 * The project's strict options, with what is different in tslab: modules with top-level await, the language's library
 * of its target, and no complaint about unused names (a cell may declare what a later one uses).
 * @returns {ts.CompilerOptions}
 */
function compilerOptions() {
  const config = ts.readConfigFile(path.join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file));
  const { options } = ts.parseJsonConfigFileContent(
    { ...config.config, include: [], files: [] },
    ts.sys,
    root,
  );
  return {
    ...options,
    module: ts.ModuleKind.ESNext,
    lib: ['lib.es2022.d.ts'],
    allowJs: false,
    noEmit: true,
    noUnusedLocals: false,
    noUnusedParameters: false,
    incremental: false,
    tsBuildInfoFile: undefined,
    rootDir: undefined,
    declaration: false,
    sourceMap: false,
  };
}

/**
 * Checks notebooks; an empty array when there is nothing to say.
 * @param {string[]} files
 * @returns {Remark[]}
 */
export function checkNotebooks(files) {
  /** @type {Remark[]} */
  const remarks = [];
  /** @type {Map<string, { notebook: string, text: string, places: Place[] }>} */
  const modules = new Map();
  for (const file of files) {
    const notebook = readNotebook(file);
    remarks.push(...houseRules(file, notebook));
    const cells = codeCells(notebook);
    const module = moduleOf(file, cells);
    remarks.push(...module.remarks, ...cells.flatMap((cell) => kernelFaults(file, cell)));
    // It stands where the notebook stands, so that it resolves the same packages.
    modules.set(path.resolve(file).replaceAll(path.sep, '/') + '.cells.ts', { notebook: file, ...module });
  }

  const options = compilerOptions();
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (name) => modules.has(name) || fileExists(name);
  host.readFile = (name) => modules.get(name)?.text ?? readFile(name);
  host.getSourceFile = (name, version, ...rest) => {
    const module = modules.get(name);
    return module
      ? ts.createSourceFile(name, module.text, version, true)
      : getSourceFile(name, version, ...rest);
  };
  const program = ts.createProgram([...modules.keys()], options, host);
  for (const [name, { notebook, places }] of modules) {
    const source = program.getSourceFile(name);
    if (!source) continue;
    for (const error of [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ]) {
      const { line, character } = source.getLineAndCharacterOfPosition(error.start ?? 0);
      const place = places[line] ?? { cell: 1, line: 1 };
      remarks.push({ notebook, ...place, column: character + 1, message: messageOf(error) });
    }
  }
  return remarks.sort((a, b) => a.notebook.localeCompare(b.notebook) || a.cell - b.cell || a.line - b.line);
}

/**
 * Takes outputs and execution counts out of a notebook; says whether there were any.
 * @param {string} file
 */
export function clearOutputs(file) {
  const notebook = readNotebook(file);
  const before = JSON.stringify(notebook);
  for (const cell of notebook.cells) {
    if (cell.cell_type !== 'code') continue;
    cell.outputs = [];
    cell.execution_count = null;
  }
  if (JSON.stringify(notebook) === before) return false;
  writeNotebook(file, notebook);
  return true;
}

/** As a page shows it without scrolling. */
const COLUMNS = 80;

/**
 * Code cells that are not as Prettier writes them; `npm test -- lint` looks.
 * @param {string} file
 * @param {boolean} write formats them
 * @returns {Promise<Remark[]>}
 */
export async function checkFormat(file, write) {
  const notebook = readNotebook(file);
  const options = { ...(await prettier.resolveConfig(file)), parser: 'typescript', printWidth: COLUMNS };
  /** @type {Remark[]} */
  const remarks = [];
  for (const [index, cell] of notebook.cells.entries()) {
    if (cell.cell_type !== 'code') continue;
    const source = sourceOf(cell);
    const formatted = await prettier.format(source, options).then(
      (text) => text.trimEnd(),
      () => source, // it does not parse, which checkNotebooks says
    );
    if (formatted === source) continue;
    cell.source = formatted.split(/(?<=\n)/);
    remarks.push(
      remark(file, index + 1, 1, 'is not formatted: node data-scripts/notebooks/check-cells.mjs --format'),
    );
  }
  if (write && remarks.length > 0) writeNotebook(file, notebook);
  return remarks;
}

/** @param {Remark} remark */
export function formatRemark({ notebook, cell, line, column, message, warning }) {
  const file = path.relative(process.cwd(), notebook);
  return `${file}, cell ${cell}, line ${line}:${column}: ${warning ? 'warning: ' : ''}${message}`;
}

const HELP = `node data-scripts/notebooks/check-cells.mjs [--clear] [--format] [NOTEBOOK...]      (default: notebooks/*.ipynb)

  --clear     removes outputs and execution counts
  --format    formats code cells, at ${COLUMNS} columns
  --help, -h  this text`;

async function main() {
  const parsed = parse(HELP, {
    allowPositionals: true,
    options: { clear: { type: 'boolean' }, format: { type: 'boolean' } },
  });
  if (!parsed) return 0;
  const files = parsed.positionals.length > 0 ? parsed.positionals : workbook();
  if (parsed.values.clear) {
    for (const file of files) if (clearOutputs(file)) console.log(`${path.basename(file)}: outputs cleared`);
  }
  if (parsed.values.format)
    for (const file of files) {
      const { length } = await checkFormat(file, true);
      if (length > 0) console.log(`${path.basename(file)}: ${length} cells formatted`);
    }
  const remarks = checkNotebooks(files);
  for (const remark of remarks) console.log(formatRemark(remark));
  const errors = remarks.filter(({ warning }) => !warning).length;
  console.log(
    `${files.length} notebook${files.length === 1 ? '' : 's'} checked, ${errors} error${errors === 1 ? '' : 's'}`,
  );
  return errors > 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = await main();
  } catch (error) {
    fail(error);
  }
}
