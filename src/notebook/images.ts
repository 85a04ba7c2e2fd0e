import type * as tf from '@tensorflow/tfjs-node';
import sharp from 'sharp';
import { escapeHtml, show } from './display';
import { extentOf } from './extent';
import {
  type CanvasLike,
  type Picture,
  type ValueOptions,
  dataUri,
  encodePicture,
  unbatch,
  viridis,
} from './picture';

export interface ShowImagesOptions extends ValueOptions {
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

/**
 * Shows pictures side by side: arrays from a data set, tensors [H, W, C] or [N, H, W, C] (float32 in [0, 1], int32 in
 * 0..255), canvases and paths of files, or a list of any of them. The tensors stay the caller's.
 */
export async function showImages(
  images: Picture | readonly Picture[],
  options: ShowImagesOptions = {},
): Promise<void> {
  const { titles = [], columns = 6, caption } = options;
  const pictures = await unbatch(images);
  if (titles.length > 0 && titles.length !== pictures.length) {
    throw new Error(`showImages: ${pictures.length} pictures need as many titles; got ${titles.length}.`);
  }
  const alt =
    options.alt ?? [caption ?? `${pictures.length} pictures`, titles.join(', ')].filter(Boolean).join(': ');
  const figures = await Promise.all(
    pictures.map(async (picture, index) => {
      const { uri, width, height } = await encodePicture(
        picture,
        options.scale ?? naturalScale(picture),
        options,
      );
      const title = titles[index];
      const name = escapeHtml(
        title ?? (pictures.length === 1 ? alt : `picture ${index + 1} of ${pictures.length}`),
      );
      const image = `<img src="${uri}" alt="${name}" width="${Math.round(width)}" height="${Math.round(height)}" style="max-width:100%;height:auto;margin:0">`;
      const below =
        title === undefined
          ? ''
          : `<figcaption style="font-size:smaller;text-align:center">${escapeHtml(title)}</figcaption>`;
      return { width, html: `<figure style="margin:0;text-align:center">${image}${below}</figure>` };
    }),
  );
  const widest = Math.round(Math.max(1, ...figures.map(({ width }) => width)));
  const across = Math.min(columns, figures.length);
  // As many columns as fit, each as wide as the widest picture, never more than asked for.
  const grid =
    `display:grid;gap:8px;align-items:start;max-width:${across * (widest + 8)}px;` +
    `grid-template-columns:repeat(auto-fill,minmax(min(${widest}px,100%),1fr))`;
  const below = caption ? `<figcaption>${escapeHtml(caption)}</figcaption>` : '';
  show(
    {
      'text/html': `<figure role="group" aria-label="${escapeHtml(alt)}" style="margin:0"><div style="${grid}">${figures.map(({ html }) => html).join('\n')}</div>${below}</figure>`,
      'text/plain': alt,
    },
    { figure: { caption: caption ?? '' } },
  );
}

function naturalScale(picture: Picture): number {
  if (typeof picture === 'string') return 0.5; // files are brought to 512 pixels: sharp on screens with two pixels to the point
  const { width } = picture as { width: number };
  return width >= 128 ? Math.min(1, 224 / width) : Math.max(1, Math.round(128 / width));
}

/** Shows a drawing at its own size. */
export async function showCanvas(
  canvas: CanvasLike,
  options: { caption?: string; alt?: string; scale?: number } = {},
): Promise<void> {
  await showImages(canvas, { scale: 1, columns: 1, ...options });
}

export interface FeatureMapOptions {
  /** Which channels, or how many from the first on. Default: the first 32. */
  channels?: number | readonly number[];
  /** Maps side by side. Default 8. */
  columns?: number;
  /** Which picture of the batch. Default 0. */
  index?: number;
  /** 'each' stretches every map over the whole scale, 'all' gives them one scale, so that they can be compared. Default 'each'. */
  scale?: 'each' | 'all';
  /** Default 'viridis'. */
  colors?: 'viridis' | 'grey';
  caption?: string;
  alt?: string;
}

/** Shows what a layer makes of a picture: channels of an activation [N, H, W, C] as one image each. The tensor stays the caller's. */
export async function showFeatureMaps(activation: tf.Tensor, options: FeatureMapOptions = {}): Promise<void> {
  const { png, width, height, caption } = await featureMaps(activation, options);
  const alt = escapeHtml(options.alt ?? caption);
  show(
    {
      'text/html': `<figure style="margin:0"><img src="${dataUri('png', png)}" alt="${alt}" width="${width}" height="${height}" style="max-width:100%;height:auto"><figcaption>${escapeHtml(options.caption ?? caption)}</figcaption></figure>`,
      'text/plain': options.alt ?? caption,
    },
    { figure: { caption: options.caption ?? caption } },
  );
}

const GAP = 4; // pixels between maps
const MAP_SIDE = 96; // pixels: small maps are enlarged to about this

/** Maps drawn as one picture, its size in pixels and a line that says what it shows. */
export interface FeatureMaps {
  png: Buffer;
  width: number;
  height: number;
  caption: string;
}

/** The maps of `showFeatureMaps` as one PNG. */
export async function featureMaps(
  activation: tf.Tensor,
  options: FeatureMapOptions = {},
): Promise<FeatureMaps> {
  if (activation.rank !== 4)
    throw new Error(`showFeatureMaps: expected an activation [N, H, W, C], got [${activation.shape}].`);
  const [batch, height, width, depth] = activation.shape;
  const { columns = 8, index = 0, scale = 'each', colors = 'viridis' } = options;
  if (!(index >= 0 && index < batch))
    throw new Error(`showFeatureMaps: picture ${index} of a batch of ${batch}; the first is 0.`);
  const wanted = options.channels ?? 32;
  const channels =
    typeof wanted === 'number' ? Array.from({ length: Math.min(wanted, depth) }, (_, c) => c) : [...wanted];
  const missing = channels.find((c) => !(Number.isInteger(c) && c >= 0 && c < depth));
  if (missing !== undefined || channels.length === 0) {
    throw new Error(`showFeatureMaps: channel ${missing ?? 'none'} of ${depth}; the first is 0.`);
  }
  const all = await activation.data();
  const size = height * width;
  const maps = channels.map((c) =>
    Float32Array.from({ length: size }, (_, p) => all[(index * size + p) * depth + c]),
  );
  const ranges = maps.map((map): [number, number] => extentOf(map) ?? [0, 0]);
  const shared = extentOf(...maps) ?? [0, 0];

  const zoom = Math.max(1, Math.round(MAP_SIDE / width));
  const across = Math.min(columns, maps.length);
  const down = Math.ceil(maps.length / across);
  const total = { width: across * (width * zoom + GAP) - GAP, height: down * (height * zoom + GAP) - GAP };
  const pixels = new Uint8Array(total.width * total.height * 4); // the gaps stay transparent
  maps.forEach((map, m) => {
    const [low, high] = scale === 'all' ? shared : ranges[m];
    const left = (m % across) * (width * zoom + GAP);
    const top = Math.floor(m / across) * (height * zoom + GAP);
    for (let y = 0; y < height * zoom; y++) {
      for (let x = 0; x < width * zoom; x++) {
        const value = (map[Math.floor(y / zoom) * width + Math.floor(x / zoom)] - low) / (high - low || 1);
        const grey = Math.round(value * 255);
        pixels.set(
          [...(colors === 'viridis' ? viridis(value) : [grey, grey, grey]), 255],
          ((top + y) * total.width + left + x) * 4,
        );
      }
    }
  });
  const png = await sharp(pixels, { raw: { ...total, channels: 4 } })
    .png({ palette: true })
    .toBuffer();
  const range =
    scale === 'all'
      ? `from ${shared[0].toPrecision(3)} to ${shared[1].toPrecision(3)}`
      : 'each from its lowest to its highest value';
  const caption = `${maps.length} of ${depth} channels, ${height} × ${width}, ${range}`;
  return { png, ...total, caption };
}
