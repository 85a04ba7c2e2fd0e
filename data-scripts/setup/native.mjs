// @ts-check
// Building native parts. Both of ours use Node-API, whose binary interface is the same from Node 20 to 26: one build
// serves them all, and a stamp tells what it was built from.
import fs from 'node:fs';
import path from 'node:path';
import { readJson, readText, relink, writeWhole } from '../lib/files.mjs';
import { modules, nodeCompat, root } from '../lib/paths.mjs';
import { RunError, run } from '../lib/run.mjs';

export const platform = `${process.platform}-${process.arch}`;

/** The version of glibc that runs, undefined with another C library. Node's report takes about 100 ms: only before an install. */
export function glibc() {
  if (process.platform !== 'linux') return undefined;
  const report = /** @type {{ header?: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return report.header?.glibcVersionRuntime;
}

const HEAD_BYTES = 4096; // of a program: where it names the loader that starts it

/** @type {'glibc' | 'musl' | '' | undefined} */
let found;
/** The C library that this Node runs on, as npm packages name it; every command asks, and it is told by Node's own file. */
export function libc() {
  if (found !== undefined) return found;
  if (process.platform !== 'linux') return (found = '');
  const head = Buffer.alloc(HEAD_BYTES);
  const file = fs.openSync(process.execPath, 'r');
  try {
    fs.readSync(file, head, 0, HEAD_BYTES, 0);
  } finally {
    fs.closeSync(file);
  }
  if (head.includes('/ld-linux')) return (found = 'glibc');
  if (head.includes('/ld-musl')) return (found = 'musl');
  return (found = glibc() ? 'glibc' : 'musl');
}

/** @param {string} name @param {string} [folder] @returns {string | undefined} the installed version of a package */
export const packageVersion = (name, folder = modules) =>
  readJson(path.join(folder, name, 'package.json'))?.version;

// In node_modules, so that they go when it goes.
const STAMPS = '.resnet-workbook';
const stampFile = (/** @type {string} */ name) => path.join(modules, STAMPS, `${name}.stamp`);
export const readStamp = (/** @type {string} */ name) => readText(stampFile(name));
export const writeStamp = (/** @type {string} */ name, /** @type {string} */ value) =>
  writeWhole(stampFile(name), value);

/** What set-up builds inside packages. @type {[name: string, ...built: string[]][]} */
const BUILT = [
  ['@tensorflow/tfjs-node', 'deps', 'lib'],
  ['canvas', 'build'],
];

/** Takes what was built before into a new node_modules, where the package is the same. @param {string} fresh */
export function keepBuilt(fresh) {
  const copy = (/** @type {string} */ name) => {
    const [from, to] = [path.join(modules, name), path.join(fresh, name)];
    const found = fs.lstatSync(from, { throwIfNoEntry: false });
    // A link by itself is made anew: Node 26 does not copy one that leads to nothing.
    if (found?.isSymbolicLink()) relink(fs.readlinkSync(from), to);
    else if (found) fs.cpSync(from, to, { recursive: true, verbatimSymlinks: true });
  };
  for (const [name, ...built] of BUILT)
    if (packageVersion(name) && packageVersion(name) === packageVersion(name, fresh))
      for (const folder of built) copy(path.join(name, folder));
  copy(STAMPS);
}

/**
 * Run a little script in a Node of its own, as notebooks do: what fails to load, or crashes, fails only there.
 * @param {string} script CommonJS; its last line printed is returned
 * @param {string} [expected] what that line must be
 */
export async function probe(script, expected) {
  try {
    const { stdout } = await run(process.execPath, ['-r', nodeCompat, '-e', script], {
      cwd: root,
      timeoutMs: 60_000,
    });
    const said = stdout.trim().split('\n').pop() ?? '';
    if (expected !== undefined && said !== expected) throw new Error(`expected ${expected}, got ${said}`);
    return said;
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    // Of Node's report of an uncaught error, the line that names it.
    const line = error.output.split('\n').find((text) => /^\w*(Error|error)\b/.test(text));
    throw new Error(line ?? `a program that uses it ${error.why}`, { cause: error });
  }
}
