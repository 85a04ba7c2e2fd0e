// @ts-check
// The reference: a page for each part of src/index.ts, made from the compiled library's declarations and the comments
// above them. Looked at: TypeDoc, whose pages are a site of its own, with its own search and look beside Sphinx's.
import fs from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { readJson } from '../lib/files.mjs';
import { build, inRoot, modules } from '../lib/paths.mjs';

/** @typedef {{ name: string, id: string, file: string, kind: string, doc: string, code: string }} Entry */
/** @typedef {{ title: string, slug: string, entries: Entry[] }} Part */

const LONGEST = 3000; // characters of a declaration: beyond it, it is a table of data

/** @type {Record<number, string>} */
const KINDS = {
  [ts.SyntaxKind.ClassDeclaration]: 'class',
  [ts.SyntaxKind.InterfaceDeclaration]: 'interface',
  [ts.SyntaxKind.TypeAliasDeclaration]: 'type',
  [ts.SyntaxKind.FunctionDeclaration]: 'function',
  [ts.SyntaxKind.VariableStatement]: 'constant',
};

/** @param {string} file */
const parse = (file) =>
  ts.createSourceFile(file, fs.readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);

/** What the library hands to notebooks, in the order and under the comments of src/index.ts. @returns {Part[]} */
export function readReference() {
  const index = parse(inRoot('src', 'index.ts'));
  const text = index.getFullText();
  /** @type {Part[]} */
  const parts = [];
  const ids = new Set();
  for (const statement of index.statements) {
    // the last one: before the first part stands what is said of the whole file
    const above = text.slice(statement.getFullStart(), statement.getStart());
    const comment = [...above.matchAll(/^\/\/ (.+)$/gm)].at(-1)?.[1];
    if (comment) parts.push({ title: comment, slug: slugOf(comment), entries: [] });
    const part = parts.at(-1);
    if (!part || !ts.isExportDeclaration(statement) || !statement.exportClause) continue;
    if (!ts.isNamedExports(statement.exportClause) || !statement.moduleSpecifier) continue;
    const module = /** @type {ts.StringLiteral} */ (statement.moduleSpecifier).text;
    for (const { name } of statement.exportClause.elements) part.entries.push(entry(name.text, module, ids));
  }
  return parts;
}

/** @param {string} title */
const slugOf = (title) =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

/** @param {string} name @param {string} module as src/index.ts names it @param {Set<unknown>} ids those in use @returns {Entry} */
function entry(name, module, ids) {
  const tree = parse(path.join(build, 'src', `${module}.d.ts`));
  const found = tree.statements.filter((statement) => declares(statement, name));
  const from = found.length === 0 && handedOn(tree, name);
  if (from) return entry(name, path.posix.join(path.posix.dirname(module), from), ids);
  if (found.length === 0)
    throw new Error(`src/index.ts exports ${name}, which ${module} does not declare itself.`);
  // Anchors know no capitals: `source` and `Source` need two.
  let id = `api-${name.toLowerCase()}`;
  if (ids.has(id)) id += '-type';
  ids.add(id);
  return {
    name,
    id,
    file: path.posix.join('src', `${module}.ts`),
    kind: KINDS[found[0]?.kind ?? 0] ?? '',
    doc: found.map(docOf).find(Boolean) ?? '',
    code: found.map((statement) => codeOf(statement, tree)).join('\n'),
  };
}

/** The module that a name is exported from again. @param {ts.SourceFile} tree @param {string} name */
function handedOn(tree, name) {
  for (const statement of tree.statements) {
    if (!ts.isExportDeclaration(statement) || !statement.moduleSpecifier || !statement.exportClause) continue;
    if (!ts.isNamedExports(statement.exportClause)) continue;
    if (statement.exportClause.elements.some((element) => element.name.text === name))
      return /** @type {ts.StringLiteral} */ (statement.moduleSpecifier).text;
  }
  return undefined;
}

/** @param {ts.Statement} statement @param {string} name */
function declares(statement, name) {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.some((declaration) => declaration.name.getText() === name);
  return /** @type {ts.DeclarationStatement} */ (statement).name?.text === name;
}

/** A declaration without its own comment and without what is private; its members keep theirs. @param {ts.Statement} statement @param {ts.SourceFile} tree */
function codeOf(statement, tree) {
  let code = statement.getText(tree);
  if (ts.isClassDeclaration(statement)) {
    const start = statement.getStart(tree);
    for (const member of [...statement.members].reverse()) {
      const flags = ts.getCombinedModifierFlags(member);
      if (!(flags & ts.ModifierFlags.Private) && !member.name?.getText(tree).startsWith('#')) continue;
      code = code.slice(0, member.getFullStart() - start) + code.slice(member.end - start);
    }
  }
  code = code
    .replace(/^export (declare )?/, '')
    .replace(/^ +/gm, (indent) => indent.slice(indent.length / 2));
  return code.length > LONGEST ? `${code.slice(0, code.indexOf(',', 200) + 1)} ...` : code;
}

/** The comment above a declaration, as Markdown. @param {ts.Statement} statement */
function docOf(statement) {
  const comment = /** @type {ts.JSDoc | undefined} */ (
    ts.getJSDocCommentsAndTags(statement).findLast(ts.isJSDoc)
  );
  if (!comment) return '';
  const tags = (comment.tags ?? []).map((tag) => {
    const said = markdown(tag.comment);
    if (ts.isJSDocParameterTag(tag)) return `- \`${tag.name.getText()}\`: ${said.replace(/^[-–] /, '')}`;
    return `- *${tag.tagName.text === 'returns' ? 'Returns' : 'Throws'}*: ${said}`;
  });
  return [markdown(comment.comment), tags.join('\n')].filter(Boolean).join('\n\n');
}

/** @param {ts.JSDocTag['comment']} comment */
const markdown = (comment) =>
  (ts.getTextOfJSDocComment(comment) ?? '')
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .replace(/\$/g, '\\$') // no formula
    .trim();

/** @param {Part} part @returns {string} the page */
export const referencePage = ({ title, entries }) =>
  [`# ${title}`, ...entries.map(section), `{.run-note}\n${madeFrom()}`].join('\n\n') + '\n';

/** In place of the chapters' line about their run: nothing was run. */
function madeFrom() {
  const { name, version } = readJson(inRoot('package.json'));
  const tfjs = readJson(path.join(modules, '@tensorflow', 'tfjs-node', 'package.json'));
  return `Made from the declarations of ${name} ${version}: TypeScript ${ts.version}, ${tfjs.name} ${tfjs.version}.`;
}

/** @param {Entry} entry */
const section = ({ name, id, file, kind, doc, code }) =>
  [`(${id})=`, `## \`${name}\``, `*${kind}, in \`${file}\`*`, doc, `\`\`\`typescript\n${code}\n\`\`\``]
    .filter(Boolean)
    .join('\n\n');

/** @param {readonly Entry[]} entries @param {string} name */
const idOf = (entries, name) => entries.find((one) => one.name === name)?.id ?? '';

const IMPORT = /import\s*\{([^}]*)\}\s*from\s*'resnet-workbook'/g;

/**
 * Links to those of the library's names that code imports.
 * @param {string} code
 * @param {readonly Part[]} parts
 * @param {Set<string>} linked names that had their link; added to
 * @param {boolean} isAbove the reference lies beside another edition, a folder above
 * @returns {string} Markdown; empty where there is none
 */
export function linksFor(code, parts, linked, isAbove) {
  const imported = [...code.matchAll(IMPORT)].flatMap(([, names = '']) =>
    names.split(',').map(
      (name) =>
        name
          .trim()
          .replace(/^type /, '')
          .split(' as ')[0] ?? '',
    ),
  );
  const links = imported.flatMap((name) => {
    if (!name || linked.has(name)) return [];
    linked.add(name);
    return parts
      .filter(({ entries }) => entries.some((one) => one.name === name))
      .map(({ slug, entries }) =>
        isAbove
          ? `<a href="../reference/${slug}.html#${idOf(entries, name).replaceAll('_', '-')}"><code>${name}</code></a>`
          : `[\`${name}\`](reference/${slug}.md#${idOf(entries, name)})`,
      );
  });
  return links.join(', ');
}
