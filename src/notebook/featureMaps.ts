import type * as tf from '@tensorflow/tfjs-node';
import sharp from 'sharp';
import { escapeHtml } from '../html';
import { showHtmlFigure } from './figure';
import { dataUri } from './images';
import { BLUE_RED, VIRIDIS } from './style';
import { valueRange } from './valueRange';

const PALETTES = { viridis: VIRIDIS, grey: ['#000000', '#ffffff'], 'blue-red': BLUE_RED } as const;

export interface FeatureMapOptions {
  /** Which channels, or how many from the first on. Default: the first 32. */
  channels?: number | readonly number[];
  /** Maps side by side. Default 8. */
  columns?: number;
  /** 'each' stretches every map over the colours, 'all' gives them one scale, so that they can be compared. Default 'each'. */
  scale?: 'each' | 'all';
  /** 'blue-red' is for numbers of both signs: white at 0, blue below it, red above. Default 'viridis'. */
  colors?: keyof typeof PALETTES;
  caption?: string;
}

/**
 * Shows what a layer makes of a picture (of the first in its batch): channels of an activation [N, H, W, C] as one image
 * each. The tensor stays the caller's.
 */
export async function showFeatureMaps(activation: tf.Tensor, options: FeatureMapOptions = {}): Promise<void> {
  const { png, width, height, caption } = await featureMaps(activation, options);
  const image = `<img src="${dataUri('png', png)}" alt="${escapeHtml(caption)}" width="${width}" height="${height}" style="max-width:100%;height:auto">`;
  showHtmlFigure(image, caption, options.caption ?? caption);
}

const GAP = 4; // pixels between maps
const MAP_SIDE = 96; // pixels: small maps are enlarged to about this

/** The maps of `showFeatureMaps` as one PNG, its size in pixels, and a line that says what it shows. */
export async function featureMaps(
  activation: tf.Tensor,
  options: FeatureMapOptions = {},
): Promise<{ png: Buffer; width: number; height: number; caption: string }> {
  if (activation.rank !== 4)
    throw new Error(`showFeatureMaps: expected an activation [N, H, W, C], got [${activation.shape}].`);
  const [, height, width, depth] = activation.shape;
  const { channels: wanted = 32, columns = 8, scale = 'each', colors = 'viridis' } = options;
  const channels =
    typeof wanted === 'number' ? Array.from({ length: Math.min(wanted, depth) }, (_, c) => c) : wanted;
  const missing = channels.find((c) => !(Number.isInteger(c) && c >= 0 && c < depth));
  if (missing !== undefined || channels.length === 0)
    throw new Error(`showFeatureMaps: channel ${missing ?? 'none'} of ${depth}; the first is 0.`);
  const all = await activation.data();
  const maps = channels.map((c) =>
    Float32Array.from({ length: height * width }, (_, p) => all[p * depth + c]),
  );
  const shared = valueRange(...maps) ?? [0, 0];

  const zoom = Math.max(1, Math.round(MAP_SIDE / width));
  const across = Math.min(columns, maps.length);
  const down = Math.ceil(maps.length / across);
  const total = { width: across * (width * zoom + GAP) - GAP, height: down * (height * zoom + GAP) - GAP };
  const pixels = new Uint8Array(total.width * total.height * 4); // the gaps stay transparent
  maps.forEach((map, m) => {
    const ends = scale === 'all' ? shared : (valueRange(map) ?? [0, 0]);
    const furthest = Math.max(...ends.map(Math.abs));
    const [low, high] = colors === 'blue-red' ? [-furthest, furthest] : ends;
    const left = (m % across) * (width * zoom + GAP);
    const top = Math.floor(m / across) * (height * zoom + GAP);
    for (let y = 0; y < height * zoom; y++) {
      for (let x = 0; x < width * zoom; x++) {
        const value = (map[Math.floor(y / zoom) * width + Math.floor(x / zoom)] - low) / (high - low || 1);
        pixels.set([...colorAt(PALETTES[colors], value), 255], ((top + y) * total.width + left + x) * 4);
      }
    }
  });
  const image = sharp(pixels, { raw: { ...total, channels: 4 } }).png({ palette: true });
  const range =
    scale === 'all'
      ? `from ${shared[0].toPrecision(3)} to ${shared[1].toPrecision(3)}`
      : 'each from its lowest to its highest value';
  const caption = `${maps.length} of ${depth} channels, ${height} × ${width}, ${range}`;
  return { png: await image.toBuffer(), ...total, caption };
}

/** Where a value between 0 and 1 lies among colours, as red, green and blue bytes. */
export function colorAt(colors: readonly string[], value: number): [number, number, number] {
  const place = Math.max(0, Math.min(1, value)) * (colors.length - 1);
  const index = Math.min(Math.floor(place), colors.length - 2);
  const channel = (color: string, c: number) => parseInt(color.slice(1 + 2 * c, 3 + 2 * c), 16);
  const mix = (c: number) => {
    const [a, b] = [channel(colors[index], c), channel(colors[index + 1], c)];
    return Math.round(a + (b - a) * (place - index));
  };
  return [mix(0), mix(1), mix(2)];
}
