// @ts-check
// Where things lie. Everything generated is inside the project's own folder and ignored by git.
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
/** @param {...string} parts */
export const inRoot = (...parts) => path.join(root, ...parts);

export const venv = inRoot('.venv');
export const cache = inRoot('.cache');
export const build = inRoot('.build');
export const modules = inRoot('node_modules');
const bin = process.platform === 'win32' ? 'Scripts' : 'bin';
/** @param {string} name a program of the Python environment, e.g. 'python', 'jupyter-lab', 'sphinx-build' */
export const venvBin = (name) => path.join(venv, bin, process.platform === 'win32' ? `${name}.exe` : name);
export const nodeCompat = inRoot('data-scripts', 'kernel', 'node-compat.cjs');
/** Options of Node for a program that speaks the reader's language. */
export const speaking = ['--import', pathToFileURL(inRoot('data-scripts', 'languages', 'speak.mjs')).href];
