import * as tf from '@tensorflow/tfjs-node';
import fs from 'node:fs';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import type { ImageArray, RgbImage } from '../../src/data/image';
import type { Transform } from '../../src/data/transforms';
import type { Network } from '../../src/models/backbones';
import { Random } from '../../src/random';
import { until } from './until';

/** What takes WebAssembly away before a page's own scripts run. */
export const WITHOUT_WASM = 'delete globalThis.WebAssembly';
/** How long a part may take, on a machine that is busy with other tests. */
export const WAIT_MS = 60_000;
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const partOf = (name: string): string => `[data-live="${name}"]`;

export const data = async <T>(page: Page, part: string, name: string): Promise<T> =>
  JSON.parse((await page.locator(partOf(part)).getAttribute(`data-${name}`)) ?? 'null') as T;

/** Shows a file to the home page's network, and returns its logits. */
export async function look(page: Page, buffer: Buffer, mimeType = 'image/png'): Promise<number[]> {
  const next = (await data<number>(page, 'picture', 'answers')) + 1;
  await page.locator(`${partOf('picture')} input[type=file]`).setInputFiles({ name: 'a', mimeType, buffer });
  await until(page, `document.querySelector('${partOf('picture')}').dataset.answers === '${next}'`);
  return data(page, 'picture', 'logits');
}

/** Drops a picture's file onto the place for it. */
export const dropped = (page: Page, png: Buffer): Promise<void> =>
  page.evaluate(`(() => {
    const bytes = Uint8Array.from(atob('${png.toString('base64')}'), (char) => char.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], 'dropped.png', { type: 'image/png' }));
    const place = document.querySelector('.live-drop');
    for (const type of ['dragover', 'drop'])
      place.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  })()`);

/** What a network here says of a picture. */
export async function logitsHere(network: Network, transform: Transform, png: Buffer): Promise<Float32Array> {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const { height, width } = info;
  const image: RgbImage = { data: new Uint8Array(data), height, width, channels: 3 };
  const input = transform.forward(image, new Random(0)) as ImageArray;
  const shape: [number, number, number, number] = [1, input.height, input.width, 3];
  return tf.tidy(() => network.forward(tf.tensor4d(input.data, shape)).dataSync<'float32'>().slice());
}

export const furthest = (one: ArrayLike<number>, other: ArrayLike<number>): number =>
  Math.max(...Array.from(one, (value, i) => Math.abs(value - other[i])));

/** A picture of soft spots, higher than wide. */
export const spots = (): Promise<Buffer> => {
  const random = new Random(4);
  const data = Uint8Array.from({ length: 9 * 7 * 3 }, () => random.integer(256));
  return sharp(data, { raw: { width: 7, height: 9, channels: 3 } })
    .resize(70, 90, { fit: 'fill', kernel: 'cubic' })
    .png()
    .toBuffer();
};

export async function accessibility(page: Page, part: string): Promise<string[]> {
  await page.evaluate(axe);
  type Result = { violations: { id: string; nodes: { html: string }[] }[] };
  const options = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], preload: false };
  const { violations } = await page.evaluate<Result>(
    `axe.run(${JSON.stringify(partOf(part))}, ${JSON.stringify(options)})`,
  );
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
}
