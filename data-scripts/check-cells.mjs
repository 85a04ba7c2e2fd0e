// @ts-check
// Type-checks the code cells of notebooks, strictly: tslab itself is not strict and reads no tsconfig.
//
//     node data-scripts/check-cells.mjs [--clear] [NOTEBOOK...]      (default: notebooks/*.ipynb)
//
// tslab lets a later cell declare a name again (`const net = …` in cell 3 and in cell 7). So each notebook becomes
// one module in which every cell opens a block inside the block of the cell before it:
//
//     import …            // the imports of all cells, which a block can't hold
//     { cell 1
//     { cell 2            // sees cell 1's names, and may shadow them
//     }}
//
// Also an error: outputs and execution counts (--clear removes them), and a kernel other than tslab.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { fail } from './lib/log.mjs';
import { readNotebook, sourceOf, workbook, writeNotebook } from './lib/notebooks.mjs';
import { root } from './lib/paths.mjs';

const KERNEL = 'tslab';
const LONG_CELL_LINES = 40;

/** @typedef {import('./lib/notebooks.mjs').Notebook} Notebook */
/**
 * A remark on a notebook. `cell` counts all cells from 1, `line` the lines of the cell from 1.
 * @typedef {{ notebook: string, cell: number, line: number, column: number, message: string, warning?: boolean }} Remark
 */
/** @typedef {{ number: number, source: string }} CodeCell */
/** @typedef {{ cell: number, line: number }} Place */

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
  for (const [index, cell] of notebook.cells.entries()) {
    if (cell.cell_type !== 'code') continue;
    if (cell.outputs?.length || (cell.execution_count ?? null) !== null) {
      remarks.push(
        remark(
          file,
          index + 1,
          1,
          'has outputs or an execution count: node data-scripts/check-cells.mjs --clear',
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

/**
 * @param {string} notebook
 * @param {number} cell
 * @param {number} line
 * @param {string} message
 * @returns {Remark}
 */
function remark(notebook, cell, line, message) {
  return { notebook, cell, line, column: 1, message };
}

/**
 * The module of a notebook's cells, and for each of its lines (from 0) the cell and line it came from.
 * @param {string} file
 * @param {CodeCell[]} cells
 */
function moduleOf(file, cells) {
  /** @type {Remark[]} */
  const remarks = [];
  /** @type {{ text: string, place: Place }[]} */
  const imports = [];
  /** What each imported name stands for: two cells may import the same thing, which one module may not say twice.
   * @type {Map<string, string>} */
  const imported = new Map();
  /** @type {string[]} */
  const body = [];
  /** @type {Place[]} */
  const places = [];
  let open = 0;

  for (const { number, source } of cells) {
    const parsed = ts.createSourceFile(`cell-${number}.ts`, source, ts.ScriptTarget.ES2022, true);
    const broken = syntaxErrors(parsed);
    if (broken.length > 0) {
      for (const error of broken) remarks.push(remarkAt(file, number, parsed, error.start ?? 0, error));
      continue; // its braces may not match: the other cells are checked without it
    }
    let text = source;
    for (const statement of parsed.statements) {
      const [from, to] = [statement.getStart(parsed), statement.end];
      const place = { cell: number, line: parsed.getLineAndCharacterOfPosition(from).line + 1 };
      if (ts.isImportDeclaration(statement)) {
        for (const line of importLines(statement, parsed, imported)) {
          if ('clash' in line) remarks.push(remark(file, number, place.line, line.clash));
          else imports.push({ text: line.text, place });
        }
        text = text.slice(0, from) + text.slice(from, to).replace(/[^\n]/g, ' ') + text.slice(to);
      } else if (
        ts.isExportDeclaration(statement) ||
        ts.isExportAssignment(statement) ||
        isExported(statement)
      ) {
        remarks.push(remark(file, number, place.line, 'a cell exports nothing: leave out "export"'));
      }
    }
    body.push('{');
    places.push({ cell: number, line: 1 });
    open++;
    for (const [index, line] of text.split('\n').entries()) {
      body.push(line);
      places.push({ cell: number, line: index + 1 });
    }
  }
  // A cell may import a name that an outer module already has: `export {}` makes this file a module of its own.
  const head = [...imports.map(({ text }) => text), 'export {};'];
  const last = places.at(-1) ?? { cell: 1, line: 1 };
  return {
    text: [...head, ...body, '}'.repeat(open)].join('\n'),
    places: [...imports.map(({ place }) => place), last, ...places, last],
    remarks,
  };
}

/**
 * The imports of a statement, one name a line, without those an earlier cell has made.
 * @param {ts.ImportDeclaration} statement
 * @param {ts.SourceFile} file
 * @param {Map<string, string>} imported
 * @returns {({ text: string } | { clash: string })[]}
 */
function importLines(statement, file, imported) {
  const from = statement.moduleSpecifier.getText(file);
  const clause = statement.importClause;
  if (!clause) return [{ text: `import ${from};` }];
  /** @type {[name: string, meaning: string][]} */
  const names = [];
  if (clause.name) names.push([clause.name.text, `import ${clause.name.text} from ${from};`]);
  const bindings = clause.namedBindings;
  if (bindings && ts.isNamespaceImport(bindings)) {
    names.push([bindings.name.text, `import * as ${bindings.name.text} from ${from};`]);
  } else if (bindings) {
    for (const element of bindings.elements) {
      names.push([element.name.text, `import { ${element.getText(file)} } from ${from};`]);
    }
  }
  /** @type {({ text: string } | { clash: string })[]} */
  const lines = [];
  for (const [name, meaning] of names) {
    const text =
      clause.phaseModifier === ts.SyntaxKind.TypeKeyword ? meaning.replace('import', 'import type') : meaning;
    const before = imported.get(name);
    if (before === text) continue;
    imported.set(name, text);
    lines.push(
      before ? { clash: `an earlier cell has: ${before} Give one of the two another name.` } : { text },
    );
  }
  return lines;
}

/** @param {ts.Statement} statement */
function isExported(statement) {
  return (
    ts.canHaveModifiers(statement) &&
    (ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false)
  );
}

/**
 * @param {ts.SourceFile} parsed
 * @returns {readonly ts.Diagnostic[]}
 */
function syntaxErrors(parsed) {
  const { diagnostics } = ts.transpileModule(parsed.text, {
    reportDiagnostics: true,
    fileName: parsed.fileName,
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  return diagnostics ?? [];
}

/**
 * @param {string} notebook
 * @param {number} cell
 * @param {ts.SourceFile} source
 * @param {number} position
 * @param {ts.Diagnostic} error
 * @returns {Remark}
 */
function remarkAt(notebook, cell, source, position, error) {
  const { line, character } = source.getLineAndCharacterOfPosition(position);
  return { notebook, cell, line: line + 1, column: character + 1, message: messageOf(error) };
}

/** @param {ts.Diagnostic} error */
const messageOf = (error) =>
  `${ts.flattenDiagnosticMessageText(error.messageText, '\n    ')} (TS${error.code})`;

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
    const module = moduleOf(file, codeCells(notebook));
    remarks.push(...module.remarks);
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

/** @param {Remark} remark */
export function formatRemark({ notebook, cell, line, column, message, warning }) {
  const file = path.relative(process.cwd(), notebook);
  return `${file}, cell ${cell}, line ${line}:${column}: ${warning ? 'warning: ' : ''}${message}`;
}

/** @param {string[]} args */
function main(args) {
  const named = args.filter((arg) => !arg.startsWith('-'));
  const files = named.length > 0 ? named : workbook();
  if (args.includes('--clear')) {
    for (const file of files) if (clearOutputs(file)) console.log(`${path.basename(file)}: outputs cleared`);
  }
  const remarks = checkNotebooks(files);
  for (const remark of remarks) console.log(formatRemark(remark));
  const errors = remarks.filter(({ warning }) => !warning).length;
  console.log(`${files.length} notebooks checked, ${errors} errors`);
  return errors > 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = main(process.argv.slice(2));
  } catch (error) {
    fail(error);
  }
}
