// @ts-check
// TensorFlow for @tensorflow/tfjs-node: the C library, and the binding built against it.
//
// The package's own installer takes libtensorflow 2.9.1 (2022) from a bucket that answers 403 to many (tensorflow/tfjs
// issue 8742), with no hash to check, and without the bfloat16 convolutions that this library trains with. So the
// library comes from TensorFlow's wheel on PyPI wherever there is one, also where the installer would work: everybody
// runs the same kernels and gets the same numbers, and what was downloaded is checked. `--tfjs-download` takes the
// package's own, for machines that have no wheel (Intel Macs, Windows).
import fs from 'node:fs';
import path from 'node:path';
import { readText, relink, isLinkTo, writeWhole } from './lib/files.mjs';
import { left, Trouble } from './lib/log.mjs';
import { cache, inRoot, modules, venvBin } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import {
  gypEnv,
  packageVersion,
  platform,
  probe,
  readStamp,
  removeStamp,
  writeStamp,
} from './setup-native.mjs';
import { patchBinding, patchName } from './patch-binding.mjs';
import { pythonEnv } from './setup-python.mjs';
import { needCompiler } from './setup-system.mjs';

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
const NEEDED_BYTES = 2.5e9; // the wheel, what is unpacked from it, and room to spare
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

/** The headers that the binding includes, directly or not. */
const HEADERS = ['tensorflow/c/', 'tensorflow/core/platform/', 'tsl/platform/', 'xla/tsl/c/'];

export const tensorflow = {
  name: `TensorFlow ${VERSION}`,
  missing: () => (usesOwn() || readText(complete)?.trim() === wheel?.sha256 ? null : 'not installed'),
  /** @param {(detail: string) => void} progress */
  async install(progress) {
    if (process.argv.includes('--tfjs-download')) return; // the binding's step does it
    const source = needWheel();
    needSpace();
    const wheels = path.join(cache, 'wheels');
    fs.mkdirSync(wheels, { recursive: true });
    const file = path.join(
      wheels,
      `${source.project.replace('-', '_')}-${VERSION}-cp313-cp313-${source.tag}.whl`,
    );
    const pinned = path.join(wheels, 'requirements.txt');
    writeWhole(pinned, `${source.project}==${VERSION} --hash=sha256:${source.sha256}\n`);
    // pip writes to a temporary name, checks the hash, and then moves the file here. A file of an earlier, interrupted
    // set-up is checked and used again.
    await run(
      venvBin('python'),
      [
        '-m',
        'pip',
        'download',
        '--no-deps',
        '--require-hashes',
        '--only-binary=:all:',
        '--progress-bar=raw',
        '--platform',
        source.tag,
      ].concat([
        '--python-version',
        '3.13',
        '--implementation',
        'cp',
        '--abi',
        'cp313',
        '--dest',
        wheels,
        '-r',
        pinned,
      ]),
      { env: { ...pythonEnv, PIP_RESUME_RETRIES: '5' }, onLine: bytes('downloading', progress) },
    );
    const part = `${folder}.part`;
    fs.rmSync(part, { recursive: true, force: true });
    const inside = 'tensorflow';
    const members = ['libtensorflow_cc', 'libtensorflow_framework'].map(
      (name) => `${inside}/${library(name)}=lib/${library(name)}`,
    );
    const headers = HEADERS.map((name) => `${inside}/include/${name}=include/${name}`);
    await run(
      venvBin('python'),
      [inRoot('data-scripts', 'unpack_wheel.py'), file, part, ...members, ...headers],
      {
        env: pythonEnv,
        onLine: bytes('unpacking', progress),
      },
    );
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
    writeWhole(path.join(part, '.complete'), `${source.sha256}\n`);
    fs.rmSync(folder, { recursive: true, force: true });
    fs.renameSync(part, folder);
    fs.rmSync(wheels, { recursive: true, force: true }); // 270 MB that nothing needs any more
  },
  version: () => (usesOwn() ? `${OWN} build` : `${VERSION}, from PyPI's wheel`),
};

const built = () =>
  `tfjs-node ${packageVersion('@tensorflow/tfjs-node')}, TensorFlow ${usesOwn() ? OWN : `${wheel?.sha256}, ${patchName}`}, ${platform}`;
// Node-API 8 is the highest that tfjs-node knows; every Node from 20 on has it.
const bindingFile = path.join(tfjs, 'lib', 'napi-v8', 'tfjs_binding.node');

export const binding = {
  name: 'TensorFlow binding for Node',
  missing() {
    if (readStamp('tfjs') !== built())
      return readStamp('tfjs') === null ? 'not built' : 'built from other versions';
    if (!fs.existsSync(bindingFile)) return 'the built file is gone';
    return usesOwn() || isLinkTo(depsTarget, deps) ? null : 'not linked to TensorFlow';
  },
  /** @param {(detail: string) => void} progress */
  async install(progress) {
    removeStamp('tfjs');
    await needCompiler();
    progress('compiling, usually about 15 s');
    const preGyp = path.join(modules, '@mapbox', 'node-pre-gyp', 'bin', 'node-pre-gyp');
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
      const env = { ...gypEnv(), ...(mac ? { LDFLAGS: '-Wl,-rpath,@loader_path/../../deps/lib' } : {}) };
      await run(process.execPath, [preGyp, 'install', '--build-from-source'], { cwd: tfjs, env });
    }
    progress('checking that it computes');
    const sum = await probe(
      "const tf = require('@tensorflow/tfjs-node'); console.log(tf.add([1, 2], [3, 4]).arraySync().join())",
    );
    if (sum !== '4,6')
      throw new Trouble(`TensorFlow added [1, 2] and [3, 4] to [${sum}], expected [4,6].`, 'npm run doctor');
    writeStamp('tfjs', built());
  },
  version: () => `tfjs-node ${packageVersion('@tensorflow/tfjs-node')}`,
  live: () =>
    probe(
      "const tf = require('@tensorflow/tfjs-node'); console.log('computes with TensorFlow ' + tf.backend().binding.TF_Version)",
    ),
};

/** Whether tfjs-node has its own library, by --tfjs-download, rather than the link to ours. */
function usesOwn() {
  if (process.argv.includes('--tfjs-download')) return true;
  return readStamp('tfjs')?.includes(`TensorFlow ${OWN}`) ?? false;
}

function needWheel() {
  /** @type {{ header?: { glibcVersionRuntime?: string } }} */
  const report = process.platform === 'linux' ? /** @type {any} */ (process.report.getReport()) : {};
  const musl = process.platform === 'linux' && !report.header?.glibcVersionRuntime;
  if (wheel && !musl) return wheel;
  const machine = musl ? `Linux with musl (Alpine)` : platform;
  throw new Trouble(
    `TensorFlow ${VERSION} has no build for ${machine}: there are Linux x86-64 and arm64 (glibc 2.27 or later) and macOS on Apple silicon.`,
    process.platform === 'win32'
      ? 'use WSL 2 (wsl --install), or try: npm run setup -- --tfjs-download   (TensorFlow 2.9.1 from tfjs-node’s own installer: unchecked, untested here)'
      : musl
        ? 'use a glibc system, e.g. a Debian container'
        : 'npm run setup -- --tfjs-download   (TensorFlow 2.9.1 from tfjs-node’s own installer: unchecked, untested here)',
  );
}

function needSpace() {
  fs.mkdirSync(cache, { recursive: true });
  const { bavail, bsize } = fs.statfsSync(cache);
  if (bavail * bsize < NEEDED_BYTES) {
    const has = ((bavail * bsize) / 1e9).toFixed(1);
    throw new Trouble(
      `TensorFlow needs ${NEEDED_BYTES / 1e9} GB of disk while it is unpacked; ${cache} has ${has} GB free.`,
      'free some space and start again',
    );
  }
}

/** Turns lines `Progress DONE of TOTAL` into words. @param {string} verb @param {(detail: string) => void} progress */
function bytes(verb, progress) {
  /** @type {((done: number) => string) | undefined} */
  let time;
  return (/** @type {string} */ line) => {
    const [, done, total] = /^Progress (\d+) of (\d+)/.exec(line) ?? [];
    if (!done || !total || Number(total) < 1e6) return;
    if (done === total) return progress('checking');
    time ??= left(Number(total));
    progress(
      `${verb}, ${Math.round(Number(done) / 1e6)} of ${Math.round(Number(total) / 1e6)} MB${time(Number(done))}`,
    );
  };
}
