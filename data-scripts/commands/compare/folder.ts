import { readdirSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { UserError } from '../data/command';

/** How a file came out. */
export interface Outcome {
  readonly kind: string;
  /** Why, in one line; not needed where both are equal. */
  readonly reason?: string;
}

/** FOLDER --python PYTHON, as the reader means them: npm changes into the project's root. */
export function parseFolder(args: string[]): { folder: string; python: string } {
  let parsed;
  try {
    parsed = parseArgs({ args, options: { python: { type: 'string' } }, allowPositionals: true });
  } catch (error) {
    throw new UserError((error as Error).message);
  }
  const { positionals, values } = parsed;
  if (positionals.length !== 1) throw new UserError(`Which folder? Got ${positionals.join(', ') || 'none'}.`);
  if (values.python === undefined)
    throw new UserError('--python is missing: which Python is to compare with?');
  const from = process.env.INIT_CWD ?? '';
  return {
    folder: resolve(from, positionals[0]),
    python: values.python.includes('/') ? resolve(from, values.python) : values.python,
  };
}

/** All files in a folder and in those within it, sorted. Links are not followed. */
export function filesIn(folder: string): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new UserError(`${folder} is no folder.`);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  if (files.length === 0) throw new UserError(`There is no file in ${folder}.`);
  return files.sort();
}

/** How many files came out how, and which of them not equal, for what reason; `kinds` says in what order. */
export function report(
  folder: string,
  kinds: readonly string[],
  outcomes: ReadonlyMap<string, Outcome>,
): string {
  const width = Math.max(...kinds.map((kind) => kind.length));
  const of = (kind: string) => [...outcomes].filter(([, outcome]) => outcome.kind === kind);
  const counts = kinds.map((kind) => `  ${kind.padEnd(width)} ${String(of(kind).length).padStart(6)}`);
  const named = kinds.flatMap((kind) => {
    const lines = of(kind).flatMap(([file, { reason }]) =>
      reason === undefined ? [] : [`  ${relative(folder, file)}: ${reason}`],
    );
    return lines.length === 0 ? [] : ['', `${kind}:`, ...lines];
  });
  return [...counts, ...named].join('\n');
}
