import { basename, extname } from 'node:path';
import { PICTURE_CLASSES } from '../../../src/locations';
import { COUNTS } from '../../drawings/generate';
import type { Entry } from './archive';

/** A picture file in a folder or an archive. */
export interface Found extends Entry {
  /** The folder or archive that it lies in. */
  source: string;
}

/** A picture and its place in the arranged set, e.g. `train/0_cat/cat.0.jpg`. */
export interface Placed extends Found {
  target: string;
}

/** What becomes of the files that were found. */
export interface Arrangement {
  pictures: Placed[];
  /** Files in class folders that are left out because they are no pictures (by name) or empty. */
  leftOut: string[];
  /** Classes of which there is no picture, e.g. `eval/3_bees`. */
  missing: string[];
}

type PictureClass = (typeof PICTURE_CLASSES)[number];
type Split = 'train' | 'eval';

/** The names that folders of each class have in the published sets, in lower case. */
const CLASS_NAMES: Readonly<Record<string, PictureClass>> = {
  '0_cat': '0_cat',
  cat: '0_cat',
  cats: '0_cat',
  '1_dog': '1_dog',
  dog: '1_dog',
  dogs: '1_dog',
  '2_ants': '2_ants',
  ants: '2_ants',
  '3_bees': '3_bees',
  bees: '3_bees',
};

const SPLIT_NAMES: Readonly<Record<string, Split>> = {
  train: 'train',
  eval: 'eval',
  val: 'eval',
  validation: 'eval',
};

/** torchvision's IMG_EXTENSIONS (datasets/folder.py). */
const EXTENSIONS = new Set(['.jpg', '.jpeg', '.png', '.ppm', '.bmp', '.pgm', '.tif', '.tiff', '.webp']);

/**
 * Decides which of the files found are taken, and where each one goes. Three layouts are understood:
 * - `train/0_cat` ... `eval/3_bees`, this workbook's and the article's: everything is taken;
 * - `train/ants`, `val/ants`, `train/cats`, `validation/cats` ..., as published: of cats and dogs the first by name,
 *   in the article's counts, all ants and bees;
 * - `Cat`, `Dog` without a split (Microsoft's set): the first by name to train on, the next ones to evaluate.
 */
export function arrange(files: readonly Found[]): Arrangement {
  const leftOut: string[] = [];
  const groups = new Map<string, Found[]>();
  const counted = new Set<string>();
  for (const file of files) {
    const place = placeOf(file.name);
    if (!place) continue;
    const { folder, split } = place;
    if (file.size === 0 || !EXTENSIONS.has(extname(file.name).toLowerCase())) {
      leftOut.push(file.name);
      continue;
    }
    const key = `${split ?? ''}/${folder}`;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key)?.push(file);
    if (!place.ours && (folder === '0_cat' || folder === '1_dog')) counted.add(key);
  }
  const pictures: Placed[] = [];
  const missing: string[] = [];
  for (const split of ['train', 'eval'] as const)
    for (const folder of PICTURE_CLASSES) {
      const key = `${split}/${folder}`;
      const count = COUNTS[split][folder];
      let taken = sorted(groups.get(key) ?? []);
      if (counted.has(key)) taken = taken.slice(0, count);
      if (taken.length === 0) {
        const first = split === 'train' ? 0 : COUNTS.train[folder];
        taken = sorted(groups.get(`/${folder}`) ?? []).slice(first, first + count);
      }
      if (taken.length === 0) missing.push(key);
      for (const file of taken) pictures.push({ ...file, target: `${key}/${basename(file.name)}` });
    }
  return { pictures, leftOut, missing };
}

/** The class and, if its folder lies in one, the split of a file; undefined when it lies in no class folder. */
function placeOf(name: string): { folder: PictureClass; split?: Split; ours: boolean } | undefined {
  const parts = name.split('/');
  if (parts.some((part) => part.startsWith('.') || part === '__MACOSX')) return undefined;
  const [grandparent = '', parent = ''] =
    parts.slice(-3, -1).length === 2 ? parts.slice(-3, -1) : ['', parts.at(-2)];
  const folder = CLASS_NAMES[parent.toLowerCase()];
  if (!folder) return undefined;
  return { folder, split: SPLIT_NAMES[grandparent.toLowerCase()], ours: folder === parent };
}

/** By name, as torchvision sorts; of files with the same name the first one only. */
function sorted(files: readonly Found[]): Found[] {
  const byName = new Map<string, Found>();
  for (const file of files) if (!byName.has(basename(file.name))) byName.set(basename(file.name), file);
  return [...byName.keys()].sort().map((name) => byName.get(name) as Found);
}
