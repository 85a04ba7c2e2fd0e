import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IMAGENET_MEAN, IMAGENET_STD, type ImageClassificationPreset } from '../data/presets';
import { projectRoot } from '../locations';
import { type Weights, type WeightsDetails, weightsEnum } from './weights';

/*
 * Weights of the CIFAR nets. AKAMASTER_V1 are those published with github.com/akamaster/pytorch_resnet_cifar10 (Yerlan
 * Idelbayev, BSD-2-Clause); the accuracies are its README's. WORKBOOK_V1 was trained by this workbook and is shipped.
 */

const CIFAR10_CATEGORIES = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
] as const;

/** Pictures of 32x32 as they are; both sets of weights were trained with ImageNet's mean and deviation. */
const transforms: ImageClassificationPreset = {
  resizeSize: 32,
  cropSize: 32,
  mean: IMAGENET_MEAN,
  std: IMAGENET_STD,
  interpolation: 'bilinear',
};

interface Published {
  /** The file's name, with the first digits of its SHA-256. */
  file: string;
  numParams: number;
  /** Percent of CIFAR-10's 10,000 test images. */
  acc1: number;
  gigaOps: number;
  /** In mebibytes. */
  fileSize: number;
}

function akamaster({ file, acc1, ...rest }: Published): WeightsDetails {
  const repository = 'https://github.com/akamaster/pytorch_resnet_cifar10';
  return {
    source: { url: `${repository}/raw/master/pretrained_models/${file}`, sha256: file.split(/[-.]/)[1] },
    transforms,
    meta: {
      categories: CIFAR10_CATEGORIES,
      minSize: [1, 1],
      recipe: repository,
      metrics: { 'CIFAR-10': { 'acc@1': acc1 } },
      docs: "Trained as in the paper's section 4.2, with option-A shortcuts.",
      ...rest,
    },
  };
}

/** The card that lies beside shipped weights, as `npm run experiment -- backbone` writes it. */
interface Card {
  description: string;
  data: string;
  repeatWith: string;
  testAccuracyOfTheRun: number;
}

function shipped(
  name: string,
  numbers: { numParams: number; gigaOps: number; fileSize: number },
): WeightsDetails {
  const folder = join(projectRoot(), 'src', 'models', 'pretrained');
  const card = join(folder, `${name}.json`);
  return {
    source: { path: join(folder, `${name}.safetensors`) },
    transforms,
    get meta() {
      if (!existsSync(card)) throw new Error(`${name}: its shipped weights are not there; expected ${card}.`);
      const { description, data, repeatWith, testAccuracyOfTheRun } = JSON.parse(
        readFileSync(card, 'utf8'),
      ) as Card;
      return {
        categories: CIFAR10_CATEGORIES,
        minSize: [1, 1] as const,
        recipe: repeatWith,
        metrics: { 'CIFAR-10': { 'acc@1': 100 * testAccuracyOfTheRun } },
        docs: `${description} ${data}`,
        ...numbers,
      };
    },
  };
}

export const ResNet20_Cifar_Weights = weightsEnum(
  'ResNet20_Cifar_Weights',
  {
    AKAMASTER_V1: akamaster({
      file: 'resnet20-12fca82f.th',
      numParams: 269722,
      acc1: 91.73,
      gigaOps: 0.041,
      fileSize: 1.07,
    }),
    WORKBOOK_V1: shipped('resnet20_cifar', { numParams: 269722, gigaOps: 0.041, fileSize: 0.53 }),
  },
  'WORKBOOK_V1',
);
export type ResNet20_Cifar_Weights = Weights<'ResNet20_Cifar_Weights'>;

export const ResNet32_Cifar_Weights = weightsEnum(
  'ResNet32_Cifar_Weights',
  {
    AKAMASTER_V1: akamaster({
      file: 'resnet32-d509ac18.th',
      numParams: 464154,
      acc1: 92.63,
      gigaOps: 0.069,
      fileSize: 1.82,
    }),
  },
  'AKAMASTER_V1',
);
export type ResNet32_Cifar_Weights = Weights<'ResNet32_Cifar_Weights'>;

export const ResNet44_Cifar_Weights = weightsEnum(
  'ResNet44_Cifar_Weights',
  {
    AKAMASTER_V1: akamaster({
      file: 'resnet44-014dd654.th',
      numParams: 658586,
      acc1: 93.1,
      gigaOps: 0.098,
      fileSize: 2.57,
    }),
  },
  'AKAMASTER_V1',
);
export type ResNet44_Cifar_Weights = Weights<'ResNet44_Cifar_Weights'>;

export const ResNet56_Cifar_Weights = weightsEnum(
  'ResNet56_Cifar_Weights',
  {
    AKAMASTER_V1: akamaster({
      file: 'resnet56-4bfd9763.th',
      numParams: 853018,
      acc1: 93.39,
      gigaOps: 0.126,
      fileSize: 3.32,
    }),
    WORKBOOK_V1: shipped('resnet56_cifar', { numParams: 853018, gigaOps: 0.126, fileSize: 1.66 }),
  },
  'WORKBOOK_V1',
);
export type ResNet56_Cifar_Weights = Weights<'ResNet56_Cifar_Weights'>;

export const ResNet110_Cifar_Weights = weightsEnum(
  'ResNet110_Cifar_Weights',
  {
    AKAMASTER_V1: akamaster({
      file: 'resnet110-1d1ed7c2.th',
      numParams: 1727962,
      acc1: 93.68,
      gigaOps: 0.254,
      fileSize: 6.69,
    }),
  },
  'AKAMASTER_V1',
);
export type ResNet110_Cifar_Weights = Weights<'ResNet110_Cifar_Weights'>;
