import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { download, type PublishedFile } from '../../../src/data/download';
import { cacheRoot, cifar10Folder } from '../../../src/locations';
import { startProgress } from '../../../src/progress';
import { Trouble } from '../../lib/reader.cjs';
import { unpack } from './archive';
import type { Command } from './command';
import { downloadOrAdvise } from './offline';

/**
 * The binary version of https://www.cs.toronto.edu/~kriz/cifar.html. The page gives its MD5,
 * c32a1d4ab5d03f1284b67883e8d87530; size and SHA-256 are the ones that Julia's MLDatasets checks.
 */
export const ARCHIVE: PublishedFile = {
  url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
  size: 170_052_171,
  hash: { algorithm: 'sha256', digest: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd' },
};

/** Ten thousand records of 1 label byte and 3,072 pixel bytes. */
const BATCH_BYTES = 10_000 * 3073;
/** The binary archive's files, without their endings. */
export const BATCHES = [
  'data_batch_1',
  'data_batch_2',
  'data_batch_3',
  'data_batch_4',
  'data_batch_5',
  'test_batch',
];
const FILES = [...BATCHES.map((name) => `${name}.bin`), 'batches.meta.txt'];
const LIMITS = { fileBytes: BATCH_BYTES, totalBytes: 1.1 * 6 * BATCH_BYTES, entries: 10_000 };

export const cifar10: Command = {
  name: 'cifar10',
  summary: 'downloads CIFAR-10 (170 MB): 60,000 pictures of 32x32 in ten classes',
  help: `Downloads CIFAR-10's published binary version, checks its SHA-256 and unpacks it to
.data/cifar-10-batches-bin. An interrupted download goes on where it stopped.`,
  from: 'take the archive cifar-10-binary.tar.gz, or a folder with its .bin files, from disk',
  async run({ dryRun, from, say }) {
    const folder = cifar10Folder();
    if ((await missing(folder)).length === 0) return say(`CIFAR-10 is there: ${folder}`);
    const source = from;
    if (dryRun)
      return say(`Would ${source ? `take ${source}` : `download ${ARCHIVE.url} (170 MB)`} into ${folder}`);
    const partial = `${folder}.partial`;
    await rm(partial, { recursive: true, force: true });
    if (source && !existsSync(source)) throw new Trouble(`There is no ${source}.`);
    if (source && (await stat(source)).isDirectory()) await copyFrom(source, partial);
    else await unpackFrom(source ?? (await fetchArchive(say)), partial);
    await rm(folder, { recursive: true, force: true });
    await mkdir(dirname(folder), { recursive: true });
    await rename(partial, folder);
    say(`CIFAR-10 is there: ${folder}`);
  },
};

async function fetchArchive(say: (line: string) => void): Promise<string> {
  const path = join(cacheRoot(), 'downloads', 'cifar-10-binary.tar.gz');
  say(`Downloading ${ARCHIVE.url}`);
  await downloadOrAdvise(() => download(ARCHIVE, path), ARCHIVE.url, 'npm run data -- cifar10 --from PATH');
  return path;
}

/** Unpacks the archive's files, without the folder that they lie in there, into `target`. */
async function unpackFrom(archive: string, target: string): Promise<void> {
  const bar = startProgress(Math.round((6 * BATCH_BYTES) / 1e6), { label: 'Unpacking', unit: 'MB' });
  const base = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
  const inside = `${target}.unpacked`;
  await rm(inside, { recursive: true, force: true });
  const entries = await unpack(
    archive,
    inside,
    ({ name }) => FILES.includes(base(name)),
    LIMITS,
    (done) => bar.update(Math.round(done / 1e6)),
  );
  bar.done();
  await mkdir(target, { recursive: true });
  for (const { name } of entries) await rename(join(inside, name), join(target, base(name)));
  await rm(inside, { recursive: true, force: true });
  await requireAll(target, archive);
}

/** Copies the .bin files from a folder, or from cifar-10-batches-bin in it. */
async function copyFrom(source: string, target: string): Promise<void> {
  const inner = join(source, 'cifar-10-batches-bin');
  const folder = existsSync(inner) ? inner : source;
  await requireAll(folder, source);
  await mkdir(target, { recursive: true });
  for (const name of await readdir(folder))
    if (FILES.includes(name)) await copyFile(join(folder, name), join(target, name));
}

async function requireAll(folder: string, source: string): Promise<void> {
  const wrong = await missing(folder);
  if (wrong.length > 0)
    throw new Trouble(
      `${source} does not hold CIFAR-10's binary version: ${wrong.join(', ')} missing or not of ${BATCH_BYTES} bytes.`,
    );
}

/** The batch files that are not there, or not of their size. */
async function missing(folder: string): Promise<string[]> {
  const wrong: string[] = [];
  for (const name of BATCHES.map((batch) => `${batch}.bin`)) {
    const path = join(folder, name);
    if (!existsSync(path) || (await stat(path)).size !== BATCH_BYTES) wrong.push(name);
  }
  return wrong;
}
