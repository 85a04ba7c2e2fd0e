import { CenterCrop, Compose, Normalize, Resize, ToTensor } from './transforms';

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

/** The transform that goes with weights, torchvision's `weights.transforms()`: `imageClassification(weights.transforms)`. */
export function imageClassification({ resizeSize, cropSize, mean, std }: ImageClassificationPreset): Compose {
  return new Compose([
    new Resize(resizeSize),
    new CenterCrop(cropSize),
    new ToTensor(),
    new Normalize(mean, std),
  ]);
}
