import type { Random } from '../random';
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation } from './color';
import { isRgbImage, type Image, type RgbImage } from './image';
import type { Transform } from './transforms';

/** How far to go either way from 1 (hue: from 0), or the [low, high] to draw from. */
export type Jitter = number | readonly [number, number];

export interface ColorJitterOptions {
  /** Number b: factor from [max(0, 1 - b), 1 + b]. Default 0: unchanged. */
  brightness?: Jitter;
  /** As brightness. */
  contrast?: Jitter;
  /** As brightness. */
  saturation?: Jitter;
  /** Number h in [0, 0.5]: part of a turn of the colour circle from [-h, h]. Default 0: unchanged. */
  hue?: Jitter;
}

/** Changes brightness, contrast, saturation and hue by random factors and in random order. */
export class ColorJitter implements Transform {
  /** The four ranges to draw from; `undefined` leaves that property alone. */
  readonly ranges: readonly (readonly [number, number] | undefined)[];

  constructor(options: ColorJitterOptions = {}) {
    const { brightness = 0, contrast = 0, saturation = 0, hue = 0 } = options;
    this.ranges = [
      range('brightness', brightness, 1, 0, Infinity),
      range('contrast', contrast, 1, 0, Infinity),
      range('saturation', saturation, 1, 0, Infinity),
      range('hue', hue, 0, -0.5, 0.5),
    ];
  }

  forward(image: Image, random: Random): Image {
    if (!isRgbImage(image)) throw new Error('ColorJitter takes 8-bit pixels: put it before ToTensor.');
    const order = random.permutation(4);
    const factors = this.ranges.map((limits) => limits && random.uniform(limits[0], limits[1]));
    const adjust = [adjustBrightness, adjustContrast, adjustSaturation, adjustHue];
    return order.reduce<RgbImage>((current, which) => {
      const factor = factors[which];
      return factor === undefined ? current : adjust[which](current, factor);
    }, image);
  }
}

function range(name: string, jitter: Jitter, center: number, least: number, most: number) {
  const [low, high] =
    typeof jitter === 'number'
      ? [Math.max(center - jitter, center ? least : -jitter), center + jitter]
      : jitter;
  if ((typeof jitter === 'number' && jitter < 0) || !(least <= low && low <= high && high <= most))
    throw new RangeError(`ColorJitter: ${name} must lie in [${least}, ${most}], not ${String(jitter)}.`);
  return low === center && high === center ? undefined : ([low, high] as const);
}
