// @ts-check
// canvas draws the embedded picture set. Its prebuilt binary where that can be downloaded, else built from source.
import fs from 'node:fs';
import path from 'node:path';
import { replaceFolder } from '../lib/files.mjs';
import { modules } from '../lib/paths.mjs';
import { Trouble } from '../lib/reader.cjs';
import { ask, run } from '../lib/run.mjs';
import { copyToBuild, gypEnv } from './gyp.mjs';
import { packageVersion, platform, probe, readStamp, writeStamp } from './native.mjs';
import { installSystem, isRootOnDebian, needCompiler, systemCommand } from './system.mjs';

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

/** @param {string} [from] where canvas lies; default: where notebooks find it */
const draws = (from = 'canvas') =>
  probe(
    `const canvas = require(${JSON.stringify(from)}).createCanvas(2, 2);
    canvas.getContext('2d').fillRect(0, 0, 1, 1);
    console.log(canvas.toBuffer('image/png').length > 50 ? 'draws' : 'an empty picture');`,
    'draws',
  );

export const canvas = {
  name: 'canvas',
  bytes: 0.1e9,
  missing() {
    if (!fs.existsSync(file)) return 'not built';
    return readStamp('canvas') === stamp() ? null : 'built from another version';
  },
  /** @param {(detail: string) => void} progress */
  async install(progress) {
    const copy = copyToBuild('canvas', ['node-addon-api']);
    try {
      progress('looking for a prebuilt binary');
      if (!(await prebuilt(copy.folder))) {
        await needCompiler();
        await needLibraries(progress);
        progress('compiling, usually about 20 s');
        await copy.build();
        await draws(copy.folder);
      }
      const built = path.join(copy.folder, 'build');
      for (const name of ['obj.target', '.deps'])
        fs.rmSync(path.join(built, 'Release', name), { recursive: true, force: true });
      replaceFolder(built, path.join(folder, 'build'));
    } finally {
      copy.remove();
    }
    writeStamp('canvas', stamp());
  },
  version: () => `${packageVersion('canvas')}`,
  live: async () => {
    await draws();
    return `draws, with Cairo ${await probe("console.log(require('canvas').cairoVersion)")}`;
  },
};

/** @param {string} folder @returns {Promise<boolean>} whether a prebuilt binary was downloaded into it and works here */
async function prebuilt(folder) {
  try {
    const tool = path.join(modules, 'prebuild-install', 'bin.js');
    await run(process.execPath, [tool, '-r', 'napi'], { cwd: folder, env: gypEnv(), timeoutMs: DOWNLOAD_MS });
    await draws(folder);
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
