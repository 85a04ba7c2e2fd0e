// @ts-check
// A kernel whose notebook lies in a language's folder (notebooks/zh) speaks that language: what cells print and show is
// translated on its way to the reader. What goes wrong stays as it is, in English.
'use strict';
const fs = require('node:fs');
const path = require('node:path');

const NAMES = /** @type {const} */ (['outputs', 'comments', 'notes']);

/** @param {string} folder where the notebook lies @returns {boolean} whether that is a language's */
function speakLanguageOf(folder) {
  if (!fs.existsSync(path.join(folder, 'language.json'))) return false;
  const read = (/** @type {string} */ name) => {
    const file = path.join(folder, `${name}.json`);
    return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
  };
  const [outputs, comments, notes] = NAMES.map(read);
  const { translator } = require('../languages/outputs.cjs');
  const { bundle, printed } = translator({ outputs, comments, notes, words: read('language') });
  const { prototype } = require('tslab/dist/jupyter.js').JupyterHandlerImpl;
  const { handleExecute } = prototype;
  prototype.handleExecute = function (request, stream, display) {
    return handleExecute.call(
      this,
      request,
      (name, text) => stream(name, name === 'stdout' ? printed(text) : text),
      (output, update) => display(Object.assign({}, output, { data: bundle(output.data) }), update),
    );
  };
  process.chdir('..'); // the cells name files as those of the English notebook do
  return true;
}

module.exports = { speakLanguageOf };
