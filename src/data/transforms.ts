import type { Random } from '../random';
import { crop, flipHorizontal } from './geometry';
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

  forward(image: Image, random: Random): Image {
    let current = image;
    for (let i = 0; i < this.transforms.length; i++) {
      const transform = this.transforms[i];
      const next = this.transforms[i + 1];
      if (transform instanceof ToTensor && next instanceof Normalize && isRgbImage(current)) {
        current = next.fromBytes(current);
        i++;
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
    // An odd rest of what is added goes to the right and the bottom.
    const start = (there: number, wanted: number) =>
      there < wanted ? -((wanted - there) >> 1) : roundHalfToEven((there - wanted) / 2);
    return crop(image, start(image.height, height), start(image.width, width), height, width);
  }
}

/** Cuts out a rectangle at a random place. With `padding: 4` on 32x32 it is the augmentation of CIFAR-10 in the paper. */
export class RandomCrop implements Transform {
  readonly size: readonly [number, number];
  readonly padding: number;

  /** @param options.padding - width in pixels of a black border that is added before the crop; default 0. */
  constructor(size: Size, { padding = 0 }: { padding?: number } = {}) {
    this.size = pair(size, 'RandomCrop');
    this.padding = padding;
  }

  forward(image: Image, random: Random): Image {
    const [height, width] = this.size;
    const places = [image.height - height, image.width - width].map((rest) => rest + 2 * this.padding + 1);
    if (places.some((count) => count < 1))
      throw new ImageSizeError(
        `RandomCrop: ${height}x${width} does not fit into ${image.height + 2 * this.padding}x` +
          `${image.width + 2 * this.padding} (height x width): resize first, or set padding.`,
      );
    const isOnly = places.every((count) => count === 1); // torchvision draws no number here
    const [top, left] = places.map((count) => (isOnly ? 0 : random.integer(count)) - this.padding);
    return crop(image, top, left, height, width);
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
  fromBytes({ data, height, width, channels }: RgbImage): ImageArray {
    const table = this.forward(new ToTensor().forward(GREYS)).data; // [256, 3]
    const result = new Float32Array(data.length);
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
