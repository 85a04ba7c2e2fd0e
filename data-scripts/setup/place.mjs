// @ts-check
// What can't work here, said before anything is downloaded or run: the Node, the folder, its disk, its owner.
import fs from 'node:fs';
import path from 'node:path';
import { build, cache, inRoot, modules, root, venv } from '../lib/paths.mjs';
import { Trouble } from '../lib/reader.cjs';

const LOWEST = [20, 19];

export function needNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < (LOWEST[0] ?? 0) || (major === LOWEST[0] && minor < (LOWEST[1] ?? 0))) {
    throw new Trouble(
      `Node ${LOWEST.join('.')} or later is needed; this is ${process.versions.node}.`,
      'install the current Node.js from nodejs.org',
    );
  }
}

/**
 * What is to be installed can be, in this folder.
 * @param {readonly { name: string, bytes?: number }[]} missing
 */
export function needPlace(missing) {
  if (process.platform === 'win32' && !process.argv.includes('--tfjs-download'))
    throw new Trouble(
      'The workbook runs on Linux and macOS; on Windows it runs inside WSL 2.',
      'wsl --install in a PowerShell, then open Ubuntu and clone and start it there (README: Windows)',
    );
  const [bad] = /[:\n\r"\\]/.exec(root) ?? [];
  if (bad)
    throw new Trouble(
      `The project's folder has ${JSON.stringify(bad)} in its path, with which Python makes no environment: ${root}`,
      'move the folder to another path',
    );
  needWritable([root, cache, build, modules, venv]);
  const needed = missing.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
  const { bavail, bsize } = fs.statfsSync(root);
  if (bavail * bsize < needed) {
    const gigabytes = (/** @type {number} */ n) => (n / 1e9).toFixed(1);
    throw new Trouble(
      `Set-up needs ${gigabytes(needed)} GB of disk while it works; ${root} has ${gigabytes(bavail * bsize)} GB free.`,
      'free some space and start again',
    );
  }
}

/** What notebooks and pages are written to, below `.cache`: whoever set the project up, another user may run it. */
const RUN_FOLDERS = ['', 'executed', 'pages', path.join('pages', 'source'), 'jupyter'];

/** All that running notebooks and making pages writes to can be written. */
export function needWritableResults() {
  needWritable([...RUN_FOLDERS.map((name) => path.join(cache, name)), inRoot('site'), inRoot('.data')]);
}

/** @param {readonly string[]} folders those that are not there count as the project's own folder */
function needWritable(folders) {
  for (const folder of folders) {
    const place = fs.existsSync(folder) ? folder : root;
    try {
      fs.accessSync(place, fs.constants.W_OK | fs.constants.X_OK);
    } catch {
      throw new Trouble(
        `${place} can't be written by this user. Was set-up run by another one, with sudo perhaps?`,
        `sudo chown -R "$(id -u)" '${root}'`,
      );
    }
  }
}
