// @ts-check
// Files and folders that are either whole or absent: made under a temporary name and renamed. And the one lock. Looked at:
// write-file-atomic and proper-lockfile, which set-up would need before it has installed anything.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { say, step } from './log.mjs';
import { cache } from './paths.mjs';
import { ask, onProgramStart } from './run.mjs';

/** @param {string} file @param {string} text */
export function writeWhole(file, text) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const part = `${file}.${process.pid}.part`;
  fs.writeFileSync(part, text);
  fs.renameSync(part, file);
}

/** @param {string} file @returns {string | null} its text, or null when it isn't there */
export function readText(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** @param {string} file */
export const readJson = (file) => {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
};

/** The files of a folder, and of those within it, in order. @param {string} folder @param {string} ending @returns {string[]} */
export function filesIn(folder, ending) {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

/** @param {...(string | Buffer)} parts */
export function sha256(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex');
}

/**
 * Put a complete folder where another stands: the old one stays until the new one is whole there.
 * @param {string} fresh on the same disk as the project, or as good as: it is moved, or else copied
 * @param {string} target a folder, a link to one, a mount, or nothing yet
 */
export function replaceFolder(fresh, target) {
  fs.mkdirSync(path.dirname(target), { recursive: true });
  const place = followed(target);
  const trash = path.join(cache, 'replaced');
  fs.rmSync(trash, { recursive: true, force: true }); // left by an interrupted run
  fs.mkdirSync(trash, { recursive: true });
  const old = path.join(trash, path.basename(place));
  try {
    if (fs.existsSync(place)) fs.renameSync(place, old);
    try {
      fs.renameSync(fresh, place);
    } catch (error) {
      if (fs.existsSync(old)) fs.renameSync(old, place);
      throw error;
    }
  } catch (error) {
    // A mount can't be moved, and nothing can be moved to another disk.
    if (!['EBUSY', 'EXDEV'].includes(/** @type {NodeJS.ErrnoException} */ (error).code ?? '')) throw error;
    replaceContents(fresh, place);
  }
  fs.rmSync(trash, { recursive: true, force: true });
}

/** @param {string} target @returns {string} the folder that a link leads to, which may have to be made */
function followed(target) {
  if (!fs.lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink()) return target;
  const place = path.resolve(path.dirname(target), fs.readlinkSync(target));
  fs.mkdirSync(path.dirname(place), { recursive: true });
  return followed(place);
}

/** The copy, for which there may be no room, is complete before the first old file goes. @param {string} fresh @param {string} place */
function replaceContents(fresh, place) {
  const [incoming, outgoing] = ['.incoming', '.outgoing'].map((name) => path.join(place, name));
  const clear = () =>
    [incoming, outgoing].forEach((name) => fs.rmSync(name, { recursive: true, force: true }));
  const move = (/** @type {string} */ from, /** @type {string} */ to) => {
    for (const name of fs.readdirSync(from))
      if (name !== '.incoming' && name !== '.outgoing')
        fs.renameSync(path.join(from, name), path.join(to, name));
  };
  clear();
  try {
    fs.mkdirSync(outgoing, { recursive: true });
    fs.cpSync(fresh, incoming, { recursive: true, verbatimSymlinks: true });
    move(place, outgoing);
    move(incoming, place);
  } finally {
    clear();
  }
  fs.rmSync(fresh, { recursive: true, force: true });
}

/** Point `link` to `target` (relative to the link's folder), replacing whatever was there. @param {string} target @param {string} link */
export function relink(target, link) {
  if (isLinkTo(target, link)) return;
  fs.mkdirSync(path.dirname(link), { recursive: true });
  fs.rmSync(link, { recursive: true, force: true });
  // Windows needs no right of its own for a junction, and only takes absolute targets for one.
  if (process.platform === 'win32')
    fs.symlinkSync(path.resolve(path.dirname(link), target), link, 'junction');
  else fs.symlinkSync(target, link);
}

/** @param {string} target @param {string} link */
export function isLinkTo(target, link) {
  try {
    return (
      path.resolve(path.dirname(link), fs.readlinkSync(link)) === path.resolve(path.dirname(link), target)
    );
  } catch {
    return false;
  }
}

/** When a process began, in the system's own words; null when there is none. Tells a process from a later one of the same id. @param {number} pid */
function begun(pid) {
  if (process.platform === 'linux') {
    const stat = readText(`/proc/${pid}/stat`);
    const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' '); // from field 3, state
    return fields && fields[0] !== 'Z' ? (fields[19] ?? null) : null; // field 22: start time
  }
  if (process.platform === 'win32') {
    try {
      process.kill(pid, 0);
      return 'running';
    } catch {
      return null;
    }
  }
  return ask('ps', ['-o', 'lstart=', '-p', String(pid)]) || null;
}

/** @typedef {{ pid: number, begun: string | null, group?: boolean }} Holder `group`: it leads a group of processes */
/** @param {Holder | undefined} holder */
const alive = (holder) => Boolean(holder?.begun && begun(holder.pid) === holder.begun);

/**
 * Do `work` while no other process does: a second one waits for the first. What an interrupted one (kill -9, a closed
 * laptop) left running, e.g. a package manager, is ended before the work starts over.
 * @template T
 * @param {string} name of the work, for the reader who waits: 'set-up'
 * @param {() => Promise<T>} work
 * @param {string} [lockFile]
 * @returns {Promise<T>}
 */
export async function alone(name, work, lockFile = path.join(cache, `${name}.lock`)) {
  const folder = path.dirname(lockFile);
  fs.mkdirSync(folder, { recursive: true });
  const self = { pid: process.pid, begun: begun(process.pid) };
  const own = `${lockFile}.${process.pid}`;
  fs.writeFileSync(own, JSON.stringify(self));
  for (const name of fs.readdirSync(folder)) {
    // left by one that was killed while it waited
    if (!name.startsWith(`${path.basename(lockFile)}.`)) continue;
    const pid = Number(/\.lock\.(\d+)/.exec(name)?.[1]);
    if (pid && pid !== process.pid && !begun(pid)) fs.rmSync(path.join(folder, name), { force: true });
  }
  const take = () => {
    try {
      fs.linkSync(own, lockFile); // atomic, and the lock is never seen half-written
      fs.rmSync(own);
      return true;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
      throw error;
    }
  };
  const release = () => {
    fs.rmSync(own, { force: true });
    if (readJson(lockFile)?.pid === process.pid) fs.rmSync(lockFile, { force: true });
  };
  process.on('exit', release);
  try {
    while (!take()) {
      /** @type {(Holder & { program?: Holder }) | null} */
      const holder = readJson(lockFile);
      if (holder && alive(holder)) {
        await step(`waiting for another ${name} (process ${holder.pid})`, async () => {
          while (alive(holder) && fs.existsSync(lockFile)) await new Promise((done) => setTimeout(done, 300));
        });
        continue;
      }
      if (holder?.program && alive(holder.program)) {
        say(`Ending what an interrupted ${name} left running (process ${holder.program.pid})`);
        try {
          const { pid, group } = holder.program;
          process.kill(group ? -pid : pid, 'SIGKILL');
        } catch {
          // it has ended by itself
        }
      }
      fs.rmSync(lockFile, { force: true });
    }
    onProgramStart((pid, group) =>
      writeWhole(lockFile, JSON.stringify({ ...self, program: { pid, group, begun: begun(pid) } })),
    );
    return await work();
  } finally {
    onProgramStart(() => {});
    release();
    process.off('exit', release);
  }
}
