import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import type * as TypeScript from 'typescript';
import { show } from './display';

/** A function or a class itself, or a name: "BasicBlock", "ResNet._makeLayer", "ResNet.constructor". */
// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- any function or class at all, told by its name
export type SymbolOrName = string | Function;

export interface SourceOptions {
  /** Shows the comment above the symbol too. Default true. */
  docs?: boolean;
  /** Where several files declare the name: the file, from the project's root ("src/models/resnet.ts"). */
  file?: string;
}

/** A symbol's own source text and where it stands. */
export interface Source {
  name: string;
  text: string;
  /** From the project's root, with forward slashes. */
  file: string;
  /** The first and last line, counted from 1. */
  lines: [number, number];
}

/** Shows a symbol's own source, read from `src` at this moment, so that what is shown is what runs. */
export function showSource(symbol: SymbolOrName, options: SourceOptions = {}): void {
  const found = findSource(symbol, options);
  const where = `${found.file}, lines ${found.lines[0]}–${found.lines[1]}`;
  show({
    'text/markdown': `${fenced(found.text, 'typescript')}\n\n*\`${found.file}\`, lines ${found.lines[0]}–${found.lines[1]}*`,
    'text/plain': `// ${where}\n${found.text}`,
  });
}

/** A symbol's own source text, as `showSource` shows it. */
export function source(symbol: SymbolOrName, options: SourceOptions = {}): string {
  return findSource(symbol, options).text;
}

/** Text as a markdown code block; the fence is longer than any within. */
export function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((ticks) => ticks[0].length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

/** Finds a symbol's declaration in `src` with TypeScript's own parser. */
export function findSource(symbol: SymbolOrName, { docs = true, file }: SourceOptions = {}): Source {
  const name = typeof symbol === 'string' ? symbol : symbol.name;
  if (!name) throw new Error("showSource: this function has no name; pass the symbol's name as a string.");
  const [outer, member, ...rest] = name.split('.');
  if (rest.length > 0)
    throw new Error(`showSource: "${name}" must be a name, or a class and its member: "ResNet.forward".`);
  const candidates = sourceFiles().filter((path) => file === undefined || path === file);
  const found = candidates.flatMap((path) => {
    const text = readFileSync(join(projectRoot(), path), 'utf8');
    if (!text.includes(outer)) return []; // spares the parser most of the files
    const tree = parser().createSourceFile(path, text, parser().ScriptTarget.Latest, true);
    return declarations(tree, outer).map((declaration) => ({ path, tree, declaration }));
  });
  const exported = found.filter(({ declaration }) => isExported(declaration));
  const choice = exported.length > 0 ? exported : found;
  if (choice.length === 0) {
    throw new Error(
      `showSource: no function, class, interface, type or constant named "${outer}" in ${file ?? 'src'}. Is it spelt as in the code?`,
    );
  }
  const files = [...new Set(choice.map(({ path }) => path))];
  if (files.length > 1) {
    throw new Error(
      `showSource: "${outer}" is declared in ${files.join(' and ')}; say which with { file: '${files[0]}' }.`,
    );
  }
  const { tree } = choice[0];
  const nodes =
    member === undefined
      ? choice.map(({ declaration }) => declaration)
      : members(choice[0].declaration, member);
  if (nodes.length === 0)
    throw new Error(`showSource: ${outer} in ${files[0]} has no member named "${member}".`);
  return { name, file: files[0], ...cut(tree, nodes, docs) };
}

/** The project's root: the nearest folder above this file that holds package.json. */
export function projectRoot(): string {
  let folder = __dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    if (dirname(folder) === folder)
      throw new Error(`No package.json above ${__dirname}: the project's root was not found.`);
    folder = dirname(folder);
  }
  return folder;
}

function sourceFiles(): string[] {
  const root = projectRoot();
  return readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .map((path) =>
      relative(root, join(root, 'src', path))
        .split(sep)
        .join('/'),
    )
    .sort();
}

let typescript: typeof TypeScript | undefined;

/** TypeScript's parser, loaded when first needed: it takes a quarter of a second and some 60 MB. */
function parser(): typeof TypeScript {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return (typescript ??= require('typescript') as typeof TypeScript);
}

/** The statements at a file's top level that declare the name; overloads are several. */
function declarations(tree: TypeScript.SourceFile, name: string): TypeScript.Statement[] {
  const ts = parser();
  return tree.statements.filter((statement) => {
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.some(
        (one) => ts.isIdentifier(one.name) && one.name.text === name,
      );
    }
    const named =
      ts.isFunctionDeclaration(statement) ||
      ts.isClassDeclaration(statement) ||
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement) ||
      ts.isEnumDeclaration(statement);
    return named && statement.name?.text === name;
  });
}

function isExported(statement: TypeScript.Statement): boolean {
  const ts = parser();
  return (
    ts.canHaveModifiers(statement) &&
    (ts.getModifiers(statement) ?? []).some((m) => m.kind === ts.SyntaxKind.ExportKeyword)
  );
}

function members(declaration: TypeScript.Statement, name: string): TypeScript.Node[] {
  const ts = parser();
  if (!ts.isClassDeclaration(declaration) && !ts.isInterfaceDeclaration(declaration)) return [];
  return [...declaration.members].filter((member) =>
    ts.isConstructorDeclaration(member) ? name === 'constructor' : member.name?.getText() === name,
  );
}

/** The text from the first node (with or without the comments above it) to the last, moved to the left margin. */
function cut(
  tree: TypeScript.SourceFile,
  nodes: TypeScript.Node[],
  docs: boolean,
): Pick<Source, 'text' | 'lines'> {
  const ts = parser();
  const [first, last] = [nodes[0], nodes[nodes.length - 1]];
  const comments = ts.getLeadingCommentRanges(tree.text, first.getFullStart()) ?? [];
  // A comment that a blank line parts from the symbol (a file's heading) is not the symbol's.
  let start = first.getStart(tree, false);
  for (const { pos, end } of docs ? comments.reverse() : []) {
    if (/\n\s*\n/.test(tree.text.slice(end, start))) break;
    start = pos;
  }
  const line = (position: number) => tree.getLineAndCharacterOfPosition(position).line + 1;
  const lineStart = tree.text.lastIndexOf('\n', start - 1) + 1;
  const margin = start - lineStart;
  const text = tree.text
    .slice(start, last.getEnd())
    .split(/\r?\n/)
    .map((each, i) => (i > 0 && each.slice(0, margin).trim() === '' ? each.slice(margin) : each))
    .join('\n');
  return { text, lines: [line(start), line(last.getEnd())] };
}
