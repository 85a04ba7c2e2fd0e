import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crop } from './geometry';
import { type CropBox, ImageSizeError, MAX_PIXELS, type RgbImage } from './image';

/**
 * Bits after the binary point of a weight. A sum of products with 8-bit pixels then stays below 2^31
 * (Pillow's Resample.c: PRECISION_BITS = 32 - 8 - 2).
 */
const PRECISION_BITS = 22;

/** What resample.wat is translated to. Source, target and records are addresses in its memory. */
interface Loops {
  memory: WebAssembly.Memory;
  resizeRows(
    source: number,
    rowLength: number,
    height: number,
    target: number,
    width: number,
    ...to: Records
  ): void;
  resizeColumns(source: number, rowLength: number, height: number, target: number, ...to: Records): void;
}

/** What each output position is summed up from, in records of so many bytes: see resample.wat. */
type Records = [address: number, bytesEach: number];

/** A picture in the loops' memory, row after row. */
interface Region {
  address: number;
  height: number;
  width: number;
}

const compiled = new WebAssembly.Module(readFileSync(join(__dirname, 'resample.wasm')));
/** Memory that is kept for the next picture, in bytes. It grows with a picture, but never shrinks. */
const KEPT_BYTES = 2 ** 26;
let instance: WebAssembly.Instance | undefined;

/**
 * Pillow's `Image.resize` with BILINEAR, bit for bit: a triangle filter that widens with the reduction (antialiasing),
 * along one axis and then along the other, rounded to 8 bits after each. An axis that keeps its size is not touched.
 * Rows first, as in all of Pillow, except that since Pillow 13 columns go first where the height shrinks by more than
 * twice as many pixels as the width (an older Pillow differs by 1/255 in some pixels there).
 * https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c and pull request 9549
 *
 * @param box - the part of `picture` to resize; default all of it. The same as cropping first.
 * @throws ImageSizeError when the result would have more than `MAX_PIXELS`, or the work need more memory than there is.
 */
export function resize(
  picture: RgbImage,
  height: number,
  width: number,
  box: CropBox = { top: 0, left: 0, height: picture.height, width: picture.width },
): RgbImage {
  if (height === box.height && width === box.width) return crop(picture, box.top, box.left, height, width);
  if (box.height < 1 || box.width < 1 || height * width > MAX_PIXELS)
    throw new ImageSizeError(
      `has ${picture.height}x${picture.width} pixels, of which ${box.height}x${box.width} would become ${height}x${width}: ` +
        `a resize makes something of at least one pixel, and at most ${MAX_PIXELS}`,
    );
  instance ??= new WebAssembly.Instance(compiled);
  const loops: unknown = instance.exports;
  const scratch = new Scratch(loops as Loops);
  let region = scratch.load(picture, box);
  const columnsFirst = height < box.height && box.height - height > 2 * (box.width - width);
  if (columnsFirst) region = scratch.resizeColumns(region, height);
  if (width !== box.width) region = scratch.resizeRows(region, width);
  if (height !== region.height) region = scratch.resizeColumns(region, height);
  const data = scratch.bytes(region).slice();
  if (scratch.size > KEPT_BYTES) instance = undefined;
  return { data, height, width, channels: 3 };
}

/** The memory of the loops, given out piece by piece for one picture. */
class Scratch {
  private used = 0;

  constructor(private readonly loops: Loops) {}

  get size(): number {
    return this.loops.memory.buffer.byteLength;
  }

  bytes({ address, height, width }: Region): Uint8Array {
    return new Uint8Array(this.loops.memory.buffer, address, height * width * 3);
  }

  load({ data, width: pictureWidth }: RgbImage, { top, left, height, width }: CropBox): Region {
    const region = this.region(height, width);
    const bytes = this.bytes(region);
    for (let y = 0; y < height; y++) {
      const start = ((top + y) * pictureWidth + left) * 3;
      bytes.set(data.subarray(start, start + width * 3), y * width * 3);
    }
    return region;
  }

  resizeRows({ address, height, width }: Region, newWidth: number): Region {
    const records = this.records(width, newWidth, 3);
    const result = this.region(height, newWidth);
    this.loops.resizeRows(address, width * 3, height, result.address, newWidth, ...records);
    return result;
  }

  resizeColumns({ address, height, width }: Region, newHeight: number): Region {
    const records = this.records(height, newHeight, width * 3);
    const result = this.region(newHeight, width);
    this.loops.resizeColumns(address, width * 3, newHeight, result.address, ...records);
    return result;
  }

  private region(height: number, width: number): Region {
    return { address: this.take(height * width * 3), height, width };
  }

  /** The address of `bytes` bytes; there may be written and read a little beyond them. */
  private take(bytes: number): number {
    const address = this.used;
    this.used += (bytes + 31) & ~15; // a row's last step of 16 bytes may begin in its last byte
    const lack = this.used - this.size;
    try {
      if (bytes >= 2 ** 31) throw new RangeError('an offset does not fit into an i32');
      if (lack > 0) this.loops.memory.grow(Math.ceil(lack / 2 ** 16));
    } catch (cause) {
      instance = undefined;
      throw new ImageSizeError(`is too large to be resized in WebAssembly's memory (${this.used} bytes)`, {
        cause,
      });
    }
    return address;
  }

  /** @param step - bytes from one input to the next. */
  private records(inSize: number, outSize: number, step: number): Records {
    const scale = inSize / outSize;
    const support = Math.max(scale, 1); // the filter's reach to either side, in input pixels
    const most = Math.ceil(support) * 2 + 1;
    const length = 2 + most;
    const address = this.take(outSize * length * 4);
    const records = new Int32Array(this.loops.memory.buffer, address, outSize * length);
    const raw = new Float64Array(most);
    for (let out = 0; out < outSize; out++) {
      const center = (out + 0.5) * scale;
      const begin = Math.max(Math.trunc(center - support + 0.5), 0);
      const n = Math.min(Math.trunc(center + support + 0.5), inSize) - begin;
      let sum = 0;
      for (let i = 0; i < n; i++) {
        raw[i] = Math.max(0, 1 - Math.abs((i + begin - center + 0.5) * (1 / support)));
        sum += raw[i];
      }
      const at = out * length;
      records[at] = begin * step;
      records[at + 1] = n * 4;
      for (let i = 0; i < n; i++)
        records[at + 2 + i] = Math.trunc(0.5 + (raw[i] / sum) * (1 << PRECISION_BITS));
    }
    return [address, length * 4];
  }
}
