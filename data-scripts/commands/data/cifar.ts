import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { download, type PublishedFile } from '../../../src/data/download';
import { CIFAR100_LAYOUT, CIFAR10_LAYOUT, filesOfLayout } from '../../../src/data/cifarLayout';
import { cacheRoot, cifar100Folder, cifar10Folder } from '../../../src/locations';
import { startProgress } from '../../../src/progress';
import { Trouble } from '../../lib/reader.cjs';
import { unpack } from './archive';
import type { Command } from './command';
import { downloadOrAdvise } from './offline';

/** A data set as https://www.cs.toronto.edu/~kriz/cifar.html publishes it, in its binary version. */
interface Published {
  title: string;
  archive: PublishedFile;
  /** The folder in the archive. */
  folder: string;
  /** What must be in it, with the files' sizes in bytes; null is any. */
  files: Readonly<Record<string, number | null>>;
  /** Further files that are kept, where they are there. */
  besides: readonly string[];
  place: () => string;
}

/** Sizes and SHA-256 are the ones that Julia's MLDatasets checks; the page itself gives the MD5. */
export const CIFAR10: Published = {
  title: 'CIFAR-10',
  archive: {
    url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
    size: 170_052_171,
    hash: {
      algorithm: 'sha256',
      digest: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
    },
  },
  folder: CIFAR10_LAYOUT.folder,
  files: filesOfLayout(CIFAR10_LAYOUT),
  besides: ['batches.meta.txt'],
  place: cifar10Folder,
};

const CIFAR100: Published = {
  title: 'CIFAR-100',
  archive: {
    url: 'https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz',
    size: 168_513_733,
    hash: {
      algorithm: 'sha256',
      digest: '58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec',
    },
  },
  folder: CIFAR100_LAYOUT.folder,
  files: filesOfLayout(CIFAR100_LAYOUT),
  besides: ['coarse_label_names.txt'],
  place: cifar100Folder,
};

const sizesOf = ({ files }: Published): number[] => Object.values(files).map((size) => size ?? 0);
const megabytesOf = ({ archive }: Published): number => Math.round((archive.size ?? 0) / 1e6);

export const cifar10 = command('cifar10', CIFAR10, 'ten classes');
export const cifar100 = command('cifar100', CIFAR100, 'a hundred classes');

function command(name: string, set: Published, classes: string): Command {
  const { title, archive, place } = set;
  const file = basename(archive.url);
  const size = `${megabytesOf(set)} MB`;
  return {
    name,
    summary: `downloads ${title} (${size}): 60,000 pictures of 32x32 in ${classes}`,
    help: `Downloads ${title}'s published binary version, checks its SHA-256 and unpacks it to
.data/${set.folder}. An interrupted download goes on where it stopped.`,
    from: `take the archive ${file}, or a folder with its files, from disk`,
    async run({ dryRun, from, say }) {
      const folder = place();
      if ((await missing(set, folder)).length === 0) return say(`${title} is there: ${folder}`);
      if (dryRun)
        return say(`Would ${from ? `take ${from}` : `download ${archive.url} (${size})`} into ${folder}`);
      const partial = `${folder}.partial`;
      await rm(partial, { recursive: true, force: true });
      if (from && !existsSync(from)) throw new Trouble(`There is no ${from}.`);
      if (from && (await stat(from)).isDirectory()) await copyFrom(set, from, partial);
      else await unpackFrom(set, from ?? (await fetchArchive(name, set, say)), partial);
      await rm(folder, { recursive: true, force: true });
      await mkdir(dirname(folder), { recursive: true });
      await rename(partial, folder);
      say(`${title} is there: ${folder}`);
    },
  };
}

async function fetchArchive(
  name: string,
  { archive }: Published,
  say: (line: string) => void,
): Promise<string> {
  const path = join(cacheRoot(), 'downloads', basename(archive.url));
  say(`Downloading ${archive.url}`);
  await downloadOrAdvise(() => download(archive, path), archive.url, `npm run data -- ${name} --from PATH`);
  return path;
}

const kept = ({ files, besides }: Published, name: string): boolean =>
  Object.hasOwn(files, name) || besides.includes(name);

/** Unpacks the archive's files, without the folder that they lie in there, into `target`. */
async function unpackFrom(set: Published, archive: string, target: string): Promise<void> {
  const total = sizesOf(set).reduce((sum, size) => sum + size, 0);
  const bar = startProgress(Math.round(total / 1e6), { label: 'Unpacking', unit: 'MB' });
  const base = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
  const inside = `${target}.unpacked`;
  await rm(inside, { recursive: true, force: true });
  const limits = {
    fileBytes: Math.max(...sizesOf(set)),
    totalBytes: 1.1 * total,
    entries: 10_000,
  };
  const entries = await unpack(
    archive,
    inside,
    ({ name }) => kept(set, base(name)),
    limits,
    (done) => bar.update(Math.round(done / 1e6)),
  );
  bar.done();
  await mkdir(target, { recursive: true });
  for (const { name } of entries) await rename(join(inside, name), join(target, base(name)));
  await rm(inside, { recursive: true, force: true });
  await requireAll(set, target, archive);
}

/** Copies the files from a folder, or from the archive's folder in it. */
async function copyFrom(set: Published, source: string, target: string): Promise<void> {
  const inner = join(source, set.folder);
  const folder = existsSync(inner) ? inner : source;
  await requireAll(set, folder, source);
  await mkdir(target, { recursive: true });
  for (const name of await readdir(folder))
    if (kept(set, name)) await copyFile(join(folder, name), join(target, name));
}

async function requireAll(set: Published, folder: string, source: string): Promise<void> {
  const wrong = await missing(set, folder);
  if (wrong.length > 0)
    throw new Trouble(`${source} does not hold ${set.title}'s binary version: ${wrong.join(', ')}.`);
}

/** What is wrong with the files of a folder. */
async function missing({ files }: Published, folder: string): Promise<string[]> {
  const wrong: string[] = [];
  for (const [name, size] of Object.entries(files)) {
    const path = join(folder, name);
    if (!existsSync(path)) wrong.push(`${name} is missing`);
    else if (size !== null && (await stat(path)).size !== size) wrong.push(`${name} is not of ${size} bytes`);
  }
  return wrong;
}
