// @ts-check
// The npm packages, exactly as in package-lock.json, with install scripts off (.npmrc): native parts are built by
// tensorflow.mjs and canvas.mjs, knowingly.
import fs from 'node:fs';
import path from 'node:path';
import { filesIn, readJson, relink, isLinkTo, replaceFolder } from '../lib/files.mjs';
import { left } from '../lib/log.mjs';
import { cache, inRoot, modules, root } from '../lib/paths.mjs';
import { Trouble } from '../lib/reader.cjs';
import { ask, run } from '../lib/run.mjs';
import { keepBuilt, libc, probe } from './native.mjs';

/** @typedef {{ version?: string, optional?: boolean, os?: string[], cpu?: string[], libc?: string[] }} Locked */

/** The lock file's packages that belong on this machine. @returns {[string, Locked][]} */
function locked() {
  const fits = (/** @type {string[] | undefined} */ list, /** @type {string} */ own) =>
    !list || (list.some((name) => name === own || name.startsWith('!')) && !list.includes(`!${own}`));
  /** @type {[string, Locked][]} */
  const all = Object.entries(readJson(inRoot('package-lock.json'))?.packages ?? {});
  return all.filter(([name, { optional, os, cpu, libc: c }]) => {
    // An optional package for any machine belongs to one for a machine, which may be another.
    const some = name && !(optional && !os && !cpu);
    return some && fits(os, process.platform) && fits(cpu, process.arch) && fits(c, libc());
  });
}

/** npm writes its own list of what it installed last, so an interrupted install has none. */
function missing() {
  /** @type {Record<string, Locked> | undefined} */
  const installed = readJson(path.join(modules, '.package-lock.json'))?.packages;
  if (!installed) return 'not installed';
  for (const [name, { version }] of locked()) {
    const found = installed[name]?.version;
    if (found !== version)
      return `${name.replace('node_modules/', '')} is ${found ?? 'missing'}, the lock file says ${version}`;
    if (!fs.existsSync(inRoot(name, 'package.json'))) return `${name} has lost its files`;
  }
  return null;
}

/** What a reader's npm is set to leave out, or to put elsewhere, is needed here. */
const ALL_OF_THEM = ['dev', 'optional', 'peer'].map((kind) => `--include=${kind}`);
const HERE = ['--global=false', '--dry-run=false', '--install-strategy=hoisted', '--package-lock=true'];

/**
 * npm empties node_modules before it looks whether it can fill it: what works stays until the new one is complete.
 * @param {(detail: string) => void} progress
 */
async function install(progress) {
  const [command, ...before] = npm();
  const fresh = path.join(cache, 'npm');
  fs.rmSync(fresh, { recursive: true, force: true });
  fs.mkdirSync(fresh, { recursive: true });
  for (const name of ['package.json', 'package-lock.json', '.npmrc'])
    fs.copyFileSync(inRoot(name), path.join(fresh, name));
  const total = locked().length;
  const time = left(total);
  let fetched = 0;
  const options = ['--ignore-scripts', ...ALL_OF_THEM, ...HERE, '--no-audit', '--no-fund', '--loglevel=http'];
  await run(command, [...before, 'ci', ...options], {
    cwd: fresh,
    // A Node that isn't on PATH (version managers, a full path) must still be the one that npm's own scripts find.
    env: { PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH ?? ''}` },
    onLine: (line) => {
      if (/npm http (fetch|cache)/.test(line))
        progress(`${Math.min(++fetched, total)} of ${total} packages${time(fetched)}`);
    },
  });
  progress('moving into place');
  // 200 MB of source maps, for debuggers of others' browser code.
  for (const map of filesIn(path.join(fresh, 'node_modules'), '.map')) fs.rmSync(map);
  keepBuilt(path.join(fresh, 'node_modules'));
  replaceFolder(path.join(fresh, 'node_modules'), modules);
  fs.rmSync(fresh, { recursive: true, force: true });
}

/** How to call npm with this very Node. @returns {[string, ...string[]]} */
export function npm() {
  const given = process.env.npm_execpath; // set when we run under npm (yarn and pnpm set it too)
  if (given && /npm-cli\.[cm]?js$/.test(given) && fs.existsSync(given)) return [process.execPath, given];
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    for (const file of [
      path.join(folder, 'npm'),
      path.join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    ]) {
      if (!fs.existsSync(file)) continue;
      const real = fs.realpathSync(file);
      if (real.endsWith('.js')) return [process.execPath, real];
      if (process.platform !== 'win32') return [file];
    }
  }
  throw new Trouble(
    'npm was not found on PATH.',
    'install Node.js with npm, from nodejs.org or your package manager',
  );
}

/** @param {string} key @returns {string | null} npm's setting, or null when it isn't set */
export function npmConfig(key) {
  const [command, ...before] = npm();
  const value = ask(command, [...before, 'config', 'get', key]);
  return value && value !== 'undefined' && value !== 'null' ? value : null;
}

/** Loads what notebooks and scripts load; native parts that set-up builds itself have a check of their own. */
const LOAD_ALL = `
const { dependencies } = require('./package.json');
for (const name of Object.keys(dependencies)) if (!/tfjs-node|canvas|plotly|tslab/.test(name)) require(name);
for (const name of ['typescript', 'zeromq', 'mathjax', 'prettier']) require(name);
const pixel = { create: { width: 1, height: 1, channels: 3, background: 'white' } };
require('sharp')(pixel).png().toBuffer().then(({ length }) => console.log(length > 60 ? 'loaded' : 'sharp wrote nothing'));`;

export const packages = {
  name: 'npm packages',
  bytes: 0.7e9,
  missing,
  needs() {
    npm();
  },
  install,
  version: () => `${locked().length} for this machine`,
  live: () => probe(LOAD_ALL, 'loaded'),
};

// Notebooks import the library by its name, from node_modules: tslab can't import outside the notebook's folder.
const own = path.join(modules, 'resnet-workbook');
const target = path.relative(modules, root);
export const link = {
  name: 'link to the library',
  missing: () => (isLinkTo(target, own) ? null : 'not there'),
  install: async () => relink(target, own),
  version: () => 'node_modules/resnet-workbook',
  live: () =>
    probe("console.log(require('resnet-workbook/package.json').name)", 'resnet-workbook').then(
      () => 'leads here',
    ),
};
