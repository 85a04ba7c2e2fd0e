import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseCsv } from './csv';
import { Scan, compareText } from './imageFolder';
import type { LeftOut } from './pictureFiles';

/** What pictures are used for: to train, to choose by, and to be judged by once. */
export const PARTS = ['train', 'validation', 'test'] as const;
export type Part = (typeof PARTS)[number];

/** A picture's file, before anybody has looked into it. */
export interface PictureFile {
  path: string;
  /** A position in the list of classes. */
  label: number;
  /** Where whoever gave the pictures has put it. */
  part?: Part;
}

/** The pictures that somebody has, as they were found. */
export interface PictureSet {
  /** The folder that files are named relative to. */
  root: string;
  /** Names of the classes, sorted. */
  classes: readonly string[];
  files: readonly PictureFile[];
  /** What was found but isn't counted, and why. */
  leftOut: readonly LeftOut[];
}

/** What folders and cells call the parts. */
const PART_NAMES: Readonly<Record<string, Part>> = {
  train: 'train',
  training: 'train',
  eval: 'validation',
  val: 'validation',
  valid: 'validation',
  validation: 'validation',
  test: 'test',
  testing: 'test',
};
const partOf = (name: string): Part | undefined =>
  Object.hasOwn(PART_NAMES, name.toLowerCase()) ? PART_NAMES[name.toLowerCase()] : undefined;

/** Folders that programs leave behind, in which nobody keeps classes. */
const NO_CLASS = /^(\.|__MACOSX$|@eaDir$)/;
const MOST_CSV_BYTES = 2 ** 26;

/**
 * Finds the pictures that somebody has, in any of three forms:
 *
 * - a folder with a folder a class;
 * - a folder with `train` and, beside it, `eval` (`val`, `valid`, `validation`) or `test` or both, each with a folder a class;
 * - a table (.csv, .tsv): file and class, and perhaps the part (train, validation, test); files are named relative to it.
 *   Where the first row names the columns, they may stand in any order.
 *
 * @throws Error when there is nothing of the kind, with what was expected and what is there.
 */
export function openPictures(path: string): PictureSet {
  if (!existsSync(path))
    throw new Error(`There is no ${path}: name a folder with a folder a class, or a table (.csv).`);
  if (statSync(path).isFile())
    return /\.(csv|tsv)$/i.test(path) ? fromTable(path) : notPictures(path, 'a file');
  const scan = new Scan(path, false);
  const folders = visible(scan, path);
  const parts = folders.filter(partOf);
  // a folder `train` that holds pictures itself, or stands beside folders that are no parts, is a class: of trains
  const whole = parts.length > 1 || folders.length === 1;
  const divided =
    whole && parts.some((name) => partOf(name) === 'train' && visible(scan, join(path, name)).length > 0);
  const places = divided
    ? parts.flatMap((name) =>
        visible(scan, join(path, name)).map((of) => ({ of, at: join(path, name, of), part: partOf(name) })),
      )
    : folders.map((of) => ({ of, at: join(path, of), part: undefined }));
  const found = places.flatMap(({ of, at, part }) =>
    scan.pictures(at).map((file) => ({ path: file, of, part })),
  );
  if (found.length === 0)
    notPictures(path, folders.length === 0 ? 'no folder in it' : `only ${folders.slice(0, 5).join(', ')}`);
  const others = divided ? folders.filter((name) => !parts.includes(name)) : [];
  const empty = places.filter(({ at }) => !found.some((each) => each.path.startsWith(at)));
  return numbered(path, found, [
    ...scan.ignored,
    ...others.map((name) => ({ path: join(path, name), reason: 'is neither train, validation nor test' })),
    ...empty.map(({ at }) => ({ path: at, reason: 'is a class folder without pictures' })),
  ]);
}

function notPictures(path: string, found: string): never {
  throw new Error(
    `No pictures in ${path}: expected a folder a class, or train, validation and test with a folder a class each, ` +
      `or a table of files and classes (.csv); found ${found}.`,
  );
}

function visible(scan: Scan, folder: string): string[] {
  return scan.folders(folder).filter((name) => !NO_CLASS.test(name));
}

type Found = { path: string; of: string; part?: Part };

/** Numbers the classes, in the order of their names. */
function numbered(root: string, found: readonly Found[], leftOut: readonly LeftOut[]): PictureSet {
  const classes = [...new Set(found.map(({ of }) => of))].sort(compareText);
  const trained = new Set(
    found.filter(({ part }) => part === undefined || part === 'train').map(({ of }) => of),
  );
  const untrained = classes.filter((name) => !trained.has(name));
  if (untrained.length > 0)
    throw new Error(
      `There are no pictures to train on of ${untrained.join(', ')}, though there are others of it.`,
    );
  if (classes.length < 2)
    throw new Error(`There is one class alone, ${classes[0]}, in ${root}: a model tells at least two apart.`);
  const numbers = new Map(classes.map((name, i) => [name, i]));
  const files = found.map(({ path, of, part }) => ({ path, label: numbers.get(of) ?? 0, part }));
  return { root, classes, files, leftOut };
}

const COLUMNS: Readonly<Record<string, RegExp>> = {
  file: /^(file|filename|file[ _]name|path|image|picture|photo)$/i,
  of: /^(class|label|category|target|species|name)$/i,
  part: /^(part|split|set|subset|fold)$/i,
};

function fromTable(path: string): PictureSet {
  const wrong = (what: string): never => {
    throw new Error(`${path}: ${what}. A row is a file and its class, such as "photos/7.jpg,cat".`);
  };
  if (statSync(path).size > MOST_CSV_BYTES) wrong(`has more than ${MOST_CSV_BYTES} bytes`);
  let rows: ReturnType<typeof parseCsv>;
  try {
    rows = parseCsv(new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path)));
  } catch (error) {
    return wrong(error instanceof TypeError ? 'is not a text in UTF-8' : (error as Error).message);
  }
  const [first] = rows;
  if (!first) return wrong('is empty');
  const names = Object.values(COLUMNS).map((pattern) => first.cells.findIndex((cell) => pattern.test(cell)));
  const named = names[0] >= 0 && names[1] >= 0;
  const [file, of, part] = named ? names : [0, 1, 2];
  const root = dirname(path);
  const leftOut: LeftOut[] = [];
  const found = new Map<string, Found>();
  for (const { cells, line } of named ? rows.slice(1) : rows) {
    if (!cells[file] || !cells[of]) return wrong(`line ${line} has no ${cells[file] ? 'class' : 'file'}`);
    const full = resolve(root, cells[file]);
    const place = cells[part] ? partOf(cells[part]) : undefined;
    if (cells[part] && !place)
      return wrong(`line ${line} has the part "${cells[part]}", not train, validation or test`);
    const before = found.get(full);
    if (before && before.of !== cells[of])
      return wrong(`line ${line} says ${cells[of]} of ${cells[file]}, an earlier one ${before.of}`);
    // a pipe would be waited for
    if (statSync(full, { throwIfNoEntry: false })?.isFile())
      found.set(full, { path: full, of: cells[of], part: place });
    else leftOut.push({ path: full, reason: `is no file that is there (line ${line})` });
  }
  if (found.size === 0) return wrong(`none of its ${rows.length} files is there`);
  // where some rows name a part, the others are to train on
  const divided = [...found.values()].some((each) => each.part);
  const all = [...found.values()].map((each) => (divided ? { ...each, part: each.part ?? 'train' } : each));
  return numbered(root, all, leftOut);
}
