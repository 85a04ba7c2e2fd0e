import {
  CenterCrop,
  Compose,
  Normalize,
  RandomCrop,
  RandomHorizontalFlip,
  RandomResizedCrop,
  Resize,
  ToTensor,
} from './transforms';

/** Mean of ImageNet's training pictures, red, green, blue in [0, 1]: what torchvision's weights were trained with. */
export const IMAGENET_MEAN: readonly number[] = [0.485, 0.456, 0.406];
/** Standard deviation of ImageNet's training pictures. */
export const IMAGENET_STD: readonly number[] = [0.229, 0.224, 0.225];

/** How pictures are brought into the form that weights were trained on: torchvision's `ImageClassification` options. */
export interface ImageClassificationPreset {
  /** The shorter side is resized to this many pixels ... */
  resizeSize: number;
  /** ... and a square of this many pixels is cut out of the middle. */
  cropSize: number;
  /** Subtracted from red, green and blue in 0 to 1. */
  mean: readonly number[];
  /** What is left is divided by these. */
  std: readonly number[];
  interpolation: 'bilinear';
}

export interface PresetOptions {
  /** Height and width of what goes into the network. Default 224. */
  size?: number;
  /** Default: ImageNet's. */
  mean?: readonly number[];
  /** Default: ImageNet's. */
  std?: readonly number[];
}

const toNormalized = ({ mean = IMAGENET_MEAN, std = IMAGENET_STD }: PresetOptions) => [
  new ToTensor(),
  new Normalize(mean, std),
];

/** The transform that goes with weights, torchvision's `weights.transforms()`: `imageClassification(weights.transforms)`. */
export function imageClassification({ resizeSize, cropSize, ...how }: ImageClassificationPreset): Compose {
  return new Compose([new Resize(resizeSize), new CenterCrop(cropSize), ...toNormalized(how)]);
}

/** The article's transform to train: a random part of the picture, perhaps mirrored, normalized. */
export function trainTransform({ size = 224, ...how }: PresetOptions = {}): Compose {
  return new Compose([new RandomResizedCrop(size), new RandomHorizontalFlip(), ...toNormalized(how)]);
}

/** The article's transform to evaluate: the middle of the picture. The shorter side becomes size * 256 / 224 first. */
export function evalTransform({ size = 224, ...how }: PresetOptions = {}): Compose {
  const resizeSize = Math.round((size * 256) / 224);
  return new Compose([new Resize(resizeSize), new CenterCrop(size), ...toNormalized(how)]);
}

/** Augmentation for CIFAR-10 in He et al. 2015, section 4.2: 4 pixels of padding, a random 32x32 crop, perhaps mirrored. */
export function cifarTrainTransform(how: PresetOptions = {}): Compose {
  return new Compose([new RandomCrop(32, { padding: 4 }), new RandomHorizontalFlip(), ...toNormalized(how)]);
}

/** CIFAR-10 images as they are, normalized. */
export function cifarEvalTransform(how: PresetOptions = {}): Compose {
  return new Compose(toNormalized(how));
}
