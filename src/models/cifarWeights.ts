import { join } from 'node:path';
import { IMAGENET_MEAN, IMAGENET_STD, type ImageClassificationPreset } from '../data/presets';
import { projectRoot } from '../locations';
import card20 from './pretrained/resnet20_cifar.json';
import card56 from './pretrained/resnet56_cifar.json';
import { type Weights, type WeightsDetails, publishedAt, weightsEnum } from './weights';

/*
 * Weights of the CIFAR nets. AKAMASTER_V1 are those published with github.com/akamaster/pytorch_resnet_cifar10 (Yerlan
 * Idelbayev, BSD-2-Clause); the accuracies are its README's. WORKBOOK_V1 was trained by this workbook and is shipped.
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

function details(
  depth: Depth,
  source: WeightsDetails['source'],
  { acc1, ...rest }: { acc1: number; fileSize: number; recipe: string; docs: string },
): WeightsDetails {
  const { numParams, gigaOps } = NETWORKS[depth];
  const classes = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
  const metrics = { 'CIFAR-10': { 'acc@1': acc1 } };
  const meta = { categories: classes, minSize: [1, 1] as const, metrics, numParams, gigaOps, ...rest };
  return { source, transforms, meta };
}

function akamaster(depth: Depth): { AKAMASTER_V1: WeightsDetails } {
  const { file, acc1, fileSize } = NETWORKS[depth];
  const docs = "Trained as in the paper's section 4.2, with option-A shortcuts.";
  const source = publishedAt(`${AKAMASTER}/raw/master/pretrained_models/${file}`);
  return { AKAMASTER_V1: details(depth, source, { acc1, fileSize, recipe: AKAMASTER, docs }) };
}

/** @param card - what lies beside shipped weights, as `npm run experiment -- backbone` writes it. */
function shipped(depth: Depth, card: typeof card20, fileSize: number): { WORKBOOK_V1: WeightsDetails } {
  const path = join(projectRoot(), 'src', 'models', 'pretrained', `${card.name}.safetensors`);
  const acc1 = 100 * card.testAccuracyOfTheRun;
  const docs = `${card.description} ${card.data}`;
  return { WORKBOOK_V1: details(depth, { path }, { acc1, fileSize, recipe: card.repeatWith, docs }) };
}

export const ResNet20_Cifar_Weights = weightsEnum(
  'ResNet20_Cifar_Weights',
  { ...akamaster(20), ...shipped(20, card20, 0.53) },
  'WORKBOOK_V1',
);
export type ResNet20_Cifar_Weights = Weights<'ResNet20_Cifar_Weights'>;

export const ResNet32_Cifar_Weights = weightsEnum('ResNet32_Cifar_Weights', akamaster(32), 'AKAMASTER_V1');
export type ResNet32_Cifar_Weights = Weights<'ResNet32_Cifar_Weights'>;

export const ResNet44_Cifar_Weights = weightsEnum('ResNet44_Cifar_Weights', akamaster(44), 'AKAMASTER_V1');
export type ResNet44_Cifar_Weights = Weights<'ResNet44_Cifar_Weights'>;

export const ResNet56_Cifar_Weights = weightsEnum(
  'ResNet56_Cifar_Weights',
  { ...akamaster(56), ...shipped(56, card56, 1.66) },
  'WORKBOOK_V1',
);
export type ResNet56_Cifar_Weights = Weights<'ResNet56_Cifar_Weights'>;

export const ResNet110_Cifar_Weights = weightsEnum('ResNet110_Cifar_Weights', akamaster(110), 'AKAMASTER_V1');
export type ResNet110_Cifar_Weights = Weights<'ResNet110_Cifar_Weights'>;
