import type { ImageClassificationPreset } from '../data/presets';
import { BACKBONE_NAMES } from './backbones';
import { FieldError, either, list, number, object, oneOf, optional, record, text } from './cardFields';

/** The first field of every card. */
export const CARD_FORMAT = 'resnet-workbook model 1';

/** What is known of a model: all that it takes to build and use it, and how good it is. It lies beside the weights. */
export interface ModelCard {
  /** What the file is. */
  format: typeof CARD_FORMAT;
  /** Names of the classes, each once, in the order of the network's outputs. */
  classes: readonly string[];
  /** The name of the network's builder, such as "resnet34" or "resnet20_cifar". */
  backbone: string;
  /** How a picture becomes what goes into the network: `imageClassification(transforms)`. */
  transforms: ImageClassificationPreset;
  /** SHA-256 of `model.safetensors`, in 64 hexadecimal digits. */
  sha256: string;
  /** By what a picture is known to be unlike all that the model was trained on. Missing where nobody measured it. */
  likeness?: Likeness;
  /** How it came about, and how good it is. Missing where nobody measured. */
  training?: TrainingRecord;
}

/** The directions of each class's training pictures among features, and how near to one of them a picture should be. */
export interface Likeness {
  /** Of each class, the direction of its pictures' mean: float32, little-endian, in base64 // [classes, channels] */
  means: string;
  /** The cosine with the nearest of them below which a picture is unlike them all, -1 to 1. */
  threshold: number;
}

/** How a model was trained, and how it did on pictures that it was not trained on. */
export interface TrainingRecord {
  /** The command that repeats it. */
  command: string;
  /** The day, "2026-11-28". */
  date: string;
  /** Processor and threads. */
  machine: string;
  /** Of what it ran on: Node.js, TensorFlow ... */
  versions: Readonly<Record<string, string>>;
  /** The weights that it began with: "ResNet34_Weights.IMAGENET1K_V1". */
  startedFrom: string;
  /** What was trained: the last layer alone, on the network's features, or all of it. */
  way: 'features' | 'fine-tune';
  /** Epochs, rate, seed and what else was chosen. */
  settings: Readonly<Record<string, string | number>>;
  /** How long it took, in minutes. */
  minutes: number;
  /** What the pictures were divided into. */
  parts: readonly PartRecord[];
  /** On the pictures by which epochs and ways were chosen: a little too kind. */
  validation: Measured;
  /** On the pictures that were looked at once, at the end. Missing where there were too few for that. */
  test?: Measured;
}

/** One part of the pictures. */
export interface PartRecord {
  name: 'train' | 'validation' | 'test';
  /** Pictures of each class, in the order of `classes`. */
  pictures: readonly number[];
  /** SHA-256 over the files' names, classes and contents. */
  fingerprint: string;
}

/** How many of some pictures were answered rightly. */
export interface Measured {
  pictures: number;
  right: number;
  /** Wilson's interval of 95 % for the share that is right, 0 to 1. */
  interval: readonly [low: number, high: number];
  /** How many pictures of a class (row) were given each class (column) // [classes, classes] */
  confusion: readonly (readonly number[])[];
}

const MOST_CLASSES = 32_768; // ImageNet's largest list has 21,841
const count = number(0, 1e9, { integer: true });
const side = number(1, 4096, { integer: true });
const line = text(10_000);
const hash = text(64, [/^[0-9a-f]{64}$/, '64 hexadecimal digits']);
const triple = (low: number): ReturnType<typeof list<number>> => list(number(low, 255), 3);
const counts = list(count, 1, MOST_CLASSES);
const share = number(0, 1);

const measured = object<Measured>({
  pictures: count,
  right: count,
  interval: (value, where) => list(share, 2)(value, where) as [number, number],
  confusion: list(counts, 1, MOST_CLASSES),
});

const cardField = object<ModelCard>({
  format: oneOf(CARD_FORMAT),
  classes: list(text(200), 1, MOST_CLASSES),
  backbone: oneOf(...BACKBONE_NAMES),
  transforms: object<ImageClassificationPreset>({
    resizeSize: side,
    cropSize: side,
    mean: triple(-255),
    std: triple(1e-6),
    interpolation: oneOf('bilinear'),
  }),
  sha256: hash,
  likeness: optional(
    object<Likeness>({ means: text(2 ** 23, [/^[\w+/]+=*$/, 'base64']), threshold: number(-1, 1) }),
  ),
  training: optional(
    object<TrainingRecord>({
      command: line,
      date: line,
      machine: line,
      versions: record(line),
      startedFrom: line,
      way: oneOf('features', 'fine-tune'),
      settings: record(either(number(-1e15, 1e15), line)),
      minutes: number(0, 1e9),
      parts: list(
        object<PartRecord>({
          name: oneOf('train', 'validation', 'test'),
          pictures: counts,
          fingerprint: hash,
        }),
        0,
        3,
      ),
      validation: measured,
      test: optional(measured),
    }),
  ),
});

/**
 * A card out of a file's JSON, if all of it is as it should be.
 *
 * @throws FieldError that names the first field that is not.
 */
export function parseCard(json: unknown): ModelCard {
  const card = cardField(json, '');
  if (new Set(card.classes).size < card.classes.length)
    throw new FieldError('classes should be different names');
  const { parts, validation, test } = card.training ?? { parts: [] };
  const lists = [
    ...parts.map(({ pictures }) => pictures),
    ...[validation, test].flatMap((each) => (each ? [each.confusion, ...each.confusion] : [])),
  ];
  if (lists.some(({ length }) => length !== card.classes.length))
    throw new FieldError('training should count pictures of each of the classes');
  return card;
}
