import { existsSync } from 'node:fs';
import { constants, copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { download, type PublishedFile } from '../../../src/data/download';
import { cacheRoot, dataRoot, PICTURE_CLASSES } from '../../../src/locations';
import { startProgress } from '../../../src/progress';
import { Trouble } from '../../lib/reader.cjs';
import { archiveKind, listArchive, unpack, type Limits } from './archive';
import { arrange, type Arrangement, type Found, type Placed } from './arrange';
import type { Command } from './command';
import { downloadOrAdvise } from './offline';

/** Ants and bees: the archive of PyTorch's transfer learning tutorial, with the hash that pytorch/tutorials checks. */
const HYMENOPTERA: PublishedFile = {
  url: 'https://download.pytorch.org/tutorial/hymenoptera_data.zip',
  size: 47_286_322,
  hash: { algorithm: 'sha256', digest: 'fbc41b31d544714d18dd1230b1e2b455e1557766e13e67f9f5a7a23af7c02209' },
};

/** Cats and dogs: 3,000 of Kaggle's, as Google's courses publish them. No hash is published, only the size is known. */
const CATS_AND_DOGS: PublishedFile = {
  url: 'https://storage.googleapis.com/mledu-datasets/cats_and_dogs_filtered.zip',
  size: 68_606_236,
};

const LIMITS: Limits = { fileBytes: 50e6, totalBytes: 4e9, entries: 200_000 };
const DEPTH = 5; // folders below PATH that are looked into
const BOTH = `${HYMENOPTERA.url} and ${CATS_AND_DOGS.url}`;
const COMMAND = 'npm run data -- photos --from FOLDER   (the folder with both files)';

export const photos: Command = {
  name: 'photos',
  summary: 'downloads photographs of cats, dogs, ants and bees (116 MB); the notebooks then use them',
  help: `Downloads PyTorch's ants and bees (hymenoptera_data.zip, 47 MB) and Google's cats and dogs
(cats_and_dogs_filtered.zip, 69 MB) and arranges them in .data/photos/{train,eval}/{0_cat,1_dog,2_ants,3_bees}
in the article's counts: of cats and dogs the first ones by name, all ants and bees.
Interrupted downloads go on where they stopped. The photographs are their photographers': for study only.`,
  from: `take them from disk instead (they are copied): a folder with train/0_cat ... eval/3_bees,
                 the published archives (zip, tar.gz), or a folder that holds these archives or their contents`,
  options: { force: 'arrange them again even if they are there' },
  async run({ dryRun, flags, from, say }) {
    const folder = join(dataRoot(), 'photos');
    if (existsSync(join(folder, 'sources.json')) && !flags.has('force'))
      return say(`The photographs are there: ${folder}`);
    if (dryRun && from === undefined) {
      for (const { url, size = 0 } of [HYMENOPTERA, CATS_AND_DOGS])
        say(`Would download ${url} (${Math.round(size / 1e6)} MB)`);
      return say(`Would arrange their pictures in ${folder}`);
    }
    const sources = from === undefined ? await fetchArchives(say) : await sourcesIn(from);
    const found = (await Promise.all(sources.map(listSource))).flat();
    const arrangement = arrange(found);
    requireAll(arrangement, from === undefined ? 'The archives' : from);
    for (const name of arrangement.leftOut.slice(0, 10)) say(`Left out, no picture or empty: ${name}`);
    if (dryRun) return say(`Would copy ${summary(arrangement.pictures)} into ${folder}`);
    await copyAll(arrangement.pictures, folder);
    say(`Arranged ${summary(arrangement.pictures)}: ${folder}`);
  },
};

async function fetchArchives(say: (line: string) => void): Promise<string[]> {
  const paths: string[] = [];
  for (const file of [HYMENOPTERA, CATS_AND_DOGS]) {
    const path = join(cacheRoot(), 'downloads', basename(file.url));
    if (!existsSync(path)) say(`Downloading ${file.url}`);
    const sha256 = await downloadOrAdvise(() => download(file, path), BOTH, COMMAND);
    if (!file.hash) await trustOnFirstUse(path, sha256, say);
    paths.push(path);
  }
  return paths;
}

/** For a file of which no hash is published: notes the hash of the first download and insists on it later. */
async function trustOnFirstUse(path: string, sha256: string, say: (line: string) => void): Promise<void> {
  const note = `${path}.sha256`;
  if (!existsSync(note)) {
    say(
      `${basename(path)}: no hash is published; it has the known size, and its SHA-256 is noted for later:\n  ${sha256}`,
    );
    return writeFile(note, `${sha256}\n`);
  }
  if ((await readFile(note, 'utf8')).trim() !== sha256)
    throw new Trouble(
      `${path} has changed since it was downloaded first (${note}).\nDelete both and try again.`,
    );
}

/** The folders and archives meant by --from PATH: the path itself, or the archives in it. */
async function sourcesIn(path: string): Promise<string[]> {
  if (!existsSync(path)) throw new Trouble(`There is no ${path}.`);
  if (!(await stat(path)).isDirectory()) return [path];
  const archives: string[] = [];
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const inner = join(path, entry.name);
    if (entry.isFile() && archiveKind(inner)) archives.push(inner);
  }
  return [path, ...archives.sort()];
}

/** The files of a folder or an archive, paths with `/`. Links are not followed. */
async function listSource(source: string): Promise<Found[]> {
  if (!(await stat(source)).isDirectory())
    return (await listArchive(source, LIMITS)).map((entry) => ({ ...entry, source }));
  const found: Found[] = [];
  const walk = async (inner: string, depth: number): Promise<void> => {
    for (const entry of await readdir(join(source, inner), { withFileTypes: true })) {
      const name = inner === '' ? entry.name : `${inner}/${entry.name}`;
      if (entry.isDirectory() && depth < DEPTH) await walk(name, depth + 1);
      else if (entry.isFile()) found.push({ source, name, size: (await stat(join(source, name))).size });
      if (found.length > LIMITS.entries)
        throw new Trouble(`${source} holds more than ${LIMITS.entries} files.`);
    }
  };
  await walk('', 0);
  return found;
}

function requireAll({ missing }: Arrangement, where: string): void {
  if (missing.length === 0) return;
  throw new Trouble(
    `${where} lacks pictures for ${missing.join(', ')}.\n` +
      `Expected folders named ${PICTURE_CLASSES.join(', ')} (or cats, dogs, ants, bees) in train and eval (or val, validation).`,
  );
}

const summary = (pictures: readonly Placed[]): string => {
  const count = (split: string): string =>
    PICTURE_CLASSES.map(
      (name) => pictures.filter(({ target }) => target.startsWith(`${split}/${name}/`)).length,
    ).join('/');
  return `${pictures.length} photographs (${count('train')} to train on, ${count('eval')} to evaluate)`;
};

/** Copies the pictures to a temporary folder, which then takes the place of `folder`. */
async function copyAll(pictures: readonly Placed[], folder: string): Promise<void> {
  const partial = `${folder}.partial`;
  const unpacked = `${folder}.unpacked`;
  for (const path of [partial, unpacked]) await rm(path, { recursive: true, force: true });
  for (const target of new Set(pictures.map(({ target }) => dirname(target))))
    await mkdir(join(partial, target), { recursive: true });
  const bar = startProgress(pictures.length, { label: 'Arranging', unit: 'photographs' });
  let done = 0;
  for (const source of new Set(pictures.map((picture) => picture.source))) {
    const own = pictures.filter((picture) => picture.source === source);
    const isFolder = (await stat(source)).isDirectory();
    const names = new Set(own.map(({ name }) => name));
    if (!isFolder) await unpack(source, unpacked, ({ name }) => names.has(name), LIMITS);
    for (const { name, target } of own) {
      // Copies, not links: what the reader does to the arranged set never reaches the originals.
      if (isFolder) await copyFile(join(source, name), join(partial, target), constants.COPYFILE_FICLONE);
      else await rename(join(unpacked, name), join(partial, target));
      bar.update(++done);
    }
  }
  await rm(unpacked, { recursive: true, force: true });
  const sources = [...new Set(pictures.map(({ source }) => source))];
  await writeFile(join(partial, 'sources.json'), `${JSON.stringify({ sources }, null, 2)}\n`);
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
  bar.done();
}
