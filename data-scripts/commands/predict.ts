import { existsSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import { Scan } from '../../src/data/imageFolder';
import type { LeftOut } from '../../src/data/pictureFiles';
import { Interrupted } from '../../src/interrupt';
import { BACKBONE_NAMES } from '../../src/models/backbones';
import { type Model, loadModel, publishedModel } from '../../src/models/modelFolder';
import { type PicturePrediction, predict } from '../../src/models/predict';
import { fail, fromReader, parse, Trouble, wholeNumber } from '../lib/reader.cjs';
import { predictPage } from './own/predictPage';
import { clean, csvLine } from './own/words';
import { writeText } from './records';

const HELP = `npm run predict -- MODEL PICTURE... [options]

Says what is in pictures.

  MODEL          a folder that npm run train made; or the name of a network with published weights, such as
                 resnet34, which knows ImageNet's classes (npm run data -- weights resnet34 fetches them)
  PICTURE        a picture, or a folder of pictures with all folders in it
  --json         print one object: model, classes, predictions, unreadable
  --csv          print a table: file, class, probability, whether it may be none of the classes, then the next answers
  --report FILE  write a page with the pictures, the first answers, and what in the picture speaks for them
  --top N        how many answers (default: 3, or all where there are fewer)
  --help, -h     this text

Pictures that can't be read are named, and the rest goes on; the exit status is 1 then.
"none of these?" stands where a picture is less like the model's training pictures than 98 of 100 that it was tried on.`;

const OPTIONS = {
  json: { type: 'boolean', default: false },
  csv: { type: 'boolean', default: false },
  report: { type: 'string' },
  top: { type: 'string', default: '3' },
} as const;

async function main(): Promise<void> {
  const parsed = parse(HELP, { options: OPTIONS, allowPositionals: true });
  if (!parsed) return;
  const { values, positionals } = parsed;
  const [name, ...pictures] = positionals;
  if (name === undefined) throw new Trouble('Which model, and which pictures? (--help says more)');
  if (pictures.length === 0)
    throw new Trouble(`Which pictures? For example: npm run predict -- ${name} cat.jpg`);
  if (values.json && values.csv) throw new Trouble('--json and --csv are two forms: choose one.');
  const top = wholeNumber('top', values.top);
  const missing: LeftOut[] = [];
  const paths = pictures.flatMap((each) => picturesAt(fromReader(each), missing));
  const model = await open(name);
  try {
    const k = Math.min(top, model.classes.length);
    const { predictions, unreadable, stopped } = await ask(model, paths, k);
    const bad = [...missing, ...unreadable];
    if (values.json) console.log(json(name, model, predictions, bad));
    else process.stdout.write(values.csv ? csv(predictions, k) : table(predictions));
    for (const { path, reason } of bad) console.error(`${clean(shown(path))} ${clean(reason)}`);
    if (values.report !== undefined) {
      const page = await predictPage(model, predictions, bad, answerOf);
      console.error(`With maps: ${writeText(fromReader(values.report), page)}`);
    }
    if (stopped) console.error(`Stopped after ${predictions.length} of ${paths.length} pictures.`);
    process.exitCode = stopped ? 130 : bad.length > 0 ? 1 : 0;
  } finally {
    model.dispose();
  }
}

/** What the model says; where the reader stops it, of as many pictures as were done. */
async function ask(model: Model, paths: readonly string[], k: number) {
  const predictions: PicturePrediction[] = [];
  try {
    const { unreadable } = await predict(model, paths, { k, onBatch: (some) => predictions.push(...some) });
    return { predictions, unreadable, stopped: false };
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    return { predictions, unreadable: [], stopped: true };
  }
}

/** A model's folder, or published weights by their network's name. */
function open(name: string): Model | Promise<Model> {
  const folder = fromReader(name);
  if (existsSync(folder)) return loadModel(folder);
  if (BACKBONE_NAMES.includes(name)) return publishedModel(name);
  throw new Trouble(`${name} is neither a model's folder nor one of ${BACKBONE_NAMES.join(', ')}.`);
}

/** A picture, or those in a folder; what is not there is listed. */
function picturesAt(path: string, missing: LeftOut[]): string[] {
  if (!existsSync(path)) {
    missing.push({ path, reason: 'is not there' });
    return [];
  }
  const stat = statSync(path);
  if (stat.isFile()) return [path];
  if (!stat.isDirectory()) {
    missing.push({ path, reason: 'is neither a file nor a folder' }); // reading a pipe would wait for ever
    return [];
  }
  const found = new Scan(path, false).pictures(path);
  if (found.length === 0) missing.push({ path, reason: 'is a folder without pictures' });
  return found;
}

/** As the reader named it: relative to where they stand. */
const shown = (path: string): string => {
  const near = relative(process.env.INIT_CWD ?? process.cwd(), path);
  return near.startsWith('..') ? path : near;
};

const answerOf = ({ top: [first], unlike }: PicturePrediction): string =>
  unlike ? `none of these? (${first.category})` : first.category;

/** Names last, for they may be of any length and writing. */
function table(predictions: readonly PicturePrediction[]): string {
  const rows = predictions.map((each) => {
    const [first, ...others] = each.top;
    const next = others
      .map(({ category, probability }) => `${category} ${probability.toFixed(2)}`)
      .join(', ');
    return [clean(answerOf(each)), first.probability.toFixed(2), clean(next), clean(shown(each.path))];
  });
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map((row) => row[column].length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function csv(predictions: readonly PicturePrediction[], k: number): string {
  const more = Array.from({ length: k - 1 }, (_, i) => [`class ${i + 2}`, `probability ${i + 2}`]).flat();
  const rows = predictions.map(({ path, top: [first, ...others], unlike }) => [
    shown(path),
    first.category,
    first.probability,
    unlike ? 'yes' : 'no',
    ...others.flatMap(({ category, probability }) => [category, probability]),
  ]);
  return [['file', 'class', 'probability', 'none of these?', ...more], ...rows].map(csvLine).join('');
}

function json(
  name: string,
  { classes }: Model,
  predictions: readonly PicturePrediction[],
  bad: readonly LeftOut[],
): string {
  const found = predictions.map(({ path, top, likeness, unlike }) => ({
    file: shown(path),
    top,
    likeness,
    unlike,
  }));
  const unreadable = bad.map(({ path, reason }) => ({ file: shown(path), reason }));
  return JSON.stringify({ model: name, classes, predictions: found, unreadable }, null, 1);
}

main().catch(fail);
