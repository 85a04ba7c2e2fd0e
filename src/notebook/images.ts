import sharp from 'sharp';
import { denormalize } from '../data/grid';
import type { ImageArray } from '../data/image';
import { escapeHtml } from '../html';
import { showHtmlFigure } from './figure';
import { valueRange } from './valueRange';

/** A picture as data sets give it, with values from 0 to 1, or a file's path. */
export type Picture = ImageArray | string;

/** Undoes `Normalize`: the mean and standard deviation, channel by channel, that were taken off. */
export interface Normalized {
  mean?: readonly number[];
  std?: readonly number[];
}

export interface ShowImagesOptions extends Normalized {
  /** A line below each picture, such as its class. */
  titles?: readonly string[];
  /** Pictures side by side at most; narrow pages show fewer. Default 6. */
  columns?: number;
  /** Times the pictures' own size. Default: what brings the first to about 128 pixels across (224 for photographs). */
  scale?: number;
  /** A line below them all. */
  caption?: string;
  /** What they show, in a sentence, for those who can't see them. Default: the caption and the titles. */
  alt?: string;
}

const JPEG_FROM = 128; // pixels: from here photographs are a fifth as large as JPEG; below, every pixel is to be seen as it is
const LONGEST_SIDE = 512; // pixels of a photograph on a page, however large its file

/** Shows pictures side by side: arrays from a data set, or paths of files. For a tensor see `makeGrid`. */
export async function showImages(
  images: Picture | readonly Picture[],
  options: ShowImagesOptions = {},
): Promise<void> {
  const pictures = Array.isArray(images) ? (images as readonly Picture[]) : [images as Picture];
  const { titles = [], columns = 6, caption, scale } = options;
  if (titles.length > 0 && titles.length !== pictures.length)
    throw new Error(`showImages: ${pictures.length} pictures need as many titles; got ${titles.length}.`);
  const described = [caption ?? `${pictures.length} pictures`, titles.join(', ')].filter(Boolean);
  const { alt = described.join(': ') } = options;
  const encoded = await Promise.all(
    pictures.map((picture) => encodePicture(picture, scale ?? naturalScale(picture), options)),
  );
  const figures = encoded.map(({ uri, width, height }, i) => {
    const title = titles.length > 0 ? escapeHtml(titles[i]) : undefined;
    const name = title ?? escapeHtml(pictures.length === 1 ? alt : `picture ${i + 1} of ${pictures.length}`);
    const image = `<img src="${uri}" alt="${name}" width="${Math.round(width)}" height="${Math.round(height)}" style="max-width:100%;height:auto;margin:0">`;
    const below =
      title === undefined
        ? ''
        : `<figcaption style="font-size:smaller;text-align:center">${title}</figcaption>`;
    return `<figure style="margin:0;text-align:center">${image}${below}</figure>`;
  });
  const widest = Math.round(Math.max(1, ...encoded.map(({ width }) => width)));
  const across = Math.min(columns, figures.length);
  // As many columns as fit, each as wide as the widest picture, never more than asked for.
  const grid =
    `display:grid;gap:8px;align-items:start;max-width:${across * (widest + 8)}px;` +
    `grid-template-columns:repeat(auto-fill,minmax(min(${widest}px,100%),1fr))`;
  const group = `role="group" aria-label="${escapeHtml(alt)}" `;
  showHtmlFigure(`<div style="${grid}">${figures.join('\n')}</div>`, alt, caption, group);
}

function naturalScale(picture: Picture): number {
  if (typeof picture === 'string') return 0.5; // files are brought to 512 pixels: sharp on screens with two pixels to the point
  const { width } = picture;
  return width >= JPEG_FROM ? Math.min(1, 224 / width) : Math.max(1, Math.round(JPEG_FROM / width));
}

type Encoded = { uri: string; width: number; height: number };

/** A picture encoded for a page. @param scale - times its own size; integers keep each pixel a square. */
export async function encodePicture(
  picture: Picture,
  scale: number,
  options: Normalized = {},
): Promise<Encoded> {
  if (typeof picture === 'string') return encodeFile(picture, scale);
  const { height, width, channels } = picture;
  const image = sharp(toBytes(picture, options), { raw: { width, height, channels } });
  const size = { width: Math.round(width * scale), height: Math.round(height * scale) };
  if (width >= JPEG_FROM)
    return { uri: dataUri('jpeg', await image.jpeg({ quality: 85 }).toBuffer()), ...size };
  const enlarged = image.resize({ ...size, kernel: 'nearest', fit: 'fill' });
  return { uri: dataUri('png', await enlarged.png().toBuffer()), ...size };
}

async function encodeFile(path: string, scale: number): Promise<Encoded> {
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

/** Bytes as a link that holds them. */
export function dataUri(type: 'png' | 'jpeg', bytes: Buffer): string {
  return `data:image/${type};base64,${bytes.toString('base64')}`;
}

/** Values to bytes: [0, 1] to 0..255, after undoing a Normalize. */
function toBytes(picture: ImageArray, { mean, std }: Normalized): Uint8Array {
  const { data } = mean || std ? denormalize(picture, mean ?? [], std ?? []) : picture;
  const [low, high] = valueRange(data) ?? [0, 1];
  if (low < -0.01 || high > 1.01)
    throw new Error(
      `A picture's values must lie in [0, 1]; these run from ${low.toPrecision(3)} to ${high.toPrecision(3)}. ` +
        'Pass { mean, std } to undo a Normalize, or stretch them with makeGrid([picture], { normalize: true }).',
    );
  return Uint8Array.from(data, (v) => Math.max(0, Math.min(255, Math.round(v * 255))));
}
