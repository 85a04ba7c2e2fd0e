// @ts-check
// Building native parts with node-gyp (pinned in package.json). Both of ours use Node-API, whose binary interface
// is the same from Node 20 to 26: one build serves them all, and a stamp tells what it was built from.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readJson, readText, writeWhole } from './lib/files.mjs';
import { modules, nodeCompat, venvBin } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { npmConfig } from './setup-npm.mjs';

export const platform = `${process.platform}-${process.arch}`;

/** @param {string} name @returns {string | undefined} the installed version of a package */
export const packageVersion = (name) => readJson(path.join(modules, name, 'package.json'))?.version;

// In node_modules, so that they go when it goes.
const stampFile = (/** @type {string} */ name) => path.join(modules, '.resnet-workbook', `${name}.stamp`);
export const readStamp = (/** @type {string} */ name) => readText(stampFile(name));
export const writeStamp = (/** @type {string} */ name, /** @type {string} */ value) =>
  writeWhole(stampFile(name), value);
export const removeStamp = (/** @type {string} */ name) => fs.rmSync(stampFile(name), { force: true });

/** The environment for node-gyp: this Node, its headers if they are on this machine, and our Python. */
export function gypEnv() {
  const nodedir = headers();
  return {
    PATH: [path.dirname(process.execPath), path.join(modules, '.bin'), process.env.PATH].join(path.delimiter),
    npm_config_node_gyp: path.join(modules, 'node-gyp', 'bin', 'node-gyp.js'),
    npm_config_python: venvBin('python'),
    npm_config_jobs: String(os.availableParallelism()),
    // Unset, node-gyp downloads this Node's headers and checks them against the published hashes.
    npm_config_nodedir: nodedir ?? undefined,
  };
}

/** The folder above include/node with this Node's headers; null when there is none on this machine. */
function headers() {
  const beside = path.resolve(path.dirname(fs.realpathSync(process.execPath)), '..'); // Node's own archives
  if (headersVersion(beside) === process.versions.node) return beside;
  return npmConfig('nodedir'); // somebody's choice, perhaps because nothing can be downloaded
}

/** @param {string} folder */
function headersVersion(folder) {
  const text = readText(path.join(folder, 'include', 'node', 'node_version.h')) ?? '';
  return ['MAJOR', 'MINOR', 'PATCH']
    .map((part) => new RegExp(`#define NODE_${part}_VERSION (\\d+)`).exec(text)?.[1])
    .join('.');
}

/**
 * Run a little script in a Node of its own, as notebooks do: what fails to load, or crashes, fails only there.
 * @param {string} script CommonJS; its last line printed is returned
 */
export async function probe(script) {
  const { stdout } = await run(process.execPath, ['-r', nodeCompat, '-e', script], {
    env: { TF_CPP_MIN_LOG_LEVEL: '2' },
    timeoutMs: 60_000,
  });
  return stdout.trim().split('\n').pop() ?? '';
}
