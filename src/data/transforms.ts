import type { Random } from '../random';
import { crop, flipHorizontal, pad, type Padding } from './geometry';
import {
  type CropBox,
  ImageSizeError,
  isRgbImage,
  type Image,
  type ImageArray,
  type RgbImage,
} from './image';
import { resize } from './resample';

/**
 * One step on a picture's way into a network, as the classes of `torchvision.transforms`.
 * A step never changes its input, and a random one draws from the generator it is handed and from nothing else.
 */
export interface Transform {
  forward(image: Image, random: Random): Image;
}

/** Height and width; a single number means a square. */
export type Size = number | readonly [height: number, width: number];

/** Runs `transform` and makes sure that floats come out, as everything after the transforms expects. */
export function applyToTensor(transform: Transform, image: Image, random: Random): ImageArray {
  const result = transform.forward(image, random);
  if (isRgbImage(result))
    throw new Error('The transform gives 8-bit pixels: add new ToTensor() to its steps.');
  return result;
}

/** Several transforms, one after another. */
export class Compose implements Transform {
  constructor(readonly transforms: readonly Transform[]) {}

  /** @param into - memory for the result, used if the last steps are `ToTensor` and `Normalize` and it has that length. */
  forward(image: Image, random: Random, into?: Float32Array): Image {
    let current = image;
    for (let i = 0; i < this.transforms.length; i++) {
      const transform = this.transforms[i];
      const next = this.transforms[i + 1];
      if (transform instanceof ToTensor && next instanceof Normalize && isRgbImage(current)) {
        i++;
        current = next.fromBytes(current, i === this.transforms.length - 1 ? into : undefined);
      } else current = transform.forward(current, random);
    }
    return current;
  }
}

/**
 * Resizes with Pillow's antialiased bilinear filter, torchvision's default.
 * A number sets the shorter side and keeps the aspect ratio (the longer side rounds down); a pair sets [height, width].
 */
export class Resize implements Transform {
  constructor(readonly size: Size) {
    pair(size, 'Resize');
  }

  forward(image: Image): Image {
    const { height, width } = image;
    const [newHeight, newWidth] =
      typeof this.size === 'number' ? shorterSide(height, width, this.size) : this.size;
    if (newHeight === height && newWidth === width) return image;
    return resize(mustBeRgb(image, 'Resize'), newHeight, newWidth);
  }
}

/** Cuts out the middle; an image smaller than that is padded with black first, as torchvision does. */
export class CenterCrop implements Transform {
  readonly size: readonly [number, number];

  constructor(size: Size) {
    this.size = pair(size, 'CenterCrop');
  }

  forward(image: Image): Image {
    const [height, width] = this.size;
    const dy = Math.max(height - image.height, 0);
    const dx = Math.max(width - image.width, 0);
    // An odd rest goes to the right and the bottom.
    const padded = pad(image, [dx >> 1, dy >> 1, (dx + 1) >> 1, (dy + 1) >> 1]);
    const top = roundHalfToEven((padded.height - height) / 2);
    const left = roundHalfToEven((padded.width - width) / 2);
    return crop(padded, top, left, height, width);
  }
}

export interface RandomCropOptions {
  /** Border added before the crop: all sides, [left and right, top and bottom] or [left, top, right, bottom]. Default 0. */
  padding?: number | readonly [number, number] | Padding;
  /** Pad further where the image is still smaller than the crop. Default false: that is an error. */
  padIfNeeded?: boolean;
  /** Value of the border, 0 to 255 in a picture. Default 0. */
  fill?: number;
}

/** Cuts out a rectangle at a random place. With `padding: 4` on 32x32 it is the augmentation of CIFAR-10 in the paper. */
export class RandomCrop implements Transform {
  readonly size: readonly [number, number];
  readonly padding: Padding;
  readonly padIfNeeded: boolean;
  readonly fill: number;

  constructor(size: Size, options: RandomCropOptions = {}) {
    const { padding = 0, padIfNeeded = false, fill = 0 } = options;
    this.size = pair(size, 'RandomCrop');
    this.padding = fourSides(padding);
    this.padIfNeeded = padIfNeeded;
    this.fill = fill;
  }

  forward(image: Image, random: Random): Image {
    const [height, width] = this.size;
    let padded = pad(image, this.padding, this.fill);
    if (this.padIfNeeded) {
      const dx = Math.max(width - padded.width, 0);
      const dy = Math.max(height - padded.height, 0);
      padded = pad(padded, [dx, dy, dx, dy], this.fill); // torchvision adds the whole lack on both sides
    }
    const spareHeight = padded.height - height;
    const spareWidth = padded.width - width;
    if (spareHeight < 0 || spareWidth < 0)
      throw new ImageSizeError(
        `RandomCrop: ${height}x${width} does not fit into ${padded.height}x${padded.width} ` +
          '(height x width): resize first, or set padIfNeeded.',
      );
    if (spareHeight === 0 && spareWidth === 0) return padded; // torchvision draws no number here
    return crop(padded, random.integer(spareHeight + 1), random.integer(spareWidth + 1), height, width);
  }
}

/** Mirrors left and right with probability `p`. */
export class RandomHorizontalFlip implements Transform {
  constructor(readonly p = 0.5) {
    if (!(p >= 0 && p <= 1))
      throw new RangeError(`RandomHorizontalFlip: p is a probability, 0 to 1, not ${p}.`);
  }

  forward(image: Image, random: Random): Image {
    return random.next() < this.p ? flipHorizontal(image) : image;
  }
}

export interface RandomResizedCropOptions {
  /** Smallest and largest part of the area to keep. Default [0.08, 1]. */
  scale?: readonly [number, number];
  /** Smallest and largest width / height of the crop. Default [3/4, 4/3]. */
  ratio?: readonly [number, number];
}

/** Cuts out a part of random area, shape and place and resizes it to `size` (Szegedy et al. 2014, "Inception" crop). */
export class RandomResizedCrop implements Transform {
  readonly size: readonly [number, number];
  readonly scale: readonly [number, number];
  readonly ratio: readonly [number, number];

  constructor(size: Size, options: RandomResizedCropOptions = {}) {
    this.size = pair(size, 'RandomResizedCrop');
    this.scale = options.scale ?? [0.08, 1];
    this.ratio = options.ratio ?? [3 / 4, 4 / 3];
    for (const [low, high] of [this.scale, this.ratio])
      if (!(low > 0 && low <= high))
        throw new RangeError(
          `RandomResizedCrop: scale and ratio are [low, high] above 0, not [${low}, ${high}].`,
        );
  }

  /** Draws a crop: ten tries at one that fits, then the largest in the middle that keeps `ratio`. */
  static getParams(
    height: number,
    width: number,
    scale: readonly [number, number],
    ratio: readonly [number, number],
    random: Random,
  ): CropBox {
    for (let attempt = 0; attempt < 10; attempt++) {
      const area = height * width * random.uniform(scale[0], scale[1]);
      const aspect = Math.exp(random.uniform(Math.log(ratio[0]), Math.log(ratio[1])));
      const w = roundHalfToEven(Math.sqrt(area * aspect));
      const h = roundHalfToEven(Math.sqrt(area / aspect));
      if (w > 0 && w <= width && h > 0 && h <= height)
        return {
          top: random.integer(height - h + 1),
          left: random.integer(width - w + 1),
          height: h,
          width: w,
        };
    }
    const w = width / height > ratio[1] ? roundHalfToEven(height * ratio[1]) : width;
    const h = width / height < ratio[0] ? roundHalfToEven(width / ratio[0]) : height;
    return { top: Math.floor((height - h) / 2), left: Math.floor((width - w) / 2), height: h, width: w };
  }

  forward(image: Image, random: Random): Image {
    const picture = mustBeRgb(image, 'RandomResizedCrop');
    const box = RandomResizedCrop.getParams(picture.height, picture.width, this.scale, this.ratio, random);
    return resize(picture, this.size[0], this.size[1], box);
  }
}

/** 8-bit pixels to float32 in [0, 1]. Height, width, channel stay in this order, where torch moves channels to the front. */
export class ToTensor implements Transform {
  forward(image: Image): ImageArray {
    const { data, height, width, channels } = mustBeRgb(image, 'ToTensor');
    const floats = new Float32Array(data.length);
    for (let i = 0; i < data.length; i++) floats[i] = data[i] / 255;
    return { data: floats, height, width, channels };
  }
}

/** Every value of a byte, black to white. */
const GREYS: RgbImage = {
  data: Uint8Array.from({ length: 256 * 3 }, (_, i) => Math.floor(i / 3)),
  height: 1,
  width: 256,
  channels: 3,
};

/** (x - mean) / std for each channel, in float32 as torch computes it. */
export class Normalize implements Transform {
  constructor(
    readonly mean: readonly number[],
    readonly std: readonly number[],
  ) {
    checkMeanStd('Normalize', mean, std);
  }

  forward(image: Image): ImageArray {
    if (isRgbImage(image))
      throw new Error('Normalize takes floats, not 8-bit pixels: put new ToTensor() before it.');
    const { data, height, width, channels } = image;
    const [m0, m1, m2] = this.mean.map(Math.fround);
    const [s0, s1, s2] = this.std.map(Math.fround);
    const result = new Float32Array(data.length);
    for (let i = 0; i < data.length; i += 3) {
      // Each step rounds to float32, as torch's sub_ and div_ do.
      result[i] = Math.fround(data[i] - m0) / s0;
      result[i + 1] = Math.fround(data[i + 1] - m1) / s1;
      result[i + 2] = Math.fround(data[i + 2] - m2) / s2;
    }
    return { data: result, height, width, channels };
  }

  /** `ToTensor` and `forward` in one. A byte has 256 values, so they are looked up: the same numbers in less time. */
  fromBytes({ data, height, width, channels }: RgbImage, into?: Float32Array): ImageArray {
    const table = this.forward(new ToTensor().forward(GREYS)).data; // [256, 3]
    const result = into?.length === data.length ? into : new Float32Array(data.length);
    for (let i = 0; i < data.length; i += 3) {
      result[i] = table[data[i] * 3];
      result[i + 1] = table[data[i + 1] * 3 + 1];
      result[i + 2] = table[data[i + 2] * 3 + 2];
    }
    return { data: result, height, width, channels };
  }
}

/** Throws unless there are three means and three deviations above 0. */
export function checkMeanStd(who: string, mean: readonly number[], std: readonly number[]): void {
  if (mean.length !== 3 || std.length !== 3 || !mean.every(Number.isFinite) || !std.every((s) => s > 0))
    throw new RangeError(
      `${who} takes three means and three deviations above 0, not [${mean}] and [${std}].`,
    );
}

/** Python's `round`: a half goes to the even neighbour. */
export function roundHalfToEven(x: number): number {
  const rounded = Math.round(x);
  return Math.abs(x % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

function mustBeRgb(image: Image, who: string) {
  if (!isRgbImage(image)) throw new Error(`${who} takes 8-bit pixels: put it before ToTensor.`);
  return image;
}

function pair(size: Size, who: string): readonly [number, number] {
  const [height, width] = typeof size === 'number' ? [size, size] : size;
  if (![height, width].every((side) => Number.isInteger(side) && side >= 1))
    throw new RangeError(
      `${who}: a size is one integer or [height, width], at least 1, not ${String(size)}.`,
    );
  return [height, width];
}

function shorterSide(height: number, width: number, size: number): [number, number] {
  return width <= height
    ? [Math.trunc((size * height) / width), size]
    : [size, Math.trunc((size * width) / height)];
}

function fourSides(padding: number | readonly [number, number] | Padding): Padding {
  if (typeof padding === 'number') return [padding, padding, padding, padding];
  return padding.length === 2 ? [padding[0], padding[1], padding[0], padding[1]] : padding;
}
