// @ts-check
// The script of the pages' live parts: esbuild reads the library's own TypeScript. One file holds everything, for a page opened
// from disk can fetch nothing: the worker's script, tfjs's WebAssembly, the network's weights, a few pictures.
import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { writeWhole } from '../lib/files.mjs';
import { build as compiled, inRoot, modules } from '../lib/paths.mjs';
import { Trouble } from '../lib/reader.cjs';
import { readNotebook, sourceOf } from '../notebooks/notebooks.mjs';

export const LIVE_SCRIPT = 'live.js';
const sources = inRoot('data-scripts', 'pages', 'live');
const BINARY = path.join(
  modules,
  '@tensorflow',
  'tfjs-backend-wasm',
  'wasm-out',
  'tfjs-backend-wasm-simd.wasm',
);
const NETWORK = 'resnet20_cifar';

/** What a live part says of itself before it runs, and where it can't. */
const PARTS = {
  picture:
    'The ResNet-20 that comes with the workbook, trained on the ten classes of CIFAR-10, answers here, in your browser: on a ' +
    'few drawings or on a picture of your own, which goes nowhere. About 0.8 MB are loaded when you start it.',
  scale:
    'Turn the scale by hand, in your browser: the classes of this chapter, 16 channels wide, with fresh filters. How far the ' +
    'output is from the input, and what becomes of a gradient that goes back through: its size beside the one that entered, ' +
    'and the cosine between the two.',
  stages:
    'Build a network of your own here, in your browser, block by block: the library itself builds it, and sends zeros of ' +
    '224 × 224 pixels through to count.',
  training:
    'Train these networks here, in your browser: the cells above as they stand, on the same pictures, from the same weights. ' +
    'At 20 layers and rate 0.005 the first step has the loss of the run above to five digits; what differs then is ' +
    'rounding, which Adam enlarges from step to step.',
};

/** A live part as the pages' source holds it. @param {string} name @param {(english: string) => string} say */
export function livePart(name, say) {
  const says = /** @type {Record<string, string | undefined>} */ (PARTS)[name];
  if (says === undefined)
    throw new Trouble(`There is no live part ${name}; there are ${Object.keys(PARTS).join(', ')}.`);
  return (
    `<div class="live" data-live="${name}"><p>${say(says)}</p>` +
    `<noscript><p>${say('Scripts are off in this browser, so this part does not run.')}</p></noscript></div>`
  );
}

/** Of the workbook's drawings: those that show well what the network knows, and one of a class that it never learnt. */
const PICTURES = {
  '0_cat/cat.013.jpg': 'A drawn cat',
  '1_dog/dog.009.jpg': 'A drawn dog',
  '0_cat/cat.009.jpg': 'Another drawn cat',
  '1_dog/dog.011.jpg': 'Another drawn dog',
  '2_ants/ant.003.jpg': 'A drawn ant, which is none of the ten classes',
};

/** A picture to be drawn. @typedef {{ path: string }} Planned */

/** @param {string} file */
const required = async (file) => (await import(path.join(compiled, file))).default;

/** @param {Uint8Array} bytes */
const packed = (bytes) => gzipSync(bytes, { level: 9 }).toString('base64');

/** Even bytes before odd ones: the first halves of numbers of 16 bits are more alike. @param {Buffer} bytes */
const planes = (bytes) =>
  Buffer.concat([bytes.filter((_, i) => i % 2 === 0), bytes.filter((_, i) => i % 2 === 1)]);

/** A cell's source. @param {string} name of the notebook @param {string} id */
function cellOf(name, id) {
  const cell = readNotebook(inRoot('notebooks', `${name}.ipynb`)).cells.find((each) => each.id === id);
  if (!cell) throw new Error(`${name} has no cell ${id} any more.`);
  return sourceOf(cell);
}

/** @param {Record<string, string[]>} used names by the file of src that exports them */
const imports = (used) =>
  Object.entries(used)
    .map(([file, names]) => `import { ${names.join(', ')} } from ${JSON.stringify(inRoot('src', file))};`)
    .join('\n') + "\nimport * as tf from '@tensorflow/tfjs-node';\n";

/** The cells of chapter 1 that its section 1.4 trains with: with its seed, and a rate that can be set. */
function chapterCells() {
  const seed = /^const SEED = .*;$/m.exec(cellOf('1-degradation', 'imports'))?.[0];
  const code = ['outline', 'draw', 'dataset', 'make-networks', 'train-function']
    .map((id) => cellOf('1-degradation', id))
    .join('\n');
  const settable = code.replace(/^const LR = /m, 'let LR = ');
  if (!seed || settable === code)
    throw new Error('Chapter 1 has no "const SEED = ...;" or no "const LR = ...;" any more.');
  const used = {
    interrupt: ['breathe'],
    'models/cifar': ['CifarResNet', 'PreActResNet'],
    'nn/loss': ['CrossEntropyLoss'],
    random: ['Random', 'manualSeed'],
    'training/backward': ['backward'],
    'training/optim': ['Adam'],
  };
  return (
    `${imports(used)}export function chapter() {\n${seed}\n${settable}\n` +
    'return { KINDS, STEPS, makeNet, train, setRate: (rate: number) => void (LR = rate) };\n}'
  );
}

/** The classes of chapter 2's units. */
function unitClasses() {
  const classes = Object.entries({
    PlainBlock: 'plain-block',
    ResidualUnit: 'residual-block',
    UnitWithRelu: 'gradient-units',
  }).map(([name, id]) => {
    const found = new RegExp(`^class ${name} [^]*?^}$`, 'm').exec(cellOf('2-residual-units', id));
    if (!found) throw new Error(`Chapter 2 has no class ${name} any more.`);
    return found[0];
  });
  const used = {
    'models/resnet': ['conv3x3'],
    'nn/conv': ['Conv2d'],
    'nn/layers': ['ReLU'],
    'nn/module': ['Module'],
    'nn/norm': ['BatchNorm2d'],
  };
  return `${imports(used)}${classes.join('\n')}\nexport const units = () => ({ PlainBlock, ResidualUnit, UnitWithRelu });`;
}

/** Modules that exist in the bundle only (live/payload.d.ts): what they export, or their source. @returns {Promise<Record<string, string | object>>} */
async function payload() {
  /** @type {{ drawJpeg(planned: Planned): Buffer, plan(): Planned[] }} */
  const { drawJpeg, plan } = await required('data-scripts/drawings/generate.js');
  const { ResNet20_Cifar_Weights } = await required('src/models/cifarWeights.js');
  const { meta, transforms } = ResNet20_Cifar_Weights.WORKBOOK_V1;
  const weights = fs.readFileSync(inRoot('src', 'models', 'pretrained', `${NETWORK}.safetensors`));
  const all = plan();
  const pictures = Object.entries(PICTURES).map(([name, alt]) => {
    const planned = all.find((each) => each.path === path.join('eval', name));
    if (!planned) throw new Error(`The drawings have no ${name}.`);
    return { name, alt, jpeg: drawJpeg(planned).toString('base64') };
  });
  return {
    'live:chapter': chapterCells(),
    'live:units': unitClasses(),
    'live:payload': { wasm: packed(fs.readFileSync(BINARY)), weights: packed(planes(weights)) },
    'live:pictures': { default: pictures },
    'live:network': { categories: meta.categories, transforms },
  };
}

/** @param {Record<string, string | object>} virtual @returns {import('esbuild').Plugin} */
const virtualModules = (virtual) => ({
  name: 'what only the bundle has',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^live:/ }, ({ path: name }) => ({ path: name, namespace: 'live' }));
    onLoad({ filter: /.*/, namespace: 'live' }, ({ path: name }) => {
      const source = virtual[name];
      if (typeof source === 'string') return { contents: source, loader: 'ts', resolveDir: sources };
      const exports = Object.entries(source);
      const lines = exports.map(([key, value]) =>
        key === 'default'
          ? `export default ${JSON.stringify(value)};`
          : `export const ${key} = ${JSON.stringify(value)};`,
      );
      return { contents: lines.join('\n'), loader: 'js' };
    });
  },
});

/** @param {string} entry @param {Record<string, string | object>} virtual */
async function bundle(entry, virtual) {
  const { outputFiles } = await build({
    entryPoints: [path.join(sources, entry)],
    bundle: true,
    write: false,
    minify: true,
    keepNames: true, // summaries name layers by their classes
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'warning',
    external: ['typescript'], // of comments.cjs: no page has any to translate
    logOverride: { 'import-is-undefined': 'silent' }, // of Node's modules: pages never come there
    define: { __dirname: '"."' },
    loader: { '.wasm': 'binary' },
    alias: {
      '@tensorflow/tfjs-node': path.join(sources, 'tfjs.ts'),
      outputs: inRoot('data-scripts', 'languages', 'outputs.cjs'),
      ...Object.fromEntries(
        ['fs', 'path', 'util', 'timers/promises'].map((name) => [
          `node:${name}`,
          path.join(sources, 'node.ts'),
        ]),
      ),
    },
    plugins: [virtualModules(virtual)],
  });
  return outputFiles[0].text;
}

/**
 * What translates the live parts in pages of another language.
 * @param {string} folder
 * @param {import('../languages/overlay.mjs').Language} language
 */
export async function makeLiveWords(folder, { words: { tag }, outputs }) {
  const virtual = { 'live:dictionary': { default: { outputs, comments: {}, words: {} } } };
  const file = path.join(folder, `live-words-${tag.replace('-', '_')}.js`);
  writeWhole(file, await bundle('words.ts', virtual));
}

/** @param {string} target */
export async function makeLive(target) {
  const virtual = await payload();
  const worker = await bundle('worker.ts', virtual);
  writeWhole(target, await bundle('main.ts', { ...virtual, 'live:worker': { default: worker } }));
}
