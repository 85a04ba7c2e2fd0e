// @ts-check
// The workbook's notebooks: which there are, and executing them on the tslab kernel.
import fs from 'node:fs';
import path from 'node:path';
import { makeJupyterFolder } from '../lib/child-env.mjs';
import { alone } from '../lib/files.mjs';
import { cache, inRoot, nodeCompat, speaking, venvBin } from '../lib/paths.mjs';
import { Trouble, fromReader } from '../lib/reader.cjs';
import { run } from '../lib/run.mjs';

/** Executed copies: what the pages are made from. */
export const executedFolder = inRoot('.cache', 'executed');

/** @typedef {{ cell_type: string, source: string | string[], id?: string, metadata: Record<string, unknown>, outputs?: Output[], execution_count?: number | null }} Cell */
/** @typedef {{ output_type: string, name?: string, text?: string | string[], data?: Record<string, unknown>, metadata?: { figure?: { caption?: string } } }} Output */
/** @typedef {{ kernelspec?: { name?: string }, run?: RunFacts, workbook?: { made: string } }} Metadata `workbook`: of one made in another language */
/** What the executor notes in an executed copy: data-scripts/notebooks/execute.py.
 * @typedef {{ seconds: number, date: string, machine: string }} RunFacts */
/** @typedef {{ cells: Cell[], metadata: Metadata, nbformat: number }} Notebook */

/** The workbook's notebooks, in the order of their names. */
export function workbook() {
  const folder = inRoot('notebooks');
  return fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.ipynb'))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => path.join(folder, name));
}

/**
 * The notebooks a reader means by `4`, `4-fine-tuning` or `notebooks/4-fine-tuning.ipynb`; all of them by nothing.
 * A path to a notebook of the reader's own is taken as well.
 * @param {readonly string[]} names
 * @returns {string[]} paths; the workbook's in its order, the reader's own after them
 */
export function chosen(names) {
  const all = workbook();
  if (names.length === 0) return all;
  const picked = names.flatMap((name) => {
    const own = fromReader(name);
    if (name.endsWith('.ipynb') && fs.existsSync(own)) return [own];
    const stem = path.basename(name, '.ipynb');
    const found = all.filter((file) => {
      const known = path.basename(file, '.ipynb');
      return known === stem || known.startsWith(`${stem}-`);
    });
    if (found.length > 0) return found;
    const known = all.map((file) => path.basename(file, '.ipynb')).join(', ');
    throw new Trouble(`There is no notebook ${name}; there are: ${known || 'none'}.`);
  });
  return [...all.filter((file) => picked.includes(file)), ...picked.filter((file) => !all.includes(file))];
}

/**
 * @param {string} file
 * @returns {Notebook}
 */
export function readNotebook(file) {
  const shown = path.relative(process.cwd(), file);
  /** @type {Notebook} */
  let notebook;
  try {
    notebook = JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Trouble(
      `${shown} can't be read as a notebook: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (notebook?.nbformat !== 4 || !Array.isArray(notebook.cells)) {
    throw new Trouble(`${shown}: expected a notebook of nbformat 4 with cells.`);
  }
  return notebook;
}

/**
 * The executed copy where it is one of the notebook as it stands, else the notebook itself.
 * @param {string} file
 * @param {string} executed folder of the executed copies
 */
export function executedCopy(file, executed) {
  const notebook = readNotebook(file);
  const copy = path.join(executed, path.basename(file));
  if (!fs.existsSync(copy)) return notebook;
  const ran = readNotebook(copy);
  const same =
    ran.cells.length === notebook.cells.length &&
    ran.cells.every((cell, index) => sourceOf(cell) === sourceOf(notebook.cells[index]));
  return same ? ran : notebook;
}

/** @param {Cell} cell */
export const sourceOf = (cell) => (Array.isArray(cell.source) ? cell.source.join('') : cell.source);

/**
 * Writes a notebook as JupyterLab does (indented by one), to a temporary name first.
 * @param {string} file
 * @param {Notebook} notebook
 */
export function writeNotebook(file, notebook) {
  fs.writeFileSync(`${file}.part`, JSON.stringify(notebook, null, 1) + '\n');
  fs.renameSync(`${file}.part`, file);
}

/**
 * Do `work`, which executes notebooks or makes pages of them, while no other process does: both write to one place.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export const takeTurns = (work) => alone('run of the notebooks', work, path.join(cache, 'run.lock'));

/**
 * Execute notebooks one after the other on the tslab kernel; progress and faults go to this terminal.
 *
 * One after the other because TensorFlow's kernels use every core already.
 * @param {readonly string[]} files
 * @param {{ out?: string, env?: NodeJS.ProcessEnv, python?: string }} [options] `out`: folder of the executed copies
 * @returns {Promise<number>} 0; 1 when a cell failed (what and where has been printed); 130 when it was interrupted
 */
export async function execute(files, { out = executedFolder, env = {}, python = venvBin('python') } = {}) {
  if (files.length === 0) return 0;
  makeJupyterFolder();
  const { status } = await run(
    python,
    [inRoot('data-scripts', 'notebooks', 'execute.py'), '--out', out, ...files],
    {
      inherit: true,
      anyStatus: true,
      env,
    },
  );
  return status;
}

/**
 * The picture set a reader names, as a whole path, or undefined when none is named.
 * @param {string} [pictures] a folder with `train` and `eval`
 */
export function ownPictures(pictures = process.env.RESNET_WORKBOOK_PICTURES) {
  if (!pictures) return undefined;
  const folder = fromReader(pictures);
  if (['train', 'eval'].every((split) => fs.existsSync(path.join(folder, split)))) return folder;
  throw new Trouble(`${pictures}: expected folders train and eval in it, each with one folder a class.`);
}

/**
 * What the notebooks need beside the library: pictures. Draws the embedded set, if it isn't there yet, when the reader
 * names none.
 * @param {string} [own] from `ownPictures`
 * @returns {Promise<NodeJS.ProcessEnv>} for the notebooks' kernel
 */
export async function preparePictures(own = ownPictures()) {
  if (own) return { RESNET_WORKBOOK_PICTURES: own };
  await run(
    process.execPath,
    ['-r', nodeCompat, ...speaking, inRoot('.build', 'data-scripts', 'commands', 'data.js'), 'drawings'],
    {
      inherit: true,
    },
  );
  return {};
}
