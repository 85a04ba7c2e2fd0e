// Over fflate and tar, which unpack; own are only the limits of what is accepted, and these libraries have none.
import { unzipSync, type UnzipFileInfo } from 'fflate';
import { closeSync, openSync, readSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import * as tar from 'tar';
import { Trouble } from '../../lib/reader.cjs';

/** A file in an archive. */
export interface Entry {
  /** Path inside the archive, with `/`. */
  name: string;
  /** Size in bytes, once unpacked. */
  size: number;
}

/** What an archive may hold at most; beyond this it is refused before anything is written. */
export interface Limits {
  /** Bytes of one file, unpacked. */
  fileBytes: number;
  /** Bytes of all wanted files, unpacked. */
  totalBytes: number;
  /** Number of entries. */
  entries: number;
}

const ZIP = Buffer.from('PK\x03\x04');
const GZIP = Buffer.from([0x1f, 0x8b]);
const BATCH_BYTES = 64e6; // unpacked bytes held in memory at a time

/** Whether the file is a zip or a gzipped tar archive, by its first bytes. */
export function archiveKind(path: string): 'zip' | 'tar' | undefined {
  const head = Buffer.alloc(4);
  const file = openSync(path, 'r');
  try {
    readSync(file, head, 0, 4, 0);
  } finally {
    closeSync(file);
  }
  if (head.equals(ZIP)) return 'zip';
  return head.subarray(0, 2).equals(GZIP) ? 'tar' : undefined;
}

/**
 * The files in a zip or tar.gz archive.
 * @throws Trouble when it is no such archive, is damaged, holds more entries than the limits allow, or a path
 *   that leads out of the folder it would be unpacked to.
 */
export async function listArchive(archive: string, limits: Limits): Promise<Entry[]> {
  const all = await readable(archive, () =>
    needKind(archive) === 'zip' ? listZip(archive) : listTar(archive, limits),
  );
  if (all.length > limits.entries)
    throw refused(archive, `holds more than the ${limits.entries} entries that are accepted`);
  const outside = all.find(({ name }) => !isInside(name));
  if (outside)
    throw refused(archive, `holds a path that leads out of its folder, ${JSON.stringify(outside.name)}`);
  return all.filter(({ name }) => !name.endsWith('/'));
}

/**
 * Unpacks the wanted files of a zip or tar.gz archive below `folder`, under the paths they have in the archive.
 * Only regular files are written, and nothing at all if the archive is not acceptable as a whole.
 * @param wanted - which files to take.
 * @param onProgress - told how many of the wanted bytes are written.
 * @returns the files written.
 * @throws Trouble as `listArchive`, and when the wanted files are larger than the limits allow.
 */
export async function unpack(
  archive: string,
  folder: string,
  wanted: (entry: Entry) => boolean,
  limits: Limits,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<Entry[]> {
  const chosen = (await listArchive(archive, limits)).filter(wanted);
  const large = chosen.find(({ size }) => size > limits.fileBytes);
  if (large)
    throw refused(
      archive,
      `holds ${large.name} of ${large.size} bytes, at most ${limits.fileBytes} are accepted`,
    );
  const total = chosen.reduce((sum, { size }) => sum + size, 0);
  if (total > limits.totalBytes)
    throw refused(archive, `unpacks to ${total} bytes, at most ${limits.totalBytes} are accepted`);
  let done = 0;
  const count = (bytes: number): void => onProgress((done += bytes), total);
  await mkdir(folder, { recursive: true });
  await readable(archive, async () => {
    await (needKind(archive) === 'zip' ? unzip : untar)(archive, folder, chosen, count);
    for (const { name, size } of chosen)
      if ((await stat(join(folder, name))).size !== size) throw new Error(`${name} is not of ${size} bytes`);
  });
  return chosen;
}

function needKind(archive: string): 'zip' | 'tar' {
  const kind = archiveKind(archive);
  if (!kind) throw new Trouble(`${archive} is neither a zip nor a tar.gz archive.`);
  return kind;
}

const refused = (archive: string, why: string): Trouble =>
  new Trouble(`${basename(archive)} ${why}; nothing was unpacked.`);

/** Runs `work`; what the libraries throw at a damaged archive becomes a message that names it. */
async function readable<T>(archive: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Trouble) throw error;
    throw new Trouble(`${archive} cannot be unpacked: ${(error as Error).message}. Is it complete?`);
  }
}

/** Whether a path from an archive stays inside the folder that it is unpacked to, on any system. */
export function isInside(name: string): boolean {
  if (/^[/\\]|^[a-z]:|[\0\\]/i.test(name)) return false;
  return !name.split('/').includes('..');
}

async function listZip(archive: string): Promise<Entry[]> {
  const all: Entry[] = [];
  const list = ({ name, originalSize }: UnzipFileInfo): boolean => {
    all.push({ name, size: originalSize });
    return false;
  };
  unzipSync(await readFile(archive), { filter: list });
  return all;
}

async function unzip(
  archive: string,
  folder: string,
  chosen: Entry[],
  count: (bytes: number) => void,
): Promise<void> {
  const data = await readFile(archive);
  for (let first = 0; first < chosen.length;) {
    const batch = new Set<string>();
    for (let bytes = 0; first < chosen.length && (batch.size === 0 || bytes < BATCH_BYTES); first++) {
      batch.add(chosen[first].name);
      bytes += chosen[first].size;
    }
    // fflate allots each file the size that the archive's directory tells, which was checked, and writes no further.
    for (const [name, content] of Object.entries(
      unzipSync(data, { filter: (file) => batch.has(file.name) }),
    )) {
      await write(folder, name, content);
      count(content.length);
    }
  }
}

async function listTar(archive: string, limits: Limits): Promise<Entry[]> {
  const all: Entry[] = [];
  await tar.list({
    file: archive,
    strict: true,
    onReadEntry: ({ path, size, type }) => {
      // A folder or a link is nothing to unpack, but its path must be harmless too.
      const isFile = type === 'File' || type === 'OldFile';
      if (all.length <= limits.entries)
        all.push({ name: isFile ? path : `${path.replace(/\/$/, '')}/`, size });
    },
  });
  return all;
}

async function untar(
  archive: string,
  folder: string,
  chosen: Entry[],
  count: (bytes: number) => void,
): Promise<void> {
  const names = new Set(chosen.map(({ name }) => name));
  await tar.extract({
    file: archive,
    cwd: folder,
    strict: true,
    filter: (path, entry) => 'type' in entry && /^(Old)?File$/.test(entry.type) && names.has(path),
    onReadEntry: ({ size }) => count(size), // as each begins: listening to its data would take it away from the file
  });
}

async function write(folder: string, name: string, content: Uint8Array): Promise<void> {
  const path = resolve(folder, name);
  const inner = relative(folder, path);
  if (inner === '' || inner.startsWith('..' + sep)) throw new Error(`${name} leads out of the folder`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(join(folder, inner), content);
}
