import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as TypeScript from 'typescript';
import { cacheRoot } from '../locations';
import { torchName } from '../nn/module';
import { escapeHtml } from '../html';

/*
 * torchvision's resnet.py beside the library's own source, statement by statement. It is read where set-up put it, at
 * the moment when it is shown; it needs torch, so it is never imported.
 */

/** torchvision's `models/resnet.py`, or null where set-up could not bring it. */
export function torchvisionSource(): { version: string; text: string } | null {
  const read = (name: string) => readFileSync(join(cacheRoot(), 'torchvision', name), 'utf8');
  if (!existsSync(join(cacheRoot(), 'torchvision', 'resnet.py'))) return null;
  return { version: read('version').trim(), text: read('resnet.py') };
}

/** What torchvision calls one of our symbols: "ResNet._makeLayer" is its "ResNet._make_layer". */
export function torchvisionName(name: string): string {
  if (name === 'ResNet.forward') return 'ResNet._forward_impl';
  const [outer, member] = name.split('.');
  if (member === undefined) return outer;
  return `${outer}.${member === 'constructor' ? '__init__' : torchName(member)}`;
}

const DOCUMENTATION = /^\s*"""[\s\S]*?"""/;
const indentation = (line: string) => line.length - line.trimStart().length;

/**
 * The statements of a function or class of Python, in order: the first is its own `def` or `class`, or its decorators.
 * Comments stand with the statement after them; documentation is left out.
 * @returns none where the file has no such name.
 */
export function pythonStatements(source: string, name: string): string[] {
  const lines = source.split('\n');
  let [from, to] = [0, lines.length];
  for (const part of name.split('.')) {
    const head = lines.findIndex(
      (line, i) => i >= from && i < to && new RegExp(`^\\s*(def|class) ${part}\\b`).test(line),
    );
    if (head < 0) return [];
    const isOutside = (line: string) => line.trim() !== '' && indentation(line) <= indentation(lines[head]);
    const next = lines.findIndex((line, i) => i > head && isOutside(line) && !/^\s*\)/.test(line));
    if (next >= 0) to = Math.min(to, next);
    from = head;
    while (from > 0 && lines[from - 1].trimStart().startsWith('@')) from--;
  }
  const margin = indentation(lines[from]);
  const found: string[] = [];
  let held: string[] = [];
  for (let i = from; i < to; i++) {
    const documentation = DOCUMENTATION.exec(lines.slice(i, to).join('\n'));
    if (documentation) i += documentation[0].split('\n').length - 1;
    else if (lines[i].trim() !== '') held.push(lines[i].slice(margin));
    const code = withoutComments(held.join('\n'));
    if (code === '' || openBrackets(code) > 0) continue;
    found.push(held.join('\n'));
    held = [];
  }
  return found;
}

function openBrackets(code: string): number {
  const bare = code.replace(/"[^"\n]*"|'[^'\n]*'/g, '');
  return bare.replace(/[^([{]/g, '').length - bare.replace(/[^)\]}]/g, '').length;
}

/** The statements of a function, class or member, in order; what closes a block stands with the last one in it. */
export function typescriptStatements(text: string, ts: typeof TypeScript, isMember: boolean): string[] {
  const whole = isMember ? `class _ {\n${text}\n}` : text; // a member alone is no program
  const tree = ts.createSourceFile('shown.ts', whole, ts.ScriptTarget.Latest, true);
  const starts: number[] = [];
  const block = (node: TypeScript.Node): TypeScript.Block | undefined =>
    ts.isBlock(node) ? node : ts.forEachChild(node, block);
  const visit = (node: TypeScript.Node): void => {
    const comments = ts.getLeadingCommentRanges(whole, node.getFullStart()) ?? [];
    starts.push(comments[0]?.pos ?? node.getStart());
    const within = ts.isClassDeclaration(node) ? node.members : block(node)?.statements;
    within?.forEach(visit);
  };
  tree.statements.forEach(visit);
  const end = isMember ? whole.length - 2 : whole.length;
  const own = isMember ? starts.slice(1) : starts;
  const indented = own.map((start) => whole.lastIndexOf('\n', start - 1) + 1);
  return indented.map((start, i) => whole.slice(start, indented[i + 1] ?? end).replace(/\n\s*$/, ''));
}

/** Statements that stand beside each other; null where one side has none. */
export interface AlignedRow {
  theirs: string | null;
  ours: string | null;
  /** Both name the same things in the same order, be they spelt in Python or in TypeScript. */
  same: boolean;
  /** Why there is no partner; '' where there is one, or where nobody has said why. */
  reason: string;
}

const LEAST_LIKENESS = 0.4; // of 1; statements less alike are no partners

/** Why a statement has no partner, by how it begins. */
const REASONS: readonly [RegExp, string][] = [
  [/^if norm_layer is None|^norm_layer = nn\.Batch/, 'The default stands among our options.'],
  [/^_log_api_usage_once/, "Counts calls, for torchvision's statistics."],
  [/^self\.(inplanes = 64|dilation = 1)$/, 'Ours is a field that begins with this value.'],
  [/^if replace_stride_with_dilation is None/, 'Ours asks that by ??.'],
  [
    /^elif isinstance\(m, \(nn|^nn\.init\.constant_\(m\.(weight, 1|bias, 0)/,
    'Our normalizations begin so by themselves.',
  ],
  [/^(el)?if isinstance|^nn\.init\.constant_\(m\.bn/, 'Ours does it for both kinds in one statement.'],
  [/^layers = \[\]/, 'Our list begins with its first block.'],
  [/^x = self\.fc/, 'Part of our return.'],
  [/^@/, 'Ours is found by its export, and serves no older interface.'],
  [/^def resnet\d/, 'Ours is a constant: the function that _resnet makes.'],
  [/^weights = \w+\.verify/, 'Done in our _resnet, for every builder.'],
  [/^if weights is not None/, 'Our next statement asks that, or buildAndLoad does.'],
  [/^model\.load_state|^return model/, 'Done in our buildAndLoad.'],
  [/^const \[, weight\]/, 'Python asks above whether there is a weight.'],
  [/^return tf\.tidy/, 'Frees the tensors made on the way.'],
  [/^(static )?readonly /, 'TypeScript wants fields declared.'],
  [/^const \{ numClasses/, 'Our defaults: Python has them in its first line.'],
  [/^const \{ groups, baseWidth/, 'Shorter names for what follows.'],
  [/^const chosen = verify/, 'Python does it in each builder.'],
  [/^if \(fixed/, 'Python does it in the builders that need it.'],
  [/^return namedBuilder/, 'Gives the function its name.'],
];

/** Sets two lists of statements beside each other so that partners are as alike as can be, in order. */
export function align(theirs: readonly string[], ours: readonly string[]): AlignedRow[] {
  const [a, b] = [theirs.map(words), ours.map(words)];
  // best[i][j]: the likeness that the statements from i and from j on can have in all
  const best = Array.from({ length: a.length + 1 }, () => new Float64Array(b.length + 1));
  const paired = (i: number, j: number) => {
    const alike = isHeading(theirs[i]) && isHeading(ours[j]) ? 1 : likeness(a[i], b[j]);
    return alike < LEAST_LIKENESS ? -1 : alike + best[i + 1][j + 1];
  };
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      best[i][j] = Math.max(paired(i, j), best[i + 1][j], best[i][j + 1]);
  const rows: AlignedRow[] = [];
  for (let [i, j] = [0, 0]; i < a.length || j < b.length;) {
    if (i < a.length && j < b.length && best[i][j] === paired(i, j)) {
      const same = a[i].join(' ') === b[j].join(' ');
      rows.push({ theirs: theirs[i++], ours: ours[j++], same, reason: '' });
      continue;
    }
    const isTheirs = j === b.length || (i < a.length && best[i][j] === best[i + 1][j]);
    const text = isTheirs ? theirs[i++] : ours[j++];
    const code = withoutComments(text).trim();
    const reason = REASONS.find(([start]) => start.test(code))?.[1] ?? '';
    rows.push({ theirs: isTheirs ? text : null, ours: isTheirs ? null : text, same: false, reason });
  }
  return rows;
}

/** The line that begins a function, a method or a class. */
const isHeading = (statement: string) =>
  /^(def|class|export function|export class) |^(?!if|for|return)(private )?\w+\([^]*\{$/.test(
    withoutComments(statement),
  );

const withoutComments = (code: string): string =>
  code.replace(/\/\*[\s\S]*?\*\/|(^|\s)(#|\/\/).*/gm, '').trim();

/** Spelt alike in both languages: Python's words as TypeScript's. */
const SPELLING: readonly [RegExp, string][] = [
  [/isinstance\((\w+), ([^)]*)\)/g, '$1 instanceof $2'],
  [/\bis not\b|!==?/g, ' ≠ '],
  [/===?/g, ' ≡ '],
  [/->|=>|\?\?/g, ' '],
  [/\.\.\./g, '*'],
  [/\bNone\b/g, 'null'],
  [/\b(\w+)=\1\b/g, '$1'],
  [/\band\b|&&/g, ' ∧ '],
  [/\bor\b|\|\|/g, ' ∨ '],
  [/\braise\b/g, 'throw'],
  [/Math\.trunc\(|\bint\(/g, 'trunc('],
  [/\b64\.0\b/g, '64'],
];
/** Words that one language needs and the other does not. */
const LITTLE = new Set(
  (
    'self this nn tf torch def new const let readonly static private export extends module forward forwardimpl ' +
    'tensor in of init constructor function int float number f'
  ).split(' '),
);

/** What a statement names and how it reckons: `out = self.bn1(out)` and `out = this.bn1.forward(out)` are the same. */
function words(statement: string): string[] {
  const code = SPELLING.reduce((text, [from, to]) => text.replace(from, to), withoutComments(statement));
  const typed = code.replace(/^(\w+): \w+ =/, '$1 =').replace(/: [\w.| ]+ =/g, ' =');
  const found = typed.match(/[A-Za-z_]\w*|\d+|[≠≡∧∨<>*/+-]/g) ?? [];
  return found.map((word) => word.replaceAll('_', '').toLowerCase()).filter((word) => !LITTLE.has(word));
}

/** How many words two statements share, 0 to 1. */
function likeness(a: readonly string[], b: readonly string[]): number {
  const rest = [...b];
  const shared = a.filter((word) => {
    const at = rest.indexOf(word);
    if (at >= 0) rest.splice(at, 1);
    return at >= 0;
  });
  return (2 * shared.length) / (a.length + b.length || 1);
}

const CELL = 'min-width:0;padding:0.1em 0.5em;overflow-wrap:anywhere;white-space:pre-wrap';
const DIFFERENT = '#b45309';

/** One side of a row: lines that are too long go on further in than they began. */
function sideHtml(text: string, ground: string): string {
  const lines = text.split('\n').map((line) => {
    const inner = escapeHtml(line.trimStart());
    return `<div style="padding-left:${indentation(line) + 4}ch;text-indent:-4ch">${inner}</div>`;
  });
  return `<code style="${CELL};background:${ground};border:0;color:inherit;font-size:0.8em">${lines.join('')}</code>`;
}

/** The rows as two columns, one below the other where there is no room; `≠` marks what is not said alike. */
export function sideBySideHtml(
  rows: readonly AlignedRow[],
  titles: { theirs: string; ours: string },
): string {
  const grid = (left: string, right: string, border: string) =>
    `<div style="display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,18rem),1fr));border-left:3px solid ${border};text-align:left">${left}${right}</div>`;
  const side = (text: string | null, reason: string, ground: string) =>
    text === null
      ? `<div style="${CELL};font-size:0.8em"><i>${reason ? `≠ ${escapeHtml(reason)}` : '≠'}</i></div>`
      : sideHtml(text, ground);
  const body = merged(rows).map(({ theirs, ours, same, reason }) =>
    grid(
      side(theirs, reason, 'rgba(127,127,127,0.12)'),
      side(ours, reason, 'transparent'),
      same ? 'transparent' : DIFFERENT,
    ),
  );
  const title = (text: string) => `<div style="${CELL};font-size:0.9em"><b>${escapeHtml(text)}</b></div>`;
  return `<div>${grid(title(titles.theirs), title(titles.ours), 'transparent')}${body.join('\n')}</div>`;
}

/** Neighbours that lack a partner for the same reason, as one row. */
function merged(rows: readonly AlignedRow[]): AlignedRow[] {
  const out: AlignedRow[] = [];
  for (const row of rows) {
    const last = out.at(-1);
    const join = (a: string | null, b: string | null) => (a === null ? null : `${a}\n${b}`);
    const alike = last && last.reason !== '' && last.reason === row.reason;
    if (alike && (last.theirs === null) === (row.theirs === null))
      out[out.length - 1] = {
        ...row,
        theirs: join(last.theirs, row.theirs),
        ours: join(last.ours, row.ours),
      };
    else out.push(row);
  }
  return out;
}
