import { existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { openPictures, PARTS } from '../../src/data/pictureSet';
import { readSkipList, suspectsText } from '../../src/data/skipList';
import { type Split, splitPictures } from '../../src/data/split';
import { fingerprintOf, type Survey, surveyPictures } from '../../src/data/survey';
import { type SurveyReport, surveyReport } from '../../src/data/surveyReport';
import { Interrupted } from '../../src/interrupt';
import { BACKBONE_NAMES, isCifar, startingBackbone } from '../../src/models/backbones';
import { measuredText } from '../../src/models/cardPage';
import type { ModelCard } from '../../src/models/modelCard';
import { saveModel } from '../../src/models/modelFolder';
import { tableText } from '../../src/notebook/table';
import { tensorflowVersion } from '../../src/ops/execute';
import { type Precision, fastestPrecision } from '../../src/ops/precision';
import { measure } from '../../src/training/transfer';
import { fail, fromReader, parse, Trouble, wholeNumber } from '../lib/reader.cjs';
import { judge, learn, type LearnSettings, trainingFiles } from './own/learn';
import { findSuspects } from './own/suspects';
import { surveyPage } from './own/surveyPage';
import { clean, csvLine } from './own/words';
import { dateAndMachine, writeText } from './records';

const HELP = `npm run train -- --data PICTURES --out MODEL [options]

Trains a model on pictures of your own and keeps it in a folder, with a card that says how good it is.

  --data PICTURES   a folder with a folder a class; or one with train and, beside it, eval (val, valid, validation) or test,
                    each with a folder a class; or a table (.csv) of files and classes, and perhaps parts
  --out MODEL       the folder to make; npm run predict -- MODEL PICTURE... uses it
  --backbone NAME   the network to start from: one of torchvision's, whose weights npm run data -- weights NAME
                    fetches, or a CIFAR net (default: resnet34 or resnet18 if its weights are there, else resnet20x2_cifar)
  --way WAY         features: a new last layer on the network's features, a matter of moments;
                    fine-tune: all layers after that; auto (default): both, and fine-tuning is kept if it gains more
                    than its standard error on the validation pictures
  --epochs N        of fine-tuning (default: 10)
  --batch-size N    pictures in a step of fine-tuning (default: 16)
  --lr RATE         the highest rate of fine-tuning (default: 0.0001; for CIFAR nets 0.001)
  --precision P     of fine-tuning: float32 or bfloat16 (default: the faster on this machine)
  --seed N          decides the split and all that is random (default: 0)
  --skip FILE       pictures to leave out: MODEL/training/suspects.txt, after you have edited it
  --resume          go on with a run of fine-tuning that was stopped; everything else must be the same
  --help, -h        this text

No picture is moved or deleted, and nothing leaves this machine.`;

const OPTIONS = {
  data: { type: 'string' },
  out: { type: 'string' },
  backbone: { type: 'string' },
  way: { type: 'string', default: 'auto' },
  epochs: { type: 'string', default: '10' },
  'batch-size': { type: 'string', default: '16' },
  lr: { type: 'string' },
  precision: { type: 'string' },
  seed: { type: 'string', default: '0' },
  skip: { type: 'string' },
  resume: { type: 'boolean', default: false },
} as const;

/** One of some words. */
function choice<T extends string>(option: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === text);
  if (found === undefined)
    throw new Trouble(`--${option} must be one of ${allowed.join(', ')}, got ${text}.`);
  return found;
}

function positive(option: string, text: string): number {
  const number = Number(text);
  if (!(number > 0 && number < 1000)) throw new Trouble(`--${option} must be a number above 0, got ${text}.`);
  return number;
}

async function main(): Promise<void> {
  const began = Date.now();
  const parsed = parse(HELP, { options: OPTIONS });
  if (!parsed) return;
  const { values } = parsed;
  if (!values.data) throw new Trouble('--data is missing: which pictures? (--help says more)');
  if (!values.out) throw new Trouble('--out is missing: which folder shall be made? (--help says more)');
  const backbone = choice('backbone', values.backbone ?? startingBackbone(), BACKBONE_NAMES);
  const folder = fromReader(values.out);
  const files = trainingFiles(folder);
  const settings: LearnSettings = {
    backbone,
    way: choice('way', values.way, ['auto', 'features', 'fine-tune']),
    epochs: wholeNumber('epochs', values.epochs),
    batchSize: wholeNumber('batch-size', values['batch-size']),
    lr: positive('lr', values.lr ?? (isCifar(backbone) ? '0.001' : '0.0001')),
    precision: choice<Precision>('precision', values.precision ?? fastestPrecision(), [
      'float32',
      'bfloat16',
    ]),
    seed: wholeNumber('seed', values.seed, 0),
    state: files.state,
  };
  checkFolder(folder, values.out, values.resume);

  const pictures = openPictures(fromReader(values.data));
  const skip = values.skip === undefined ? undefined : readSkipList(fromReader(values.skip), pictures.root);
  const known = new Set(pictures.files.map(({ path }) => path));
  const unknown = [...(skip ?? [])].filter((path) => !known.has(path));
  for (const path of unknown) console.log(`To be skipped, but not among the pictures: ${clean(path)}`);
  const survey = await surveyPictures(withoutFolder(pictures, folder), skip);
  const split = splitPictures(survey, { seed: settings.seed });
  const report = surveyReport(survey, split);
  sayReport(survey, split, report);
  writeText(files.report, await surveyPage(survey, report, split.how));
  writeText(files.pictures, pictureTable(survey, split, files.work));
  console.log(`With pictures: ${relative(process.cwd(), files.report)}\n`);

  const learnt = await learn(survey, split, settings, console.log);
  const { model, way, validation, startedFrom, transforms, interrupted } = learnt;
  const { likeness } = model;
  const tested = split.test.length > 0 ? await judge(model, split.test, 'The test') : undefined;
  const unlike = tested?.predictions.filter((each) => each.unlike).length;
  const { classes } = survey;
  const [ofValidation, ofTest] = [validation, tested].map(
    (each) => each && measure(each.labels, each.answers, classes.length),
  );
  const card: Omit<ModelCard, 'format' | 'sha256'> = {
    classes,
    backbone,
    transforms,
    likeness,
    training: {
      command: `npm run train -- ${process.argv
        .slice(2)
        .filter((word) => word !== '--resume')
        .map(shellWord)
        .join(' ')}`,
      ...dateAndMachine(),
      versions: { 'Node.js': process.versions.node, TensorFlow: tensorflowVersion() },
      startedFrom,
      way,
      settings: {
        split: split.how,
        seed: settings.seed,
        ...(tested &&
          likeness && { 'called unlike, of the test': `${unlike} of ${tested.predictions.length}` }),
        ...(learnt.epochsMade !== undefined && {
          'epochs of fine-tuning': `${learnt.epochsMade} of ${settings.epochs}${interrupted ? ', stopped by the reader' : ''}`,
          'best epoch': learnt.bestEpoch ?? 0,
          'batch size': settings.batchSize,
          'highest rate': settings.lr,
          precision: settings.precision,
        }),
      },
      minutes: (Date.now() - began) / 60_000,
      parts: PARTS.map((name) => ({
        name,
        pictures: report.counts.map((each) => each[name]),
        fingerprint: fingerprintOf(survey, split[name]),
      })),
      validation: ofValidation ?? measure([], [], classes.length),
      ...(ofTest && { test: ofTest }),
    },
  };
  saveModel(folder, model.network, card);
  const judged = [validation, ...(tested ? [tested] : [])];
  const suspects = findSuspects(survey, report.copies, judged, learnt.doubts, split.train);
  writeText(files.suspects, suspectsText(survey.root, suspects));
  if (!interrupted) rmSync(files.state, { force: true });
  model.dispose();

  if (ofTest) console.log(`\nOn the test, looked at once: ${measuredText(ofTest)}.`);
  console.log(`${suspects.length} pictures may be worth a look: ${relative(process.cwd(), files.suspects)}`);
  console.log(
    `The model: ${folder} (card.html says all about it), after ${((Date.now() - began) / 60_000).toFixed(1)} min.`,
  );
  if (interrupted) console.log('Fine-tuning was stopped; the same command with --resume goes on with it.');
  console.log(`Use it: npm run predict -- ${shellWord(values.out)} PICTURE...`);
}

/** Nothing that is there is written over. */
function checkFolder(folder: string, said: string, resume: boolean): void {
  const { work, state } = trainingFiles(folder);
  if (resume) {
    if (!existsSync(state))
      throw new Trouble(`There is no run to go on with in ${said}: leave --resume out.`);
    return;
  }
  const found = existsSync(folder) ? readdirSync(folder) : [];
  if (existsSync(state))
    throw new Trouble(
      `${said} holds a run that was stopped.`,
      `add --resume to go on with it, or remove ${work}`,
    );
  if (found.includes('card.json'))
    throw new Trouble(`${said} holds a model already: name another folder after --out.`);
  if (found.some((name) => name !== basename(work)))
    throw new Trouble(`${said} is not empty: name another folder after --out.`);
}

/** Where the model's folder lies among the pictures, what it holds is none of them. */
function withoutFolder<Set extends { files: readonly { path: string }[] }>(set: Set, folder: string): Set {
  return { ...set, files: set.files.filter(({ path }) => !resolve(path).startsWith(join(folder, '/'))) };
}

function sayReport({ unreadable, leftOut }: Survey, { how }: Split, { counts, remarks }: SurveyReport): void {
  const rows = counts.map(({ name, ...numbers }) => ({ class: clean(name), ...numbers }));
  console.log(tableText(rows, { caption: `Pictures, ${how}` }));
  for (const line of remarks) console.log(clean(line));
  for (const { path, reason } of [...unreadable, ...leftOut].slice(0, MOST_NAMED))
    console.log(`not used: ${clean(path)} ${clean(reason)}`);
  const more = unreadable.length + leftOut.length - MOST_NAMED;
  if (more > 0) console.log(`not used: ${more} more, which the report names`);
}

const MOST_NAMED = 20;

/** The split as a table that --data takes. */
function pictureTable({ classes }: Survey, split: Split, work: string): string {
  const rows = PARTS.flatMap((part) =>
    split[part].map(({ path, label }) => [relative(work, path), classes[label], part]),
  );
  return [['file', 'class', 'part'], ...rows].map(csvLine).join('');
}

/** As a shell takes it for one word. */
const shellWord = (word: string): string =>
  /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

main().catch((error: unknown) => {
  if (!(error instanceof Interrupted)) fail(error);
  console.error(
    'Stopped, before there was anything to keep; features that are complete are not computed again.',
  );
  process.exit(130);
});
