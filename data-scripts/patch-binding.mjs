// @ts-check
// tfjs-node's binding hands on lists of numbers as attributes of an op, but not lists of strings or of types, without
// which TensorFlow's fused convolutions can't be called. list-attributes.cc adds that where the binding is compiled, and
// log-level.cc that TensorFlow's first messages heed TF_CPP_MIN_LOG_LEVEL too.
import fs from 'node:fs';
import path from 'node:path';
import { sha256 } from './lib/files.mjs';
import { Trouble } from './lib/log.mjs';
import { inRoot } from './lib/paths.mjs';

const addition = ['list-attributes.cc', 'log-level.cc']
  .map((name) => fs.readFileSync(inRoot('data-scripts', name), 'utf8'))
  .join('');
const BEGIN = '// >>> resnet-workbook\n';
const END = '// <<< resnet-workbook\n';
const FUNCTION = 'void AssignOpAttr(napi_env env, TFE_Op *tfe_op, napi_value attr_value) {\n';
const SWITCH = '  switch (tf_attr_type) {\n';
const CALL = '  if (AssignListAttr(env, tfe_op, attr_name, tf_attr_type, js_value)) return;\n';

/** What the binding's stamp says of the addition: another one means building anew. */
export const patchName = `lists, log ${sha256(addition).slice(0, 8)}`;

/** @param {string} source the text of tfjs_backend.cc, with an earlier addition or without */
export function withLists(source) {
  const clean = source.replace(new RegExp(`${BEGIN}[^]*?${END}`, 'g'), '');
  const [before, after, ...more] = clean.split(FUNCTION);
  const at = after?.indexOf(SWITCH) ?? -1;
  if (at < 0 || more.length > 0) return null;
  const marked = (/** @type {string} */ text) => `${BEGIN}${text}${END}`;
  return `${before}${marked(addition)}${FUNCTION}${after.slice(0, at)}${marked(CALL)}${after.slice(at)}`;
}

/** @param {string} tfjs the package's folder */
export function patchBinding(tfjs) {
  const file = path.join(tfjs, 'binding', 'tfjs_backend.cc');
  const patched = withLists(fs.readFileSync(file, 'utf8'));
  if (patched === null)
    throw new Trouble(
      `${file} is not the source that the workbook knows.`,
      'remove node_modules, then npm run setup',
    );
  fs.writeFileSync(file, patched);
}
