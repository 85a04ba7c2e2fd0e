// @ts-check
// The npm packages, exactly as in package-lock.json, with install scripts off (.npmrc): native parts are built by
// setup-tensorflow.mjs and setup-canvas.mjs, knowingly.
import fs from 'node:fs';
import path from 'node:path';
import { readJson, relink, isLinkTo } from './lib/files.mjs';
import { left, Trouble } from './lib/log.mjs';
import { inRoot, modules, root } from './lib/paths.mjs';
import { ask, run } from './lib/run.mjs';

/** @typedef {{ version?: string, optional?: boolean, devOptional?: boolean, os?: string[], cpu?: string[], libc?: string[], link?: boolean }} Locked */

/** The packages of the lock file. @returns {[string, Locked][]} */
const locked = () =>
  Object.entries(readJson(inRoot('package-lock.json'))?.packages ?? {}).filter(([name]) => name);

/** npm writes its own list of what it installed last, so an interrupted install has none. */
function missing() {
  /** @type {Record<string, Locked> | undefined} */
  const installed = readJson(path.join(modules, '.package-lock.json'))?.packages;
  if (!installed) return 'not installed';
  for (const [name, { version, optional, devOptional }] of locked()) {
    const found = installed[name]?.version;
    if (found === undefined && (optional || devOptional)) continue; // another platform's
    if (found !== version)
      return `${name.replace('node_modules/', '')} is ${found ?? 'missing'}, the lock file says ${version}`;
    if (!fs.existsSync(inRoot(name, 'package.json'))) return `${name} has lost its files`;
  }
  return null;
}

/** @param {(detail: string) => void} progress */
async function install(progress) {
  const [command, ...before] = npm();
  const total = locked().filter(
    ([, { os, cpu }]) =>
      !os?.every((name) => name !== process.platform) && !cpu?.every((name) => name !== process.arch),
  ).length;
  const time = left(total);
  let fetched = 0;
  await run(
    command,
    [...before, 'ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund', '--loglevel=http'],
    {
      // A Node that isn't on PATH (version managers, a full path) must still be the one that npm's own scripts find.
      env: { PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH ?? ''}` },
      onLine: (line) => {
        if (/npm http (fetch|cache)/.test(line))
          progress(`${Math.min(++fetched, total)} of ${total} packages${time(fetched)}`);
      },
    },
  );
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

export const packages = {
  name: 'npm packages',
  missing,
  install,
  version: () => `${locked().length} in the lock file`,
};

// Notebooks import the library by its name, from node_modules: tslab can't import outside the notebook's folder.
const own = path.join(modules, 'resnet-workbook');
const target = path.relative(modules, root);
export const link = {
  name: 'link to the library',
  missing: () => (isLinkTo(target, own) ? null : 'not there'),
  install: async () => relink(target, own),
  version: () => 'node_modules/resnet-workbook',
};
