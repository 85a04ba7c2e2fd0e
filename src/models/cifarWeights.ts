import { join } from 'node:path';
import { CIFAR10_CLASSES } from '../data/cifarLayout';
import { IMAGENET_MEAN, IMAGENET_STD, type ImageClassificationPreset } from '../data/presets';
import { projectRoot } from '../locations';
import card20 from './pretrained/resnet20_cifar.json';
import card20x2 from './pretrained/resnet20x2_cifar100.json';
import card56 from './pretrained/resnet56_cifar.json';
import { type Weights, type WeightsDetails, publishedAt, weightsEnum } from './weights';

/*
 * Weights of the CIFAR nets. AKAMASTER_V1 are those published with github.com/akamaster/pytorch_resnet_cifar10 (Yerlan
 * Idelbayev, BSD-2-Clause); the accuracies are its README's. WORKBOOK_V1 was trained by this workbook and is shipped; the
 * wide ResNet-20's on CIFAR-100, the others on CIFAR-10.
 */

const AKAMASTER = 'https://github.com/akamaster/pytorch_resnet_cifar10';

/** By depth; acc1 in percent of CIFAR-10's test pictures, fileSize in mebibytes. */
const NETWORKS = {
  20: { file: 'resnet20-12fca82f.th', acc1: 91.73, fileSize: 1.07, numParams: 269722, gigaOps: 0.041 },
  32: { file: 'resnet32-d509ac18.th', acc1: 92.63, fileSize: 1.82, numParams: 464154, gigaOps: 0.069 },
  44: { file: 'resnet44-014dd654.th', acc1: 93.1, fileSize: 2.57, numParams: 658586, gigaOps: 0.098 },
  56: { file: 'resnet56-4bfd9763.th', acc1: 93.39, fileSize: 3.32, numParams: 853018, gigaOps: 0.126 },
  110: { file: 'resnet110-1d1ed7c2.th', acc1: 93.68, fileSize: 6.69, numParams: 1727962, gigaOps: 0.254 },
};
type Depth = keyof typeof NETWORKS;

/** Pictures of 32x32 as they are; both sets of weights were trained with ImageNet's mean and deviation. */
const transforms: ImageClassificationPreset = {
  resizeSize: 32,
  cropSize: 32,
  mean: IMAGENET_MEAN,
  std: IMAGENET_STD,
  interpolation: 'bilinear',
};

interface Published {
  categories?: readonly string[];
  /** In percent of the test pictures. */
  acc1: number;
  numParams: number;
  gigaOps: number;
  fileSize: number;
  recipe: string;
  docs: string;
}

function details(
  source: WeightsDetails['source'],
  { acc1, categories = CIFAR10_CLASSES, ...rest }: Published,
): WeightsDetails {
  const metrics = { [`CIFAR-${categories.length}`]: { 'acc@1': acc1 } };
  return { source, transforms, meta: { categories, minSize: [1, 1], metrics, ...rest } };
}

function akamaster(depth: Depth): { AKAMASTER_V1: WeightsDetails } {
  const { file, ...known } = NETWORKS[depth];
  const docs = "Trained as in the paper's section 4.2, with option-A shortcuts.";
  const source = publishedAt(`${AKAMASTER}/raw/master/pretrained_models/${file}`);
  return { AKAMASTER_V1: details(source, { ...known, recipe: AKAMASTER, docs }) };
}

/**
 * @param card - what lies beside shipped weights, as `npm run experiment -- backbone` writes it.
 * @param gigaOps - multiply-adds for a picture of 32x32, in billions.
 */
function shipped(card: typeof card20, gigaOps: number, fileSize: number): { WORKBOOK_V1: WeightsDetails } {
  const path = join(projectRoot(), 'src', 'models', 'pretrained', `${card.name}.safetensors`);
  const known = {
    categories: card.classes.split(', '),
    acc1: 100 * card.testAccuracyOfTheRun,
    numParams: card.parameters,
    recipe: card.repeatWith,
    docs: `${card.description} ${card.data}`,
  };
  return { WORKBOOK_V1: details({ path }, { ...known, gigaOps, fileSize }) };
}

export const ResNet20_Cifar_Weights = weightsEnum(
  'ResNet20_Cifar_Weights',
  { ...akamaster(20), ...shipped(card20, 0.041, 0.53) },
  'WORKBOOK_V1',
);
export type ResNet20_Cifar_Weights = Weights<'ResNet20_Cifar_Weights'>;

export const ResNet20x2_Cifar_Weights = weightsEnum(
  'ResNet20x2_Cifar_Weights',
  shipped(card20x2, 0.163, 2.1),
  'WORKBOOK_V1',
);
export type ResNet20x2_Cifar_Weights = Weights<'ResNet20x2_Cifar_Weights'>;

export const ResNet32_Cifar_Weights = weightsEnum('ResNet32_Cifar_Weights', akamaster(32), 'AKAMASTER_V1');
export type ResNet32_Cifar_Weights = Weights<'ResNet32_Cifar_Weights'>;

export const ResNet44_Cifar_Weights = weightsEnum('ResNet44_Cifar_Weights', akamaster(44), 'AKAMASTER_V1');
export type ResNet44_Cifar_Weights = Weights<'ResNet44_Cifar_Weights'>;

export const ResNet56_Cifar_Weights = weightsEnum(
  'ResNet56_Cifar_Weights',
  { ...akamaster(56), ...shipped(card56, 0.126, 1.66) },
  'WORKBOOK_V1',
);
export type ResNet56_Cifar_Weights = Weights<'ResNet56_Cifar_Weights'>;

export const ResNet110_Cifar_Weights = weightsEnum('ResNet110_Cifar_Weights', akamaster(110), 'AKAMASTER_V1');
export type ResNet110_Cifar_Weights = Weights<'ResNet110_Cifar_Weights'>;
