import { join } from 'node:path';
import type { FeatureDataset } from '../../../src/data/features';
import { DataLoader } from '../../../src/data/loader';
import {
  type ImageClassificationPreset,
  imageClassification,
  trainTransform,
} from '../../../src/data/presets';
import type { Split } from '../../../src/data/split';
import { type Survey, type SurveyedPicture, filesOf } from '../../../src/data/survey';
import { backboneWeights } from '../../../src/models/backbones';
import { CifarResNet } from '../../../src/models/cifar';
import { measureLikeness } from '../../../src/models/likeness';
import { type Model, publishedModel } from '../../../src/models/modelFolder';
import { type PicturePrediction, predict } from '../../../src/models/predict';
import { CrossEntropyLoss } from '../../../src/nn/loss';
import type { Precision } from '../../../src/ops/precision';
import { extractFeatures } from '../../../src/training/extractFeatures';
import { Adam } from '../../../src/training/optim';
import { oneCycleLR } from '../../../src/training/schedules';
import { trainAndEval } from '../../../src/training/trainAndEval';
import { giveHead, measure, outOfFold, pairedGain, trainHead } from '../../../src/training/transfer';

export interface LearnSettings {
  backbone: string;
  way: 'auto' | 'features' | 'fine-tune';
  epochs: number;
  batchSize: number;
  lr: number;
  precision: Precision;
  seed: number;
  /** Where a run of fine-tuning is saved on its way. */
  state: string;
}

/** What was learnt, and what it rests on. */
export interface Learnt {
  model: Model;
  transforms: ImageClassificationPreset;
  startedFrom: string;
  way: 'features' | 'fine-tune';
  validation: Judged;
  /** Training pictures, and what a last layer that was not trained on them takes them for // [length, classes] */
  doubts: { features: FeatureDataset; probabilities: Float32Array };
  /** Of fine-tuning: the epoch that was best, from 1; how many were made. */
  bestEpoch?: number;
  epochsMade?: number;
  interrupted: boolean;
}

/** Pictures, and what a model says of them. */
export interface Judged {
  labels: number[];
  answers: number[];
  predictions: PicturePrediction[];
}

/** Asks a model about pictures whose classes are known. */
export async function judge(
  model: Model,
  pictures: readonly SurveyedPicture[],
  label: string,
): Promise<Judged> {
  const known = new Map(pictures.map((picture) => [picture.path, picture.label]));
  const { predictions } = await predict(model, [...known.keys()], { label });
  const answers = predictions.map(({ top }) => model.classes.indexOf(top[0].category));
  return { labels: predictions.map(({ path }) => known.get(path) ?? 0), answers, predictions };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const inWords = ({ labels, answers }: Judged, classes: number): string => {
  const { right, pictures, interval } = measure(labels, answers, classes);
  return `${percent(right / pictures)} (${right} of ${pictures}; 95 % interval ${interval.map(percent).join(' to ')})`;
};

/** CIFAR's networks take photographs a little larger than the 32 pixels that they were trained on, as in chapter 4. */
const CIFAR_SIZE = { cropSize: 48, resizeSize: 55 };

/**
 * Trains a model on pictures: first a new last layer on the network's features, which takes a moment; then all of it, if
 * that is asked for, or left to be found out.
 *
 * @param say - told, in a line each, what came out.
 */
export async function learn(
  survey: Survey,
  split: Split,
  settings: LearnSettings,
  say: (line: string) => void,
): Promise<Learnt> {
  const { backbone, way, epochs, batchSize, lr, precision, seed, state } = settings;
  const { classes } = survey;
  const published = await publishedModel(backbone);
  const { network } = published;
  const weights = backboneWeights(backbone);
  const transforms = { ...weights.transforms, ...(network instanceof CifarResNet && CIFAR_SIZE) };
  const transform = imageClassification(transforms);
  const model: Model = { network, classes, transform, dispose: () => network.dispose() };
  try {
    const features = async (part: 'train' | 'validation', cached = true): Promise<FeatureDataset> =>
      extractFeatures(network, filesOf(survey, split[part], { transform, onError: 'skip' }), {
        label: `Features, ${part}`,
        ...(!cached && { cache: false }),
      });
    let [train, held] = [await features('train'), await features('validation')];
    giveHead(network, await trainHead(train, held, { seed }));
    let validation = await judge(model, split.validation, 'Judging');
    say(
      `A new last layer on the features of ${weights.toString()}: ${inWords(validation, classes.length)} on validation.`,
    );
    const doubts = { features: train, probabilities: await outOfFold(train, { seed }) };
    const right = [...train.labels].filter((label, i) => {
      const row = [...doubts.probabilities.subarray(i * classes.length, (i + 1) * classes.length)];
      return row.indexOf(Math.max(...row)) === label;
    });
    say(
      `The training pictures, in five folds each judged by a layer that saw the others: ${percent(right.length / train.length)}.`,
    );
    const learnt = { model, transforms, startedFrom: weights.toString(), doubts };
    model.likeness = measureLikeness(train, held);
    const first = { ...learnt, way: 'features' as const, validation, interrupted: false };
    if (way === 'features') return first;

    const before = network.stateDict();
    const loaders = [
      new DataLoader(
        filesOf(survey, split.train, {
          transform: trainTransform({ ...transforms, size: transforms.cropSize }),
          onError: 'skip',
        }),
        { batchSize, shuffle: true, seed },
      ),
      new DataLoader(filesOf(survey, split.validation, { transform, onError: 'skip' }), { batchSize: 32 }),
    ] as const;
    say(`Fine-tuning all layers, ${epochs} epochs in ${precision}; Ctrl-C keeps the best so far.`);
    const optimizer = new Adam(network.parameters(), { lr });
    const { bestEpoch, history, interrupted } = await trainAndEval(
      network,
      epochs,
      new CrossEntropyLoss(),
      optimizer,
      ...loaders,
      { schedule: oneCycleLR(lr), precision, checkpoint: { path: state } },
    ).finally(() => optimizer.dispose());
    const made = { bestEpoch, epochsMade: history.length, interrupted };
    const back = (why: string): Learnt => {
      network.loadStateDict(before);
      say(`${why}: the new last layer alone is kept.`);
      return { ...first, ...made };
    };
    if (bestEpoch === 0) return back('No epoch was completed');
    validation = await judge(model, split.validation, 'Judging');
    const { gain, error } = pairedGain(validation.labels, first.validation.answers, validation.answers);
    say(
      `Fine-tuned: ${inWords(validation, classes.length)} on validation, ${(100 * gain).toFixed(1)} points more, ` +
        `with a standard error of ${(100 * error).toFixed(1)}.`,
    );
    if (way === 'auto' && gain <= error) return back('That is no more than chance explains');
    [train, held] = [await features('train', false), await features('validation', false)];
    model.likeness = measureLikeness(train, held);
    return { ...learnt, ...made, way: 'fine-tune', validation };
  } catch (error) {
    network.dispose();
    throw error;
  }
}

/** Where things lie in a model's folder that training leaves beside the model. */
export const trainingFiles = (
  folder: string,
): Record<'work' | 'state' | 'report' | 'suspects' | 'pictures', string> => {
  const work = join(folder, 'training');
  return {
    work,
    state: join(work, 'run.safetensors'),
    report: join(work, 'report.html'),
    suspects: join(work, 'suspects.txt'),
    pictures: join(work, 'pictures.csv'),
  };
};
