// @ts-check
// What tfjs-node's binding lacks, added where set-up compiles it. functions.cc: functions of TensorFlow's, by which a
// whole training step is one op. list-attributes.cc: lists of strings and of types as attributes of an op, without which
// TensorFlow's fused convolutions can't be called. log-level.cc: TensorFlow's first messages heed TF_CPP_MIN_LOG_LEVEL.
import fs from 'node:fs';
import path from 'node:path';
import { sha256 } from '../lib/files.mjs';
import { inRoot } from '../lib/paths.mjs';
import { Trouble } from '../lib/reader.cjs';

const read = (/** @type {string} */ name) => fs.readFileSync(inRoot('data-scripts', 'setup', name), 'utf8');

/** What goes before which line of which file; the line is there once. @type {{ file: string, before: string, text: string }[]} */
const additions = [
  {
    file: 'tfjs_backend.cc',
    before: 'void AssignOpAttr(napi_env env, TFE_Op *tfe_op, napi_value attr_value) {\n',
    text: read('list-attributes.cc') + read('log-level.cc'),
  },
  {
    file: 'tfjs_backend.cc',
    before: '  switch (tf_attr_type) {\n',
    text: '  if (AssignListAttr(env, tfe_op, attr_name, tf_attr_type, js_value)) return;\n',
  },
  {
    file: 'tfjs_backend.h',
    before: '  bool is_gpu_device;\n',
    text: '  TFE_Context *context() const { return tfe_context_; }\n',
  },
  {
    file: 'tfjs_binding.cc',
    before: 'static napi_value InitTFNodeJSBinding(napi_env env, napi_value exports) {\n',
    text: read('functions.cc'),
  },
  {
    file: 'tfjs_binding.cc',
    before: '      {"createTensor", nullptr, CreateTensor, nullptr, nullptr, nullptr,\n',
    text: ['addFunction', 'removeFunction', 'opDef']
      .map((name) => {
        const callback = name[0].toUpperCase() + name.slice(1);
        return `      {"${name}", nullptr, ${callback}, nullptr, nullptr, nullptr, napi_default, nullptr},\n`;
      })
      .join(''),
  },
];
const BEGIN = '// >>> resnet-workbook\n';
const END = '// <<< resnet-workbook\n';

/** What the binding's stamp says of the additions: others mean building anew. */
export const patchName = `additions ${sha256(JSON.stringify(additions)).slice(0, 8)}`;

/** The binding's files that get additions. */
export const patchedFiles = [...new Set(additions.map(({ file }) => file))];

/**
 * @param {string} file
 * @param {string} source its text, with earlier additions or without
 * @returns {string | null} null where it is not the source that is known here
 */
export function withAdditions(file, source) {
  let patched = source.replace(new RegExp(`${BEGIN}[^]*?${END}`, 'g'), '');
  for (const { before, text } of additions.filter((each) => each.file === file)) {
    const [start, end, ...more] = patched.split(before);
    if (end === undefined || more.length > 0) return null;
    patched = `${start}${BEGIN}${text}${END}${before}${end}`;
  }
  return patched;
}

/** @param {string} tfjs the package's folder */
export function patchBinding(tfjs) {
  for (const name of patchedFiles) {
    const file = path.join(tfjs, 'binding', name);
    const patched = withAdditions(name, fs.readFileSync(file, 'utf8'));
    if (patched === null)
      throw new Trouble(
        `${file} is not the source that the workbook knows.`,
        'remove node_modules, then npm run setup',
      );
    fs.writeFileSync(file, patched);
  }
}
