import { type RgbImage } from './image';

/*
 * Pillow's ImageEnhance and the hue shift of torchvision, bit for bit.
 * https://github.com/python-pillow/Pillow/blob/main/src/libImaging (Blend.c, Convert.c)
 */

/** Luma by ITU-R 601-2 as Pillow's `convert('L')` computes it: fixed point, 16 bits after the point. */
export function luma(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}

/** 0 is black, 1 leaves the picture as it is, above 1 is brighter. */
export function adjustBrightness(picture: RgbImage, factor: number): RgbImage {
  return blend(picture, factor, () => 0);
}

/** 0 is the even grey of the mean brightness, 1 leaves the picture as it is. */
export function adjustContrast(picture: RgbImage, factor: number): RgbImage {
  const { data } = picture;
  let sum = 0;
  for (let i = 0; i < data.length; i += 3) sum += luma(data[i], data[i + 1], data[i + 2]);
  const mean = Math.floor(sum / (data.length / 3) + 0.5);
  return blend(picture, factor, () => mean);
}

/** 0 is the grey picture, 1 leaves it as it is. */
export function adjustSaturation(picture: RgbImage, factor: number): RgbImage {
  const { data } = picture;
  return blend(picture, factor, (i) => luma(data[i], data[i + 1], data[i + 2]));
}

/** other(i) + factor * (pixel - other(i)), in float32 and cut off to whole numbers as Pillow's `Image.blend` does. */
function blend(picture: RgbImage, factor: number, other: (pixelStart: number) => number): RgbImage {
  const { data, height, width } = picture;
  const result = new Uint8Array(data.length);
  const alpha = Math.fround(factor);
  for (let i = 0; i < data.length; i += 3) {
    const base = other(i);
    for (let c = i; c < i + 3; c++) {
      const value = Math.fround(base + Math.fround(alpha * (data[c] - base)));
      result[c] = value <= 0 ? 0 : value >= 255 ? 255 : value;
    }
  }
  return { data: result, height, width, channels: 3 };
}

/**
 * Turns the colours round the circle.
 * @param factor - part of a whole turn, -0.5 to 0.5.
 */
export function adjustHue(picture: RgbImage, factor: number): RgbImage {
  const { data, height, width } = picture;
  const result = new Uint8Array(data.length);
  const shift = Math.trunc(factor * 255) & 255; // np.uint8(factor * 255)
  for (let i = 0; i < data.length; i += 3) {
    const [hue, saturation, value] = rgbToHsv(data[i], data[i + 1], data[i + 2]);
    result.set(hsvToRgb((hue + shift) & 255, saturation, value), i);
  }
  return { data: result, height, width, channels: 3 };
}

/** 8-bit hue, saturation and value; float32 in between, as in Pillow's `rgb2hsv_row`. */
export function rgbToHsv(red: number, green: number, blue: number): [number, number, number] {
  const high = Math.max(red, green, blue);
  const low = Math.min(red, green, blue);
  if (high === low) return [0, 0, high];
  const f = Math.fround;
  const range = f(high - low);
  const saturation = f(range / f(high));
  const r = f(f(high - red) / range);
  const g = f(f(high - green) / range);
  const b = f(f(high - blue) / range);
  const sixth = red === high ? f(b - g) : green === high ? f(2 + r - b) : f(4 + g - r);
  const hue = f((sixth / 6 + 1) % 1);
  const toByte = (x: number) => Math.min(255, Math.max(0, Math.trunc(x * 255)));
  return [toByte(hue), toByte(saturation), high];
}

/** The way back, as in Pillow's `hsv2rgb`. */
export function hsvToRgb(hue: number, saturation: number, value: number): [number, number, number] {
  if (saturation === 0) return [value, value, value];
  const turn = (hue * 6) / 255;
  const sector = Math.floor(turn);
  const fraction = Math.fround(turn - sector);
  const s = Math.fround(saturation / 255);
  const p = Math.round(value * (1 - s));
  const q = Math.round(value * (1 - Math.fround(s * fraction)));
  const t = Math.round(value * (1 - s * (1 - fraction)));
  switch (sector % 6) {
    case 0:
      return [value, t, p];
    case 1:
      return [q, value, p];
    case 2:
      return [p, value, t];
    case 3:
      return [p, q, value];
    case 4:
      return [t, p, value];
    default:
      return [value, p, q];
  }
}
