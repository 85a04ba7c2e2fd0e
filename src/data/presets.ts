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

export interface PresetOptions {
  /** Height and width of what goes into the network. Default 224. */
  size?: number;
  /** Default: ImageNet's. */
  mean?: readonly number[];
  /** Default: ImageNet's. */
  std?: readonly number[];
}

/** The article's transform to train: a random part of the picture, perhaps mirrored, normalized. */
export function trainTransform({
  size = 224,
  mean = IMAGENET_MEAN,
  std = IMAGENET_STD,
}: PresetOptions = {}): Compose {
  return new Compose([
    new RandomResizedCrop(size),
    new RandomHorizontalFlip(),
    new ToTensor(),
    new Normalize(mean, std),
  ]);
}

/** The article's transform to evaluate: the middle of the picture. The shorter side becomes size * 256 / 224 first. */
export function evalTransform({
  size = 224,
  mean = IMAGENET_MEAN,
  std = IMAGENET_STD,
}: PresetOptions = {}): Compose {
  return new Compose([
    new Resize(Math.round((size * 256) / 224)),
    new CenterCrop(size),
    new ToTensor(),
    new Normalize(mean, std),
  ]);
}

/** Augmentation for CIFAR-10 in He et al. 2015, section 4.2: 4 pixels of padding, a random 32x32 crop, perhaps mirrored. */
export function cifarTrainTransform({
  mean = IMAGENET_MEAN,
  std = IMAGENET_STD,
}: PresetOptions = {}): Compose {
  return new Compose([
    new RandomCrop(32, { padding: 4 }),
    new RandomHorizontalFlip(),
    new ToTensor(),
    new Normalize(mean, std),
  ]);
}

/** CIFAR-10 images as they are, normalized. */
export function cifarEvalTransform({
  mean = IMAGENET_MEAN,
  std = IMAGENET_STD,
}: PresetOptions = {}): Compose {
  return new Compose([new ToTensor(), new Normalize(mean, std)]);
}
