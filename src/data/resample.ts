import { crop } from './geometry';
import type { RgbImage } from './image';

/**
 * Bits after the binary point of a weight. A sum of products with 8-bit pixels then stays below 2^31
 * (Pillow's Resample.c: PRECISION_BITS = 32 - 8 - 2).
 */
const PRECISION_BITS = 22;
const HALF = 1 << (PRECISION_BITS - 1);

/** For each output position: its first input position, how many there are, and their weights. */
interface Weights {
  first: Int32Array;
  count: Int32Array;
  /** Fixed point, `stride` numbers for each output position. */
  values: Int32Array;
  stride: number;
}

/** A part of a picture, where it lies: row y begins at start + y * rowLength. */
interface Region {
  data: Uint8Array;
  start: number;
  rowLength: number;
  height: number;
  width: number;
}

/**
 * Pillow's `Image.resize` with BILINEAR, bit for bit: a triangle filter that widens with the reduction (antialiasing),
 * along one axis and then along the other, rounded to 8 bits after each. An axis that keeps its size is not touched.
 * Rows first, as in all of Pillow, except that since Pillow 13 columns go first where the height shrinks by more than
 * twice as many pixels as the width (an older Pillow differs by 1/255 in some pixels there).
 * https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c and pull request 9549
 *
 * @param box - the part of `picture` to resize; default all of it. The same as cropping first.
 */
export function resize(
  picture: RgbImage,
  height: number,
  width: number,
  box = { top: 0, left: 0, height: picture.height, width: picture.width },
): RgbImage {
  let region: Region = {
    data: picture.data,
    start: (box.top * picture.width + box.left) * 3,
    rowLength: picture.width * 3,
    height: box.height,
    width: box.width,
  };
  const columnsFirst = height < box.height && box.height - height > 2 * (box.width - width);
  if (columnsFirst) region = resizeColumns(region, height);
  if (width !== box.width) region = resizeRows(region, width);
  if (height !== region.height) region = resizeColumns(region, height);
  if (region.data === picture.data) return crop(picture, box.top, box.left, height, width);
  return { data: region.data, height, width, channels: 3 };
}

function triangleWeights(inSize: number, outSize: number): Weights {
  const scale = inSize / outSize;
  const support = Math.max(scale, 1); // the filter's reach to either side, in input pixels
  const stride = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(outSize);
  const count = new Int32Array(outSize);
  const values = new Int32Array(outSize * stride);
  const raw = new Float64Array(stride);
  for (let out = 0; out < outSize; out++) {
    const center = (out + 0.5) * scale;
    const begin = Math.max(Math.trunc(center - support + 0.5), 0);
    const n = Math.min(Math.trunc(center + support + 0.5), inSize) - begin;
    let sum = 0;
    for (let i = 0; i < n; i++) {
      raw[i] = Math.max(0, 1 - Math.abs((i + begin - center + 0.5) * (1 / support)));
      sum += raw[i];
    }
    for (let i = 0; i < n; i++)
      values[out * stride + i] = Math.trunc(0.5 + (raw[i] / sum) * (1 << PRECISION_BITS));
    first[out] = begin;
    count[out] = n;
  }
  return { first, count, values, stride };
}

/** Along x. The weights add up to one, so a sum never leaves 0 to 255 and needs no clipping. */
function resizeRows({ data, start, rowLength, height, width: oldWidth }: Region, width: number): Region {
  const { first, count, values, stride } = triangleWeights(oldWidth, width);
  const result = new Uint8Array(height * width * 3); // [height, width, 3]
  for (let y = 0, to = 0; y < height; y++) {
    const row = start + y * rowLength;
    for (let x = 0; x < width; x++, to += 3) {
      let from = row + first[x] * 3;
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (let k = x * stride, end = k + count[x]; k < end; k++, from += 3) {
        const weight = values[k];
        red = (red + Math.imul(data[from], weight)) | 0;
        green = (green + Math.imul(data[from + 1], weight)) | 0;
        blue = (blue + Math.imul(data[from + 2], weight)) | 0;
      }
      result[to] = red >> PRECISION_BITS;
      result[to + 1] = green >> PRECISION_BITS;
      result[to + 2] = blue >> PRECISION_BITS;
    }
  }
  return { data: result, start: 0, rowLength: width * 3, height, width };
}

/**
 * Along y, whole rows at a time so that memory is read in order. Three input rows go into a pass: few photographs need
 * more for one output row, and writing sums down between passes takes as long as adding a row to them.
 */
function resizeColumns({ data, start, rowLength, height: oldHeight, width }: Region, height: number): Region {
  const { first, count, values, stride } = triangleWeights(oldHeight, height);
  const length = width * 3;
  const result = new Uint8Array(height * length); // [height, width, 3]
  const sums = new Int32Array(length);
  for (let y = 0, to = 0; y < height; y++, to += length) {
    sums.fill(HALF);
    for (let left = count[y], k = y * stride, a = start + first[y] * rowLength; left > 0; left -= 3, k += 3) {
      const b = left > 1 ? a + rowLength : a; // a row beyond the last is any row with weight 0
      const c = left > 2 ? b + rowLength : a;
      const wa = values[k];
      const wb = left > 1 ? values[k + 1] : 0;
      const wc = left > 2 ? values[k + 2] : 0;
      if (left > 3)
        for (let x = 0; x < length; x++)
          sums[x] += Math.imul(data[a + x], wa) + Math.imul(data[b + x], wb) + Math.imul(data[c + x], wc);
      else
        for (let x = 0; x < length; x++)
          result[to + x] =
            (sums[x] +
              Math.imul(data[a + x], wa) +
              Math.imul(data[b + x], wb) +
              Math.imul(data[c + x], wc)) >>
            PRECISION_BITS;
      a += 3 * rowLength;
    }
  }
  return { data: result, start: 0, rowLength: length, height, width };
}
