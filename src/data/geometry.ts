import { emptyLike, type Image, type RgbImage } from './image';

/** Pixels to add on each side. */
export type Padding = readonly [left: number, top: number, right: number, bottom: number];

/** The rectangle of `height` x `width` whose upper left corner is at (`top`, `left`); it must lie inside. */
export function crop<T extends Image>(image: T, top: number, left: number, height: number, width: number): T {
  if (top === 0 && left === 0 && height === image.height && width === image.width) return image;
  if (top < 0 || left < 0 || top + height > image.height || left + width > image.width)
    throw new RangeError(
      `crop: ${height}x${width} at (${top}, ${left}) is not inside ${image.height}x${image.width} (height x width).`,
    );
  const result = emptyLike(image, height, width);
  copyRows(image, top, left, result, 0, 0, height, width);
  return result;
}

/** Adds a border of the value `fill`. */
export function pad<T extends Image>(image: T, [left, top, right, bottom]: Padding, fill = 0): T {
  if (left === 0 && top === 0 && right === 0 && bottom === 0) return image;
  const result = emptyLike(image, image.height + top + bottom, image.width + left + right);
  if (fill !== 0) result.data.fill(fill);
  copyRows(image, 0, 0, result, top, left, image.height, image.width);
  return result;
}

/** Left and right exchanged. */
export function flipHorizontal<T extends Image>(image: T): T {
  const { data, height, width } = image;
  const result = emptyLike(image, height, width);
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

/** Whether a picture of this EXIF orientation (1 to 8) changes height and width when it is turned upright. */
export function isQuarterTurn(orientation: number): boolean {
  return orientation >= 5 && orientation <= 8;
}

/** Turned and mirrored to stand upright, as Pillow's `ImageOps.exif_transpose`; any other number than 2 to 8 changes nothing. */
export function turn(picture: RgbImage, orientation: number): RgbImage {
  const { data, height, width } = picture;
  if (!(orientation >= 2 && orientation <= 8)) return picture;
  const swaps = isQuarterTurn(orientation);
  const result = emptyLike(picture, swaps ? width : height, swaps ? height : width);
  const [mirrorsRows, mirrorsColumns] = [
    [3, 4, 6, 7].includes(orientation),
    [2, 3, 7, 8].includes(orientation),
  ];
  for (let y = 0, to = 0; y < result.height; y++)
    for (let x = 0; x < result.width; x++, to += 3) {
      const row = swaps ? x : y;
      const column = swaps ? y : x;
      const from =
        ((mirrorsRows ? height - 1 - row : row) * width + (mirrorsColumns ? width - 1 - column : column)) * 3;
      for (let c = 0; c < 3; c++) result.data[to + c] = data[from + c];
    }
  return result;
}

function copyRows(
  from: Image,
  fromTop: number,
  fromLeft: number,
  to: Image,
  toTop: number,
  toLeft: number,
  height: number,
  width: number,
): void {
  for (let y = 0; y < height; y++) {
    const start = ((fromTop + y) * from.width + fromLeft) * 3;
    to.data.set(from.data.subarray(start, start + width * 3), ((toTop + y) * to.width + toLeft) * 3);
  }
}
