// @ts-check
// torchvision's resnet.py, which chapter 3 shows beside the library's own: one file out of its wheel, with its licence.
// It is read, never imported, since it needs torch. Nothing else needs it, so what can't be had is said and left out.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { readText, replaceFolder, writeWhole } from '../lib/files.mjs';
import { cache } from '../lib/paths.mjs';
import { fetchWheel, unpackWheel } from './wheel.mjs';

const VERSION = '0.29.1';
/** resnet.py is the same in each platform's wheel, so everybody takes this one. */
const WHEEL = {
  project: 'torchvision',
  version: VERSION,
  tag: 'manylinux_2_28_x86_64',
  sha256: 'c1b7f92604791dd0daa566f6fcc1eea0801753a34430c3ebdf79cfab2d96904c',
};
const SOURCE_SHA256 = '9faf2f321fdaf7edbd791aedc6e3610c7edf9c892112cbd75861beae1e9518d1';

const folder = path.join(cache, 'torchvision'); // src/notebook/python.ts reads it there
const source = path.join(folder, 'resnet.py');
/** Says which version there is, or, after a `-`, which could not be had: only `npm run setup` tries that again. */
const version = path.join(folder, 'version');

export const torchvision = {
  name: "torchvision's source",
  optional: 'chapter 3 shows the library without it',
  bytes: 0.03e9,
  missing() {
    const found = readText(version)?.trim();
    if (found === `-${VERSION}`) return null;
    if (found !== VERSION) return found ? `is ${found}` : 'not installed';
    return fs.existsSync(source) ? null : 'resnet.py is gone';
  },
  async live() {
    if (!fs.existsSync(source)) throw new Error('it could not be downloaded');
    if (createHash('sha256').update(fs.readFileSync(source)).digest('hex') !== SOURCE_SHA256)
      throw new Error('resnet.py is not as it was unpacked');
    return 'as it was unpacked';
  },
  /** @param {(detail: string) => void} progress */
  async install(progress) {
    const wheels = path.join(cache, 'wheels-torchvision');
    const fresh = `${folder}.part`;
    fs.rmSync(fresh, { recursive: true, force: true });
    try {
      const file = await fetchWheel(WHEEL, wheels, progress);
      const licence = `torchvision-${VERSION}.dist-info/LICENSE=LICENSE`;
      await unpackWheel(file, fresh, ['torchvision/models/resnet.py=resnet.py', licence], progress);
      writeWhole(path.join(fresh, 'version'), `${VERSION}\n`);
      replaceFolder(fresh, folder);
    } catch (error) {
      if (!fs.existsSync(source)) writeWhole(version, `-${VERSION}\n`);
      throw error;
    } finally {
      fs.rmSync(wheels, { recursive: true, force: true });
    }
  },
  version: () => readText(version)?.trim() ?? 'no version',
};
