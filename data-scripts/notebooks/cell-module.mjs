// @ts-check
// Makes one TypeScript module of a notebook's cells.
//
// tslab lets a later cell declare a name again (`const net = …` in cell 3 and in cell 7). So each notebook becomes
// one module in which every cell opens a block inside the block of the cell before it:
//
//     import …            // the imports of all cells, which a block can't hold
//     { cell 1
//     { cell 2            // sees cell 1's names, and may shadow them
//     }}
import ts from 'typescript';

/**
 * A remark on a notebook. `cell` counts all cells from 1, `line` the lines of the cell from 1.
 * @typedef {{ notebook: string, cell: number, line: number, column: number, message: string, warning?: boolean }} Remark
 */
/** @typedef {{ number: number, source: string }} CodeCell */
/** @typedef {{ cell: number, line: number }} Place */

/**
 * @param {string} notebook
 * @param {number} cell
 * @param {number} line
 * @param {string} message
 * @returns {Remark}
 */
export function remark(notebook, cell, line, message) {
  return { notebook, cell, line, column: 1, message };
}

/**
 * The module of a notebook's cells, and for each of its lines (from 0) the cell and line it came from.
 * @param {string} file
 * @param {CodeCell[]} cells
 */
export function moduleOf(file, cells) {
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
export const messageOf = (error) =>
  `${ts.flattenDiagnosticMessageText(error.messageText, '\n    ')} (TS${error.code})`;
