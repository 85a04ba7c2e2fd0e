import { readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fromReader, parse, programFromReader, Trouble } from '../../lib/reader.cjs';

/** How a file came out. */
export interface Outcome {
  readonly kind: string;
  /** Why, in one line; not needed where both are equal. */
  readonly reason?: string;
}

/** What the reader asks for. */
interface Asked {
  folder: string;
  python: string;
  /** Name every file. */
  verbose: boolean;
}

/** FOLDER --python PYTHON [--verbose], as the reader means them; undefined where they asked for help. */
export function parseFolder(args: string[], help: string): Asked | undefined {
  const options = { python: { type: 'string' }, verbose: { type: 'boolean', default: false } } as const;
  const parsed = parse(help, { args, options, allowPositionals: true });
  if (!parsed) return undefined;
  const { positionals, values } = parsed;
  if (positionals.length !== 1) throw new Trouble(`Which folder? Got ${positionals.join(', ') || 'none'}.`);
  if (values.python === undefined) throw new Trouble('--python is missing: which Python is to compare with?');
  return {
    folder: fromReader(positionals[0]),
    python: programFromReader(values.python),
    verbose: values.verbose,
  };
}

/** All files in a folder and in those within it, sorted. Links are not followed. */
export function filesIn(folder: string): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new Trouble(`${folder} is no folder.`);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  if (files.length === 0) throw new Trouble(`There is no file in ${folder}.`);
  return files.sort();
}

/**
 * How many files came out how, and which of them not equal, for what reason; `kinds` says in what order. `verbose` names
 * those without a reason too.
 */
export function report(
  folder: string,
  kinds: readonly string[],
  outcomes: ReadonlyMap<string, Outcome>,
  verbose: boolean,
): string {
  const width = Math.max(...kinds.map((kind) => kind.length));
  const of = (kind: string) => [...outcomes].filter(([, outcome]) => outcome.kind === kind);
  const counts = kinds.map((kind) => `  ${kind.padEnd(width)} ${String(of(kind).length).padStart(6)}`);
  const named = kinds.flatMap((kind) => {
    const lines = of(kind).flatMap(([file, { reason }]) =>
      reason === undefined && !verbose
        ? []
        : [`  ${relative(folder, file)}${reason === undefined ? '' : `: ${reason}`}`],
    );
    return lines.length === 0 ? [] : ['', `${kind}:`, ...lines];
  });
  return [...counts, ...named].join('\n');
}
