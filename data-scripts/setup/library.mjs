// @ts-check
// The library, commands and tests, compiled to .build; the loops that are written in WebAssembly's text format too.
// Skipped when no source has changed since the last time.
import fs from 'node:fs';
import path from 'node:path';
import { filesIn, readText, sha256, writeWhole } from '../lib/files.mjs';
import { build, inRoot, modules, root } from '../lib/paths.mjs';
import { Trouble } from '../lib/reader.cjs';
import { run } from '../lib/run.mjs';
import { packageVersion, probe } from './native.mjs';

const SOURCES = ['src', 'data-scripts', 'test'];
const LOOPS = path.join('src', 'data', 'resample'); // .wat becomes .wasm
const LIVE = inRoot('data-scripts', 'pages', 'live', path.sep); // for browsers: esbuild takes it as it is
const stamp = path.join(build, '.sources');
const MOST_ERRORS = 20;

/** The state of all sources: names, sizes and times of change, for reading 200 files would take longer. */
function state() {
  const files = [
    ...SOURCES.flatMap((name) => filesIn(inRoot(name), '.ts')),
    ...filesIn(inRoot('src'), '.json'),
    ...filesIn(inRoot('data-scripts', 'lib'), '.cjs'),
    inRoot(`${LOOPS}.wat`),
  ];
  const facts = [...files, inRoot('tsconfig.json'), inRoot('package.json')].map((file) => {
    const { size, mtimeMs } = fs.statSync(file);
    return `${path.relative(root, file)} ${size} ${mtimeMs}`;
  });
  return sha256(String(packageVersion('typescript')), String(packageVersion('wabt')), ...facts);
}

/** What was compiled and is gone: the compiler, which notes what it has done, would not make it again. */
const lost = () =>
  SOURCES.flatMap((name) => filesIn(inRoot(name), '.ts'))
    .filter((file) => !file.endsWith('.d.ts') && !file.startsWith(LIVE))
    .map((file) => path.join(build, path.relative(root, file).replace(/\.ts$/, '.js')))
    .find((file) => !fs.existsSync(file));

export const library = {
  name: 'compiled library',
  bytes: 0.02e9,
  missing() {
    if (!fs.existsSync(stamp)) return 'not compiled';
    if (readText(stamp)?.trim() !== state()) return 'sources have changed';
    const gone = lost();
    return gone ? `${path.relative(root, gone)} is gone` : null;
  },
  async live() {
    const names = await probe("console.log(Object.keys(require('./.build/src/index.js')).length)");
    return `${names} names for notebooks`;
  },
  /** @param {(detail: string) => void} _progress @param {boolean} [anew] */
  async install(_progress, anew = false) {
    if (anew || (fs.existsSync(stamp) && lost())) fs.rmSync(build, { recursive: true, force: true });
    const before = state(); // what is edited from here on is seen next time
    const tsc = path.join(modules, 'typescript', 'bin', 'tsc');
    const wat2wasm = path.join(modules, 'wabt', 'bin', 'wat2wasm');
    const loops = path.join(build, `${LOOPS}.wasm`);
    fs.mkdirSync(path.dirname(loops), { recursive: true });
    const [{ status, stdout }] = await Promise.all([
      run(process.execPath, [tsc, '-p', root, '--pretty', 'false'], { anyStatus: true }),
      run(process.execPath, [wat2wasm, inRoot(`${LOOPS}.wat`), '-o', loops]),
    ]);
    removeOrphans();
    if (status !== 0) {
      const errors = stdout.trim().split('\n');
      const more = errors.length > MOST_ERRORS ? [`... and ${errors.length - MOST_ERRORS} lines more`] : [];
      throw new Trouble(
        `The sources have type errors:\n${[...errors.slice(0, MOST_ERRORS), ...more].map((line) => `  ${line}`).join('\n')}`,
      );
    }
    writeWhole(stamp, `${before}\n`);
  },
  version: () => `TypeScript ${packageVersion('typescript')}`,
};

/** Remove what was compiled from a source that is gone, or its tests would go on running. */
function removeOrphans() {
  for (const name of SOURCES) {
    for (const file of filesIn(path.join(build, name), '.js')) {
      const source = inRoot(path.relative(build, file).replace(/\.js$/, '.ts'));
      if (fs.existsSync(source)) continue;
      for (const ending of ['.js', '.js.map', '.d.ts'])
        fs.rmSync(file.replace(/\.js$/, ending), { force: true });
    }
  }
}
