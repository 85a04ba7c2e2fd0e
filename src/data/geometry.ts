import { isRgbImage, type Image } from './image';

/**
 * The rectangle of `height` x `width` whose upper left corner is at (`top`, `left`), which may be negative: what lies
 * outside the image is black, as in torchvision's `crop`.
 */
export function crop<T extends Image>(image: T, top: number, left: number, height: number, width: number): T {
  if (top === 0 && left === 0 && height === image.height && width === image.width) return image;
  const result = blackLike(image, height, width);
  const [from, to] = [Math.max(left, 0), Math.min(left + width, image.width)];
  for (let y = Math.max(top, 0); from < to && y < Math.min(top + height, image.height); y++) {
    const row = image.data.subarray((y * image.width + from) * 3, (y * image.width + to) * 3);
    result.data.set(row, ((y - top) * width + from - left) * 3);
  }
  return result;
}

/** Left and right exchanged. */
export function flipHorizontal<T extends Image>(image: T): T {
  const { data, height, width } = image;
  const result = blackLike(image, height, width);
  const out = result.data;
  for (let y = 0, to = 0; y < height; y++) {
    for (let from = (y * width + width - 1) * 3, x = 0; x < width; x++, from -= 3, to += 3) {
      out[to] = data[from];
      out[to + 1] = data[from + 1];
      out[to + 2] = data[from + 2];
    }
  }
  return result;
}

/** An image of the given size, with the same kind of values as `like`. */
function blackLike<T extends Image>(like: T, height: number, width: number): T {
  const length = height * width * 3;
  const data = isRgbImage(like) ? new Uint8Array(length) : new Float32Array(length);
  return { data, height, width, channels: 3 } as Image as T;
}
