import { readFileSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import type * as TypeScript from 'typescript';
import { projectRoot } from '../locations';
import { show } from './display';
import {
  type AlignedRow,
  align,
  pythonStatements,
  sideBySideHtml,
  torchvisionName,
  torchvisionSource,
  typescriptStatements,
} from './sideBySide';

/** A function or a class itself, or a name: "BasicBlock", "ResNet._makeLayer", "ResNet.constructor". */
// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- any function or class at all, told by its name
export type SymbolOrName = string | Function;

/** A symbol's own source text, with the comment above it, and where it stands. */
export interface Source {
  name: string;
  text: string;
  /** From the project's root, with forward slashes. */
  file: string;
  /** The first and last line, counted from 1. */
  lines: [number, number];
}

/**
 * Shows a symbol's own source, read from `src` at this moment, so that what is shown is what runs. What torchvision's
 * resnet.py has too stands beside that, statement by statement, where set-up could bring the file.
 */
export function showSource(symbol: SymbolOrName): void {
  const source = findSource(symbol);
  const { text, file, lines } = source;
  const where = `lines ${lines[0]}–${lines[1]}`;
  const plain = `// ${file}, ${where}\n${text}`;
  const beside = besideTorchvision(source);
  if (Array.isArray(beside)) {
    const titles = { theirs: `torchvision ${torchvisionSource()?.version}`, ours: `${file}, ${where}` };
    show({ 'text/html': sideBySideHtml(beside, titles), 'text/plain': plain });
  } else {
    const note = beside === 'no-file' ? ". torchvision's own is not here: `npm run setup` brings it" : '';
    show({
      'text/markdown': `${fenced(text, 'typescript')}\n\n*\`${file}\`, ${where}${note}*`,
      'text/plain': plain,
    });
  }
}

/** The files that follow torchvision's resnet.py. */
const FOLLOWS_TORCHVISION = ['src/models/resnet.ts', 'src/models/builders.ts'];

/** A symbol's statements beside torchvision's; or why there are none. */
export function besideTorchvision({ name, text, file }: Source): AlignedRow[] | 'no-file' | 'not-there' {
  if (!FOLLOWS_TORCHVISION.includes(file)) return 'not-there';
  const torchvision = torchvisionSource();
  if (!torchvision) return 'no-file';
  const theirs = pythonStatements(torchvision.text, torchvisionName(name));
  if (theirs.length === 0) return 'not-there';
  return align(theirs, typescriptStatements(text, parser(), name.includes('.')));
}

/** Text as a markdown code block; the fence is longer than any within. */
export function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((ticks) => ticks[0].length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

/** Finds a symbol's declaration in `src` with TypeScript's own parser. */
export function findSource(symbol: SymbolOrName): Source {
  const name = typeof symbol === 'string' ? symbol : symbol.name;
  if (!name) throw new Error("showSource: this function has no name; pass the symbol's name as a string.");
  const [outer, member, ...rest] = name.split('.');
  if (rest.length > 0)
    throw new Error(`showSource: "${name}" must be a name, or a class and its member: "ResNet.forward".`);
  const found = sourceFiles().flatMap((file) => {
    const text = readFileSync(join(projectRoot(), file), 'utf8');
    if (!text.includes(outer)) return []; // spares the parser most of the files
    const tree = parser().createSourceFile(file, text, parser().ScriptTarget.Latest, true);
    return declarations(tree, outer).map((declaration) => ({ file, tree, declaration }));
  });
  const exported = found.filter(({ declaration }) => declaration.getText().startsWith('export '));
  const choice = exported.length > 0 ? exported : found;
  if (choice.length === 0)
    throw new Error(
      `showSource: no function, class, interface, type or constant named "${outer}" in src. Is it spelt as in the code?`,
    );
  const files = [...new Set(choice.map(({ file }) => file))];
  if (files.length > 1)
    throw new Error(
      `showSource: "${outer}" is declared in ${files.join(' and ')}; it cannot tell which is meant.`,
    );
  const [{ file, tree, declaration }] = choice;
  const nodes = member === undefined ? choice.map((each) => each.declaration) : members(declaration, member);
  if (nodes.length === 0) throw new Error(`showSource: ${outer} in ${file} has no member named "${member}".`);
  return { name, file, ...cut(tree, nodes) };
}

function sourceFiles(): string[] {
  return readdirSync(join(projectRoot(), 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .map((path) => ['src', ...path.split(sep)].join('/'))
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
  const declares = (node: TypeScript.Node): boolean =>
    ts.isVariableStatement(node)
      ? node.declarationList.declarations.some(declares)
      : ts.getNameOfDeclaration(node as TypeScript.Declaration)?.getText() === name;
  return tree.statements.filter(declares);
}

function members(declaration: TypeScript.Statement, name: string): TypeScript.Node[] {
  const ts = parser();
  if (!ts.isClassDeclaration(declaration) && !ts.isInterfaceDeclaration(declaration)) return [];
  return [...declaration.members].filter((member) =>
    ts.isConstructorDeclaration(member) ? name === 'constructor' : member.name?.getText() === name,
  );
}

/** The text from the comments above the first node to the last, moved to the left margin. */
function cut(tree: TypeScript.SourceFile, nodes: TypeScript.Node[]): Pick<Source, 'text' | 'lines'> {
  const [first, last] = [nodes[0], nodes[nodes.length - 1]];
  const comments = parser().getLeadingCommentRanges(tree.text, first.getFullStart()) ?? [];
  // A comment that a blank line parts from the symbol (a file's heading) is not the symbol's.
  let start = first.getStart(tree, false);
  for (const { pos, end } of comments.reverse()) {
    if (/\n\s*\n/.test(tree.text.slice(end, start))) break;
    start = pos;
  }
  const line = (position: number) => tree.getLineAndCharacterOfPosition(position).line + 1;
  const margin = start - (tree.text.lastIndexOf('\n', start - 1) + 1);
  const text = tree.text
    .slice(start, last.getEnd())
    .split(/\r?\n/)
    .map((each, i) => (i > 0 && each.slice(0, margin).trim() === '' ? each.slice(margin) : each))
    .join('\n');
  return { text, lines: [line(start), line(last.getEnd())] };
}
