// @ts-check
// canvas draws the embedded picture set. Its prebuilt binary where that can be downloaded, else built from source.
import fs from 'node:fs';
import path from 'node:path';
import { Trouble } from './lib/log.mjs';
import { modules } from './lib/paths.mjs';
import { ask, run } from './lib/run.mjs';
import {
  gypEnv,
  packageVersion,
  platform,
  probe,
  readStamp,
  removeStamp,
  writeStamp,
} from './setup-native.mjs';
import { installSystem, isRootOnDebian, needCompiler, systemCommand } from './setup-system.mjs';

const folder = path.join(modules, 'canvas');
const file = path.join(folder, 'build', 'Release', 'canvas.node');
const stamp = () => `canvas ${packageVersion('canvas')}, ${platform}`;
const DOWNLOAD_MS = 45_000;

/** pkg-config's names of what canvas builds on, and the packages that bring them. */
const LIBRARIES = ['cairo', 'libpng', 'pangocairo', 'freetype2', 'librsvg-2.0'];
const DEBIAN = [
  'pkg-config',
  'libcairo2-dev',
  'libpango1.0-dev',
  'libjpeg-dev',
  'libgif-dev',
  'librsvg2-dev',
];
const MAC = 'brew install pkg-config cairo pango libpng jpeg giflib librsvg';

const CHECK =
  "const c = require('canvas').createCanvas(2, 2); c.getContext('2d').fillRect(0, 0, 1, 1); console.log(c.toBuffer('image/png').length > 50)";

export const canvas = {
  name: 'canvas',
  missing() {
    if (!fs.existsSync(file)) return 'not built';
    return readStamp('canvas') === stamp() ? null : 'built from another version';
  },
  /** @param {(detail: string) => void} progress */
  async install(progress) {
    removeStamp('canvas');
    progress('looking for a prebuilt binary');
    if (!(await prebuilt())) {
      await needCompiler();
      await needLibraries(progress);
      progress('compiling, usually about 20 s');
      await run(process.execPath, [path.join(modules, 'node-gyp', 'bin', 'node-gyp.js'), 'rebuild'], {
        cwd: folder,
        env: gypEnv(),
      });
    }
    await probe(CHECK);
    writeStamp('canvas', stamp());
  },
  version: () => `${packageVersion('canvas')}`,
  live: async () =>
    (await probe(CHECK)) === 'true'
      ? `draws, with Cairo ${await probe("console.log(require('canvas').cairoVersion)")}`
      : 'does not draw',
};

/** @returns {Promise<boolean>} whether a prebuilt binary was downloaded and works here */
async function prebuilt() {
  try {
    const tool = path.join(modules, 'prebuild-install', 'bin.js');
    await run(process.execPath, [tool, '-r', 'napi'], { cwd: folder, env: gypEnv(), timeoutMs: DOWNLOAD_MS });
    await probe(CHECK);
    return true;
  } catch {
    return false; // no network, no binary for this platform, or one for a newer system
  }
}

/** @param {(detail: string) => void} progress */
async function needLibraries(progress) {
  if (process.platform === 'win32') return;
  const absent = () => LIBRARIES.filter((name) => ask('pkg-config', ['--exists', name]) === null);
  if (absent().length === 0) return;
  if (isRootOnDebian()) {
    progress('installing the libraries it is built on');
    await installSystem(DEBIAN, 'canvas');
  }
  const still = absent();
  if (still.length) {
    throw new Trouble(
      `canvas has no prebuilt binary that works here, and to build it ${still.join(', ')} must be installed.`,
      systemCommand(DEBIAN, MAC),
    );
  }
}
