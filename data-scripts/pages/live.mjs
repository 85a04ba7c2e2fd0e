// @ts-check
// The live parts of the pages: the script behind them all, what it needs of the notebooks, and the networks that it shows.
import fs from 'node:fs';
import path from 'node:path';
import { tensorflowEnv } from '../lib/child-env.mjs';
import { readJson, writeWhole } from '../lib/files.mjs';
import { build as compiled, cache, inRoot, nodeCompat } from '../lib/paths.mjs';
import { Trouble } from '../lib/reader.cjs';
import { run } from '../lib/run.mjs';
import { readNotebook, sourceOf } from '../notebooks/notebooks.mjs';

const LIVE_SCRIPT = 'live.js';
const MODEL = 'live-model-';
/** A network's own script, by the name that its place has in data-model. @param {string} name */
const modelFile = (name) => `${MODEL}${name}.js`;
const NETWORK = 'resnet20_cifar';
const HOME = 'home';

/** What a live part says of itself before it runs, and where it can't. */
const PARTS = {
  picture:
    'The ResNet-20 that comes with the workbook, trained on the ten classes of CIFAR-10, answers here, in your browser: on a ' +
    'few drawings or on a picture of your own, which goes nowhere.',
  model:
    'The network that this run has trained answers here, in your browser, with the weights that it kept: on a picture of your ' +
    'own, which goes nowhere.',
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

/**
 * A live part as the pages' source holds it; nothing where the network that it would show is not there.
 * @param {string} name
 * @param {{ say: (english: string) => string, statics: string, chapter?: string }} page statics: the folder of the pages' scripts
 */
export function livePart(name, { say, statics, chapter = '' }) {
  const says = /** @type {Record<string, string | undefined>} */ (PARTS)[name];
  if (says === undefined)
    throw new Trouble(`There is no live part ${name}; there are ${Object.keys(PARTS).join(', ')}.`);
  const model = { picture: HOME, model: chapter }[name];
  const files = [LIVE_SCRIPT, ...(model === undefined ? [] : [modelFile(model)])].map((file) =>
    path.join(statics, file),
  );
  if (!files.every((file) => fs.existsSync(file))) return '';
  const bytes = files.reduce((sum, file) => sum + fs.statSync(file).size, 0);
  const attributes =
    model === undefined ? `data-live="${name}"` : `data-live="picture" data-model="${model}"`;
  return (
    `<div class="live" ${attributes}><p>${say(says)}</p>` +
    `<p class="live-note">${say(`About ${(bytes / 1e6).toFixed(1)} MB are loaded when you start it.`)}</p>` +
    `<noscript><p>${say('Scripts are off in this browser, so this part does not run.')}</p></noscript></div>`
  );
}

/** @param {string} file */
const required = async (file) => (await import(path.join(compiled, file))).default;

/**
 * @typedef {object} Bundler data-scripts/pages/bundle.ts
 * @property {(entry: string, virtual: Record<string, string | object>) => Promise<string>} bundle
 * @property {(entry: string, worker: string, virtual: Record<string, string | object>) => Promise<string>} bundleWithWorker
 * @property {(file: Uint8Array, width: number) => object} packWeights
 * @property {(name: string, page: { model: object, pictures: object[] }) => string} modelScript
 */
/** @returns {Promise<Bundler>} */
const bundler = () => required('data-scripts/pages/bundle.js');

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

/** The home page's network: a file that is shipped, in 16 bits, so that nothing need be computed. */
async function homeModel() {
  const { packWeights, modelScript } = await bundler();
  /** @type {{ homePictures(): object[] }} */
  const { homePictures } = await required('data-scripts/pages/gallery.js');
  const { ResNet20_Cifar_Weights } = await required('src/models/cifarWeights.js');
  const { meta, transforms } = ResNet20_Cifar_Weights.WORKBOOK_V1;
  const weights = fs.readFileSync(inRoot('src', 'models', 'pretrained', `${NETWORK}.safetensors`));
  const model = {
    architecture: { kind: 'cifar', depth: 20, widths: [16, 32, 64] },
    classes: meta.categories,
    transforms,
    weights: packWeights(weights, 2),
  };
  return modelScript(HOME, { model, pictures: homePictures() });
}

/** Where a chapter's run leaves its model. @param {string} name of the chapter */
const runFolder = (name) => path.join(cache, 'models', name);

/** What the run prints of the model that it keeps: how the hash of its weights begins. */
const KEPT = /SHA-256 ([0-9a-f]{12,64})/;

/**
 * How the hash of a run's model begins, by the outputs of the cell with the tag live-model.
 * @param {import('../notebooks/notebooks.mjs').Notebook} notebook
 */
export function keptModel({ cells }) {
  const cell = cells.find(({ metadata }) =>
    /** @type {string[]} */ (metadata.tags ?? []).includes('live-model'),
  );
  const printed = (cell?.outputs ?? []).map(({ text = '' }) => [text].flat().join('')).join('');
  return KEPT.exec(printed)?.[1];
}

/**
 * The model of a chapter's run, if it is still the one that this run has kept: another run, in JupyterLab for instance, leaves
 * its own in the same place.
 * @param {string} statics
 * @param {{ name: string, kept?: string }} chapter
 */
async function makeChapterModel(statics, { name, kept }) {
  const folder = runFolder(name);
  const hash = readJson(path.join(folder, 'card.json'))?.sha256;
  if (kept === undefined || typeof hash !== 'string' || !hash.startsWith(kept)) return;
  const program = path.join(compiled, 'data-scripts', 'pages', 'modelScript.js');
  const target = path.join(statics, modelFile(name));
  await run(process.execPath, ['-r', nodeCompat, program, folder, target], { env: tensorflowEnv });
}

/**
 * What translates the live parts in pages of another language.
 * @param {string} folder
 * @param {import('../languages/overlay.mjs').Language} language
 */
export async function makeLiveWords(folder, { words: { tag }, outputs }) {
  const { bundle } = await bundler();
  const virtual = { 'live:dictionary': { default: { outputs, comments: {}, words: {} } } };
  const file = path.join(folder, `live-words-${tag.replace('-', '_')}.js`);
  writeWhole(file, await bundle('words.ts', virtual));
}

/**
 * The script of all parts, and one for each network that a page shows.
 * @param {string} statics the folder of the pages' scripts
 * @param {readonly { name: string, kept?: string }[]} chapters
 */
export async function makeLive(statics, chapters) {
  const { bundleWithWorker } = await bundler();
  fs.mkdirSync(statics, { recursive: true });
  for (const name of fs.readdirSync(statics)) if (name.startsWith(MODEL)) fs.rmSync(path.join(statics, name));
  const virtual = { 'live:chapter': chapterCells(), 'live:units': unitClasses() };
  writeWhole(path.join(statics, LIVE_SCRIPT), await bundleWithWorker('main.ts', 'worker.ts', virtual));
  writeWhole(path.join(statics, modelFile(HOME)), await homeModel());
  for (const chapter of chapters) await makeChapterModel(statics, chapter);
}
