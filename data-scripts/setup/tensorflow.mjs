// @ts-check
// TensorFlow for @tensorflow/tfjs-node: the C library, and the binding built against it.
//
// The package's own installer takes libtensorflow 2.9.1 (2022) from a bucket that answers 403 to many (tensorflow/tfjs
// issue 8742), with no hash to check, and without the bfloat16 convolutions that this library trains with. So the
// library comes from TensorFlow's wheel on PyPI wherever there is one, also where the installer would work: everybody
// runs the same kernels and gets the same numbers, and what was downloaded is checked. `--tfjs-download` takes the
// package's own, for machines that have no wheel (Intel Macs, Windows).
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readJson, readText, relink, isLinkTo, writeWhole } from '../lib/files.mjs';
import { cache, modules } from '../lib/paths.mjs';
import { Trouble } from '../lib/reader.cjs';
import { RunError, run } from '../lib/run.mjs';
import { gypEnv } from './gyp.mjs';
import { glibc, libc, packageVersion, platform, probe, readStamp, writeStamp } from './native.mjs';
import { patchBinding, patchName } from './patch-binding.mjs';
import { absentTools, needCompiler } from './system.mjs';
import { fetchWheel, unpackWheel } from './wheel.mjs';

const VERSION = '2.21.0';
/** PyPI's files of that version for Python 3.13 (the C library inside is the same for each Python). @type {Record<string, { project: string, tag: string, sha256: string } | undefined>} */
const WHEELS = {
  'linux-x64': {
    project: 'tensorflow-cpu',
    tag: 'manylinux_2_27_x86_64',
    sha256: '05af7c26d35f4de910b5598c7b507e3981831a7b0f47fed9a405d995d51d7793',
  },
  // There is no tensorflow-cpu for these two: their tensorflow is without a GPU anyway.
  'linux-arm64': {
    project: 'tensorflow',
    tag: 'manylinux_2_27_aarch64',
    sha256: 'a10abdfb8b1189210c251021a3f153b7ccc52a8e6521351f3dc3331e8ba593e0',
  },
  'darwin-arm64': {
    project: 'tensorflow',
    tag: 'macosx_12_0_arm64',
    sha256: 'a145ed46c58192b7c3f9916d070caf4f6afc6dc7e5511f83dd97677f4c4947f4',
  },
};
const wheel = WHEELS[platform];
const OWN = 'tfjs-node’s own';

const folder = path.join(cache, `libtensorflow-${VERSION}-${platform}`);
const complete = path.join(folder, '.complete');
const tfjs = path.join(modules, '@tensorflow', 'tfjs-node');
const deps = path.join(tfjs, 'deps');
const depsTarget = path.relative(tfjs, folder);
const mac = process.platform === 'darwin';
/** @param {string} name @param {boolean} [versioned] */
const library = (name, versioned = true) =>
  mac ? `${name}${versioned ? '.2' : ''}.dylib` : `${name}.so${versioned ? '.2' : ''}`;

/**
 * A quarter of the library, 200 MB, is names for debuggers, which no program loads. Where there is no `strip`, they stay.
 * @param {string} file
 */
async function withoutDebugNames(file) {
  if (mac) return; // there a changed library loses its signature
  try {
    await run('strip', ['--strip-unneeded', file]);
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
  }
}

/** The headers that the binding includes, directly or not. */
const HEADERS = ['tensorflow/c/', 'tensorflow/core/platform/', 'tsl/platform/', 'xla/tsl/c/'];

/** The shared libraries, with what tells that they are as they were unpacked. @typedef {Record<string, { bytes: number, sha256: string }>} Unpacked */

/** @returns {string | null} what is wrong with the unpacked libraries, by their sizes */
function damaged() {
  /** @type {{ wheel?: string, libraries?: Unpacked } | null} */
  const unpacked = readJson(complete);
  if (unpacked?.wheel !== wheel?.sha256) return 'not installed';
  for (const [name, { bytes }] of Object.entries(unpacked?.libraries ?? {})) {
    const found = fs.statSync(path.join(folder, 'lib', name), { throwIfNoEntry: false });
    if (!found) return `${name} is gone`;
    if (found.size !== bytes) return `${name} has ${found.size} bytes, expected ${bytes}`;
  }
  return null;
}

/** @param {string} file */
async function hashOf(file) {
  const hash = createHash('sha256');
  await pipeline(fs.createReadStream(file, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest('hex');
}

export const tensorflow = {
  name: `TensorFlow ${VERSION}`,
  bytes: 2e9, // the wheel, pip's copy of it, what is unpacked from it, and room to spare
  missing: () => (usesOwn() ? null : damaged()),
  needs() {
    if (!process.argv.includes('--tfjs-download')) needWheel();
  },
  async live() {
    if (usesOwn()) return 'not looked at';
    /** @type {{ libraries: Unpacked }} */
    const { libraries } = readJson(complete);
    for (const [name, { sha256 }] of Object.entries(libraries))
      if ((await hashOf(path.join(folder, 'lib', name))) !== sha256)
        throw new Error(`${name} is not as it was unpacked`);
    return 'as it was unpacked';
  },
  /** @param {(detail: string) => void} progress */
  async install(progress) {
    if (process.argv.includes('--tfjs-download')) return; // the binding's step does it
    const source = needWheel();
    const wheels = path.join(cache, 'wheels');
    const file = await fetchWheel({ ...source, version: VERSION }, wheels, progress);
    const part = `${folder}.part`;
    fs.rmSync(part, { recursive: true, force: true });
    const inside = 'tensorflow';
    const members = ['libtensorflow_cc', 'libtensorflow_framework'].map(
      (name) => `${inside}/${library(name)}=lib/${library(name)}`,
    );
    const headers = HEADERS.map((name) => `${inside}/include/${name}=include/${name}`);
    await unpackWheel(file, part, [...members, ...headers], progress);
    for (const name of ['libtensorflow_cc', 'libtensorflow_framework'])
      await withoutDebugNames(path.join(part, 'lib', library(name)));
    // The names that the binding links with: the wheel's _cc library has the whole C interface.
    for (const versioned of [true, false])
      fs.symlinkSync(
        library('libtensorflow_cc'),
        path.join(part, 'lib', library('libtensorflow', versioned)),
      );
    fs.symlinkSync(
      library('libtensorflow_framework'),
      path.join(part, 'lib', library('libtensorflow_framework', false)),
    );
    /** @type {Unpacked} */
    const libraries = {};
    for (const name of ['libtensorflow_cc', 'libtensorflow_framework'].map((name) => library(name))) {
      const unpacked = path.join(part, 'lib', name);
      libraries[name] = { bytes: fs.statSync(unpacked).size, sha256: await hashOf(unpacked) };
    }
    writeWhole(path.join(part, '.complete'), JSON.stringify({ wheel: source.sha256, libraries }));
    fs.rmSync(folder, { recursive: true, force: true });
    fs.renameSync(part, folder);
    fs.rmSync(wheels, { recursive: true, force: true }); // 270 MB that nothing needs any more
  },
  version: () => (usesOwn() ? `${OWN} build` : `${VERSION}, from PyPI's wheel`),
};

const built = () =>
  `tfjs-node ${packageVersion('@tensorflow/tfjs-node')}, TensorFlow ${usesOwn() ? OWN : `${wheel?.sha256}, ${patchName}`}, ${platform}`;
// Node-API 8 is the highest that tfjs-node knows; every Node from 20 on has it.
const NODE_API = 8;
const bindingFile = path.join(tfjs, 'lib', `napi-v${NODE_API}`, 'tfjs_binding.node');

export const binding = {
  name: 'TensorFlow binding for Node',
  missing() {
    if (readStamp('tfjs') !== built())
      return readStamp('tfjs') === null ? 'not built' : 'built from other versions';
    if (!fs.existsSync(bindingFile)) return 'the built file is gone';
    return usesOwn() || isLinkTo(depsTarget, deps) ? null : 'not linked to TensorFlow';
  },
  needs() {
    const absent = absentTools();
    if (absent) throw absent;
  },
  /** @param {(detail: string) => void} progress */
  async install(progress) {
    await needCompiler();
    progress('compiling, usually about 15 s');
    if (process.argv.includes('--tfjs-download')) {
      fs.rmSync(deps, { recursive: true, force: true });
      await run(process.execPath, [path.join(tfjs, 'scripts', 'install.js')], {
        cwd: tfjs,
        env: gypEnv(),
        timeoutMs: 900_000,
      });
    } else {
      relink(depsTarget, deps);
      patchBinding(tfjs);
      await compile();
    }
    writeStamp('tfjs', built());
  },
  version: () => `tfjs-node ${packageVersion('@tensorflow/tfjs-node')}`,
  async live() {
    const script = `const tf = require('@tensorflow/tfjs-node');
      console.log(tf.add([1, 2], [3, 4]).arraySync().join(), tf.backend().binding.TF_Version)`;
    const [sum, version] = (await probe(script)).split(' ');
    if (sum !== '4,6') throw new Error(`TensorFlow added [1, 2] and [3, 4] to [${sum}], expected [4,6]`);
    return `computes with TensorFlow ${version}`;
  },
};

/**
 * Two source files against Node-API's headers (of a package) and TensorFlow's: called directly, since node-gyp can't
 * build in a folder with a space in its path, and downloads all of Node's headers, from where not everybody can.
 */
async function compile() {
  const part = `${bindingFile}.part`;
  fs.mkdirSync(path.dirname(bindingFile), { recursive: true });
  const include = [path.join(modules, 'node-api-headers', 'include'), path.join(deps, 'include'), tfjs];
  const lib = path.join(deps, 'lib');
  await run(process.env.CXX || 'c++', [
    ...['-std=c++17', '-O3', '-fPIC', '-w', `-DNAPI_VERSION=${NODE_API}`, '-DBUILDING_NODE_EXTENSION'],
    ...include.map((path) => `-I${path}`),
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => path.join(tfjs, 'binding', name)),
    ...(mac ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared']),
    ...[`-L${lib}`, '-ltensorflow', '-ltensorflow_framework'],
    // DT_RPATH: another TensorFlow in LD_LIBRARY_PATH does not come before this one, as with DT_RUNPATH.
    mac ? '-Wl,-rpath,@loader_path/../../deps/lib' : '-Wl,--disable-new-dtags,-rpath,$ORIGIN/../../deps/lib',
    ...['-o', part],
  ]);
  fs.renameSync(part, bindingFile);
}

/** Whether tfjs-node has its own library, by --tfjs-download, rather than the link to ours. */
function usesOwn() {
  if (process.argv.includes('--tfjs-download')) return true;
  return readStamp('tfjs')?.includes(`TensorFlow ${OWN}`) ?? false;
}

const LOWEST_GLIBC = [2, 27];

function needWheel() {
  const tfjsOwn =
    'npm run setup -- --tfjs-download   (TensorFlow 2.9.1 from tfjs-node’s own installer: unchecked, untested here)';
  if (!wheel)
    throw new Trouble(
      `TensorFlow ${VERSION} has no build for ${platform}: there are Linux x86-64 and arm64, and macOS on Apple silicon.`,
      tfjsOwn,
    );
  if (libc() === 'musl')
    throw new Trouble(
      `TensorFlow ${VERSION} has no build for Linux with musl (Alpine), only for glibc.`,
      'use a glibc system, e.g. a Debian container',
    );
  const here = glibc();
  const [major = 0, minor = 0] = (here ?? '9.0').split('.').map(Number);
  if (major < (LOWEST_GLIBC[0] ?? 0) || (major === LOWEST_GLIBC[0] && minor < (LOWEST_GLIBC[1] ?? 0)))
    throw new Trouble(
      `TensorFlow ${VERSION} needs glibc ${LOWEST_GLIBC.join('.')} or later; this system has ${here}.`,
      'use a newer system, e.g. a Debian container',
    );
  // Wheels for x86-64 are compiled for AVX; elsewhere the file has no line of flags.
  const flags =
    platform === 'linux-x64' ? /^flags\s*:(.*)$/m.exec(readText('/proc/cpuinfo') ?? '')?.[1] : undefined;
  if (flags && !/\savx\b/.test(flags))
    throw new Trouble(
      `TensorFlow ${VERSION} is compiled for processors with AVX, which this one has not (an old one, or an emulator).`,
      'use another machine, or let the virtual machine pass its processor through',
    );
  return wheel;
}
