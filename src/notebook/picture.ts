import * as tf from '@tensorflow/tfjs-node';
import sharp from 'sharp';
import { extentOf } from './extent';
import { VIRIDIS } from './house';

/** A picture on the host: rows of pixels, channels last, float values in [0, 1]; what data sets give (`ImageArray`). */
export interface PictureArray {
  readonly data: ArrayLike<number>;
  readonly height: number;
  readonly width: number;
  /** 1 (grey), 3 (red, green, blue) or 4 (and opacity). */
  readonly channels: number;
}

/** What canvas gives: `createCanvas(width, height)`. */
export interface CanvasLike {
  readonly width: number;
  readonly height: number;
  toBuffer(mimeType: 'image/png'): Buffer;
}

/** A picture, in any of the ways that the workbook holds one; a string is a file's path. */
export type Picture = PictureArray | tf.Tensor | CanvasLike | string;

/** How numbers become brightness. */
export interface ValueOptions {
  /** Undoes `Normalize`: the mean and standard deviation, channel by channel, that were taken off. */
  mean?: readonly number[];
  std?: readonly number[];
  /** Draws the lowest value black and the highest white (torchvision's make_grid calls it normalize). Default false. */
  stretch?: boolean;
}

/** A picture encoded for a page. */
export interface EncodedPicture {
  uri: string;
  width: number;
  height: number;
}

const JPEG_FROM = 128; // pixels: from here photographs are a fifth as large as JPEG; below, every pixel is to be seen as it is
const LONGEST_SIDE = 512; // pixels of a photograph on a page, however large its file

/** Takes apart what the reader passed: a batch of pictures counts as each of its pictures. No tensor is left behind. */
export async function unbatch(pictures: Picture | readonly Picture[]): Promise<Picture[]> {
  const list = Array.isArray(pictures) ? (pictures as readonly Picture[]) : [pictures as Picture];
  const nested = await Promise.all(
    list.map(async (one) => (one instanceof tf.Tensor ? tensorPictures(one) : [one])),
  );
  return nested.flat();
}

async function tensorPictures(tensor: tf.Tensor): Promise<PictureArray[]> {
  if (tensor.rank !== 3 && tensor.rank !== 4) {
    throw new Error(
      `A picture's tensor must be [H, W, C], or [N, H, W, C] for a batch; got [${tensor.shape}].`,
    );
  }
  const [height, width, channels] = tensor.shape.slice(-3);
  const raw = await tensor.data();
  const size = height * width * channels;
  const data = tensor.dtype === 'int32' ? Float32Array.from(raw, (v) => v / 255) : Float32Array.from(raw);
  return Array.from({ length: data.length / size }, (_, n) => ({
    data: data.subarray(n * size, (n + 1) * size),
    height,
    width,
    channels,
  }));
}

/** @param scale - times the picture's own size; whole numbers keep each pixel a square. */
export async function encodePicture(
  picture: Picture,
  scale: number,
  options: ValueOptions = {},
): Promise<EncodedPicture> {
  if (typeof picture === 'string') return encodeFile(picture, scale);
  if (isCanvas(picture)) {
    const { width, height } = picture;
    return {
      uri: dataUri('png', picture.toBuffer('image/png')),
      width: width * scale,
      height: height * scale,
    };
  }
  if (picture instanceof tf.Tensor) throw new Error('encodePicture: pass a tensor through unbatch first.');
  const { height, width, channels } = picture;
  if (channels !== 1 && channels !== 3 && channels !== 4) {
    throw new Error(
      `A picture has 1, 3 or 4 channels, got ${channels}; for feature maps use showFeatureMaps.`,
    );
  }
  const pixels = toBytes(picture, options);
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  const image = sharp(pixels, { raw: { width, height, channels } });
  if (width < JPEG_FROM || channels === 4) {
    const png = await image.resize(w, h, { kernel: 'nearest', fit: 'fill' }).png().toBuffer();
    return { uri: dataUri('png', png), width: w, height: h };
  }
  return { uri: dataUri('jpeg', await image.jpeg({ quality: 85 }).toBuffer()), width: w, height: h };
}

async function encodeFile(path: string, scale: number): Promise<EncodedPicture> {
  const turned = sharp(path).rotate(); // as the camera was held
  const { data, info } = await turned
    .resize(LONGEST_SIDE, LONGEST_SIDE, { fit: 'inside', withoutEnlargement: true })
    .flatten({ background: '#ffffff' })
    .jpeg({ quality: 85 })
    .toBuffer({ resolveWithObject: true })
    .catch((error: unknown) => {
      throw new Error(
        `The picture ${path} can't be read: ${error instanceof Error ? error.message : String(error)}`,
      );
    });
  return { uri: dataUri('jpeg', data), width: info.width * scale, height: info.height * scale };
}

function isCanvas(picture: Picture): picture is CanvasLike {
  return typeof (picture as CanvasLike).toBuffer === 'function';
}

export function dataUri(type: 'png' | 'jpeg', bytes: Buffer): string {
  return `data:image/${type};base64,${bytes.toString('base64')}`;
}

/** Values to bytes: [0, 1] to 0..255, after undoing what the options say. */
function toBytes({ data, channels }: PictureArray, { mean, std, stretch }: ValueOptions): Uint8Array {
  const values = Float32Array.from(data);
  if (mean || std) {
    if (mean?.length !== channels || std?.length !== channels) {
      throw new Error(
        `mean and std must both have ${channels} values, one a channel; got ${mean?.length ?? 0} and ${std?.length ?? 0}.`,
      );
    }
    for (let i = 0; i < values.length; i++) values[i] = values[i] * std[i % channels] + mean[i % channels];
  }
  const [low, high] = extentOf(values) ?? [0, 1];
  if (!stretch && (low < -0.01 || high > 1.01)) {
    throw new Error(
      `A picture's values must lie in [0, 1]; these run from ${low.toPrecision(3)} to ${high.toPrecision(3)}. ` +
        'Pass { mean, std } to undo a Normalize, or { stretch: true } to draw the lowest black and the highest white.',
    );
  }
  const [black, white] = stretch ? [low, high] : [0, 1];
  return Uint8Array.from(values, (v) =>
    Math.max(0, Math.min(255, Math.round(((v - black) / (white - black || 1)) * 255))),
  );
}

/** Where a value between 0 and 1 lies in viridis, as red, green and blue bytes. */
export function viridis(value: number): [number, number, number] {
  const place = Math.max(0, Math.min(1, value)) * (VIRIDIS.length - 1);
  const index = Math.min(Math.floor(place), VIRIDIS.length - 2);
  const channel = (color: string, c: number) => parseInt(color.slice(1 + 2 * c, 3 + 2 * c), 16);
  const mix = (c: number) => {
    const [a, b] = [channel(VIRIDIS[index], c), channel(VIRIDIS[index + 1], c)];
    return Math.round(a + (b - a) * (place - index));
  };
  return [mix(0), mix(1), mix(2)];
}
