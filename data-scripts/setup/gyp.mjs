// @ts-check
// node-gyp (pinned in package.json), for packages that bring no binary: with this Node and its headers, and our Python.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readText } from '../lib/files.mjs';
import { modules, venvBin } from '../lib/paths.mjs';
import { ask, run } from '../lib/run.mjs';
import { npmConfig } from './npm.mjs';

/** The environment for node-gyp: this Node, its headers if they are on this machine, and our Python. */
export function gypEnv() {
  return {
    PATH: [path.dirname(process.execPath), path.join(modules, '.bin'), process.env.PATH].join(path.delimiter),
    npm_config_node_gyp: path.join(modules, 'node-gyp', 'bin', 'node-gyp.js'),
    npm_config_python: ask(venvBin('python'), ['-c', 'import sys; print(sys._base_executable)']) ?? undefined,
    npm_config_jobs: String(os.availableParallelism()),
    // Unset, node-gyp downloads this Node's headers and checks them against the published hashes.
    npm_config_nodedir: headers() ?? undefined,
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
 * A copy of a package and what it includes, to be built in the system's folder for temporary files, whatever the
 * project's path (make splits paths at spaces) and without touching what was built before.
 * @param {string} name
 * @param {readonly string[]} needs packages whose headers it includes
 * @returns {{ folder: string, build: () => Promise<unknown>, remove: () => void }}
 */
export function copyToBuild(name, needs) {
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'resnet-workbook-build-'));
  for (const each of [name, ...needs])
    fs.cpSync(path.join(modules, each), path.join(copy, 'node_modules', each), { recursive: true });
  fs.mkdirSync(path.join(copy, 'tools'));
  fs.symlinkSync(modules, path.join(copy, 'tools', 'node_modules'), 'junction');
  const folder = path.join(copy, 'node_modules', name);
  fs.rmSync(path.join(folder, 'build'), { recursive: true, force: true });
  // node-gyp writes its own path into the makefile, too: it must be the link's.
  const options = ['--preserve-symlinks', '--preserve-symlinks-main'];
  const gyp = path.join(copy, 'tools', 'node_modules', 'node-gyp', 'bin', 'node-gyp.js');
  return {
    folder,
    build: () => run(process.execPath, [...options, gyp, 'rebuild'], { cwd: folder, env: gypEnv() }),
    remove: () => fs.rmSync(copy, { recursive: true, force: true }),
  };
}
