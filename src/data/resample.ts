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

/**
 * Pillow's `Image.resize` with BILINEAR, bit for bit: a triangle filter that widens with the reduction (antialiasing),
 * first along the rows, then along the columns, rounded to 8 bits after each. An axis that keeps its size is not touched.
 * https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c
 *
 * @param box - the part of `picture` to resize; default all of it. The same as cropping first.
 */
export function resize(
  picture: RgbImage,
  height: number,
  width: number,
  box = { top: 0, left: 0, height: picture.height, width: picture.width },
): RgbImage {
  let source: Uint8Array = picture.data;
  let start = (box.top * picture.width + box.left) * 3;
  let rowLength = picture.width * 3;

  if (width !== box.width) {
    const narrow = new Uint8Array(box.height * width * 3); // [box.height, width, 3]
    resizeRows(source, start, rowLength, box.height, narrow, triangleWeights(box.width, width));
    source = narrow;
    start = 0;
    rowLength = width * 3;
  }
  const data = new Uint8Array(height * width * 3); // [height, width, 3]
  if (height !== box.height) {
    resizeColumns(source, start, rowLength, width * 3, data, triangleWeights(box.height, height));
  } else {
    for (let y = 0; y < height; y++) {
      const from = start + y * rowLength;
      data.set(source.subarray(from, from + width * 3), y * width * 3);
    }
  }
  return { data, height, width, channels: 3 };
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
    const factor = sum === 0 ? 1 : 1 / sum;
    for (let i = 0; i < n; i++)
      values[out * stride + i] = Math.trunc(0.5 + raw[i] * factor * (1 << PRECISION_BITS));
    first[out] = begin;
    count[out] = n;
  }
  return { first, count, values, stride };
}

/** Along x. The weights are convex, so a sum never leaves 0 to 255 and needs no clipping. */
function resizeRows(
  source: Uint8Array,
  start: number,
  rowLength: number,
  rows: number,
  target: Uint8Array,
  { first, count, values, stride }: Weights,
): void {
  const columns = first.length;
  for (let y = 0, to = 0; y < rows; y++) {
    const row = start + y * rowLength;
    for (let x = 0; x < columns; x++, to += 3) {
      let from = row + first[x] * 3;
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (let k = x * stride, end = k + count[x]; k < end; k++, from += 3) {
        const weight = values[k];
        red = (red + Math.imul(source[from], weight)) | 0;
        green = (green + Math.imul(source[from + 1], weight)) | 0;
        blue = (blue + Math.imul(source[from + 2], weight)) | 0;
      }
      target[to] = red >> PRECISION_BITS;
      target[to + 1] = green >> PRECISION_BITS;
      target[to + 2] = blue >> PRECISION_BITS;
    }
  }
}

/** Along y, one whole row of sums at a time so that memory is read in order. */
function resizeColumns(
  source: Uint8Array,
  start: number,
  rowLength: number,
  length: number,
  target: Uint8Array,
  { first, count, values, stride }: Weights,
): void {
  const sums = new Int32Array(length);
  for (let y = 0; y < first.length; y++) {
    sums.fill(HALF);
    for (let k = 0; k < count[y]; k++) {
      const weight = values[y * stride + k];
      const from = start + (first[y] + k) * rowLength;
      for (let x = 0; x < length; x++) sums[x] = (sums[x] + Math.imul(source[from + x], weight)) | 0;
    }
    const to = y * length;
    for (let x = 0; x < length; x++) target[to + x] = sums[x] >> PRECISION_BITS;
  }
}
