// @ts-check
// The texts that code may print or show, read from its syntax tree: those of branches that no run took are among them.
import ts from 'typescript';
import outputs from './outputs.cjs';

/** Stands for what is known only while the code runs, as in the entries of outputs.json. */
const HOLE = '{}';
const MOST = 64; // ways in which one text can come out

/** Calls whose arguments a reader sees, single words too. */
const SHOWS = /^(show\w*|\w*[pP]lot|scatter|heatmap\w*|startProgress|console\.log|(this\.)?log)$/;
/** Properties of which the same holds, wherever they stand. */
const SHOWN = new Set(['label', 'title', 'titles', 'caption', 'unit']);
/** What only says how to draw or to compute. */
const SETTINGS = new Set([
  'colors',
  'dash',
  'family',
  'hovermode',
  'hovertemplate',
  'mode',
  'precision',
  'type',
  'xref',
]);
/** Calls whose texts are names or for developers: assertions, files, what is looked for in other texts. */
const NOT_SHOWN =
  /^(assert|require|join|split|replace|replaceAll|startsWith|endsWith|includes|test|match|has|get|on|readFileSync|writeFileSync|existsSync|localeCompare|toLocaleString)$/;

/** @typedef {Map<string, string[]>} Known constants by name, with the ways in which they come out as a text */

/**
 * Each text that the code may show, with `{}` where something stands in.
 * @param {string} code a notebook's cells, or a file of the library
 * @returns {string[]}
 */
export function textsOf(code) {
  const file = ts.createSourceFile('code.ts', code, ts.ScriptTarget.Latest, true);
  /** @type {Known} */
  const known = new Map();
  /** @type {Set<string>} constants that are parts of longer texts, and stand nowhere alone */
  const parts = new Set();
  const waysOf = (/** @type {ts.Expression} */ node) => ways(node, known, parts);
  const learn = (/** @type {ts.Node} */ node) => {
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer) {
      const { text } = node.name;
      known.set(text, known.has(text) ? [] : (waysOf(node.initializer) ?? [])); // of two it is not known which
    }
    ts.forEachChild(node, learn);
  };
  learn(file);
  collect(file, waysOf, () => {}); // finds out what is part of a longer text
  /** @type {Set<string>} */
  const found = new Set();
  collect(file, waysOf, (text) => found.add(text), parts);
  return [...found];
}

/**
 * @param {ts.Node} root
 * @param {(node: ts.Expression) => string[] | undefined} waysOf
 * @param {(text: string) => void} tell
 * @param {Set<string>} [parts] constants to pass over
 */
function collect(root, waysOf, tell, parts = new Set()) {
  /** @param {ts.Node} node @param {boolean} shown @returns {void} */
  const visit = (node, shown) => {
    if (isNeverShown(node)) return;
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && parts.has(node.name.text)) return;
    if (ts.isPropertyAssignment(node)) {
      const name = ts.isStringLiteral(node.name) || ts.isIdentifier(node.name) ? node.name.text : '';
      if (SETTINGS.has(name)) return;
      if (ts.isStringLiteral(node.name) && !name.includes('/')) say(name, shown); // text/html
      return visit(node.initializer, shown || SHOWN.has(name));
    }
    if (ts.isCallExpression(node)) {
      const callee = node.expression.getText();
      if (NOT_SHOWN.test(callee.split('.').at(-1) ?? '') || callee.startsWith('assert'))
        return visit(node.expression, false);
      const isShown = SHOWS.test(callee);
      if (callee === 'console.log') {
        // with spaces between them, as they are printed
        for (const line of product(
          node.arguments.map((each) => waysOf(each) ?? [HOLE]),
          ' ',
        ))
          say(line, true);
        return node.arguments.forEach((each) => inHoles(each, true));
      }
      visit(node.expression, false);
      // what another function is asked for by name is no text
      for (const each of node.arguments) visit(each, isShown || (shown && !ts.isStringLiteral(each)));
      return;
    }
    if (isExpression(node)) {
      const own = waysOf(node);
      if (own) {
        for (const text of own) say(text, shown);
        return inHoles(node, shown);
      }
    }
    node.forEachChild((child) => visit(child, shown));
  };
  /** What stands in a text's holes may show texts of its own. @param {ts.Node} node @param {boolean} shown @returns {void} */
  const inHoles = (node, shown) => {
    if (ts.isTemplateSpan(node) || (isExpression(node) && waysOf(node)))
      node.forEachChild((child) => inHoles(child, shown));
    else visit(node, shown);
  };
  /** @param {string} text @param {boolean} shown */
  const say = (text, shown) => {
    for (const line of text.split(/\n|<[^>]*>/).map((each) => each.trim().replace(/^\{\}(?=[a-z])/, '')))
      if (
        outputs.hasWords(line) &&
        (shown || /\S [a-z]/.test(line)) &&
        !/^[\w-]+="|\$1|^x unified$/.test(line)
      )
        tell(line);
  };
  visit(root, false);
}

/** Imports, types, errors, what is compared with. @param {ts.Node} node */
const isNeverShown = (node) =>
  ts.isImportDeclaration(node) ||
  ts.isTypeNode(node) ||
  ts.isThrowStatement(node) ||
  ts.isElementAccessExpression(node) ||
  (ts.isCaseClause(node.parent ?? node) && /** @type {ts.CaseClause} */ (node.parent).expression === node) ||
  (ts.isNewExpression(node) && /Error$|^Set$|^Map$/.test(node.expression.getText())) ||
  (ts.isBinaryExpression(node) && COMPARISONS.has(node.operatorToken.kind));

const COMPARISONS = new Set([
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ts.SyntaxKind.InKeyword,
]);

/** @param {ts.Node} node @returns {node is ts.Expression} */
const isExpression = (node) =>
  ts.isStringLiteralLike(node) ||
  ts.isTemplateExpression(node) ||
  ts.isBinaryExpression(node) ||
  ts.isConditionalExpression(node) ||
  ts.isParenthesizedExpression(node) ||
  ts.isAsExpression(node) ||
  ts.isIdentifier(node);

/**
 * The ways in which an expression comes out as a text; undefined where it is none, or nothing of it is known.
 * @param {ts.Expression} node
 * @param {Known} known
 * @param {Set<string>} parts is told of constants that were used in a longer text
 * @param {boolean} [within] a longer text
 * @returns {string[] | undefined}
 */
function ways(node, known, parts, within = false) {
  const of = (/** @type {ts.Expression} */ each, part = within) => ways(each, known, parts, part);
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return of(node.expression);
  if (ts.isIdentifier(node)) {
    const own = within ? known.get(node.text) : undefined;
    if (!own?.length) return undefined;
    parts.add(node.text);
    return own;
  }
  if (ts.isTemplateExpression(node))
    return product([
      [node.head.text],
      ...node.templateSpans.flatMap(({ expression, literal }) => [
        of(expression, true) ?? [HOLE],
        [literal.text],
      ]),
    ]);
  if (ts.isConditionalExpression(node)) {
    const both = [of(node.whenTrue), of(node.whenFalse)];
    return both.some(Boolean) ? both.flatMap((each) => each ?? [HOLE]) : undefined;
  }
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    const isSum = kind === ts.SyntaxKind.PlusToken;
    const [left, right] = [of(node.left, within || isSum), of(node.right, within || isSum)];
    if (!left && !right) return undefined;
    if (isSum) return product([left ?? [''], right ?? ['']]); // what is not known is a text, too
    if (kind === ts.SyntaxKind.QuestionQuestionToken || kind === ts.SyntaxKind.BarBarToken) return right;
  }
  return undefined;
}

/** All ways to put together one of each. @param {readonly string[][]} lists @param {string} [between] @returns {string[]} */
const product = (lists, between = '') =>
  lists
    .reduce(
      (/** @type {string[][]} */ all, list) =>
        all.flatMap((some) => list.map((each) => [...some, each])).slice(0, MOST),
      [[]],
    )
    .map((texts) => texts.join(between));
