// @ts-check
// plotly.js for the pages: the package's own script, made small once for each version of it.
import fs from 'node:fs';
import path from 'node:path';
import { transform, version as esbuild } from 'esbuild';
import { readJson, writeWhole } from '../lib/files.mjs';
import { modules } from '../lib/paths.mjs';

export const PLOTLY_SCRIPT = 'plotly.min.js';
const folder = path.join(modules, 'plotly.js-dist');

/** Minifies plotly.js, where that hasn't been done for this version: 2 s. @param {string} target */
export async function makePlotly(target) {
  const { version } = readJson(path.join(folder, 'package.json'));
  const head = `/*! plotly.js ${version}, Copyright Plotly, Inc., MIT licence; made small by esbuild ${esbuild} */\n`;
  if (fs.existsSync(target) && readHead(target, head.length) === head) return;
  const source = fs.readFileSync(path.join(folder, 'plotly.js'), 'utf8');
  const { code } = await transform(source, { minify: true, target: 'es2020', legalComments: 'inline' });
  writeWhole(target, head + code);
}

/** @param {string} file @param {number} length */
function readHead(file, length) {
  const head = Buffer.alloc(length);
  const handle = fs.openSync(file, 'r');
  try {
    fs.readSync(handle, head, 0, length, 0);
  } finally {
    fs.closeSync(handle);
  }
  return head.toString();
}
