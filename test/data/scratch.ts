import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { decodeImage } from '../../src/data/decode/decode';
import { ImageError } from '../../src/data/decode/error';
import type { CropBox, RgbImage } from '../../src/data/image';
import { golden } from './golden';

export const scratch = mkdtempSync(join(tmpdir(), 'decode-'));
after(() => rmSync(scratch, { recursive: true }));

/** Writes a file into a folder that is removed after the tests. */
export function write(path: string, content: string | Uint8Array): string {
  const full = join(scratch, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, content);
  return full;
}

/** One of the files in golden.decoded. */
export function goldenFile(name: string): Buffer {
  const entry = golden.decoded.find((one) => one.name === name);
  assert.ok(entry, name);
  return Buffer.from(entry.file, 'base64');
}

/** The picture, or the reason why it was refused. */
export async function decode(path: string, box?: CropBox): Promise<RgbImage | string> {
  try {
    return await decodeImage(path, undefined, box && (() => box));
  } catch (error) {
    assert.ok(error instanceof ImageError, String(error));
    return error.reason;
  }
}

/** The same of a file with this content. */
export async function decodeBytes(
  name: string,
  bytes: string | Uint8Array,
  box?: CropBox,
): Promise<RgbImage | string> {
  return decode(write(`bytes/${name}`, bytes), box);
}

/** The smallest part there is. */
export const CORNER = { top: 0, left: 0, height: 1, width: 1 };

/** Why it was refused. */
export function reasonOf(outcome: RgbImage | string): string {
  return typeof outcome === 'string' ? outcome : `decoded to ${outcome.height}x${outcome.width}`;
}
