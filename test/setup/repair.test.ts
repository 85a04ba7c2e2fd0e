import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { test, type TestContext } from 'node:test';
import { bareProject, load, temporary, type Part } from './scripts';

type LivePart = Part & { live(): Promise<string> };
type ReplaceFolder = (fresh: string, target: string) => void;

function folderOf(place: string, files: Record<string, string>): string {
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(place, name)), { recursive: true });
    fs.writeFileSync(path.join(place, name), text);
  }
  return place;
}

const contents = (place: string): Record<string, string> =>
  Object.fromEntries(
    fs
      .readdirSync(place, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((file) => [path.relative(place, file), fs.readFileSync(file, 'utf8')]),
  );

/** A file system of its own of so many bytes, which only root may mount. */
function mount(t: TestContext, bytes: number): string | undefined {
  const place = fs.mkdtempSync(path.join(os.tmpdir(), 'resnet-workbook-mount-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', place]);
  t.after(() => {
    if (status === 0) execFileSync('umount', ['-l', place]);
    fs.rmdirSync(place);
  });
  return status === 0 ? place : undefined;
}

const loadReplaceFolder = async (t: TestContext): Promise<ReplaceFolder> =>
  (await load<{ replaceFolder: ReplaceFolder }>('data-scripts/lib/files.mjs', bareProject(temporary(t))))
    .replaceFolder;

test('a complete folder takes the place of the old one, also of a link to one, and of nothing', async (t) => {
  const replaceFolder = await loadReplaceFolder(t);
  const folder = temporary(t);
  const site = path.join(folder, 'site');
  const fresh = (text: string): string =>
    folderOf(path.join(folder, 'fresh'), { 'index.html': text, 'a/b.html': text });
  replaceFolder(fresh('1'), site);
  assert.deepEqual(contents(site), { 'index.html': '1', 'a/b.html': '1' });
  fs.writeFileSync(path.join(site, 'old.html'), '');
  replaceFolder(fresh('2'), site);
  assert.deepEqual(contents(site), { 'index.html': '2', 'a/b.html': '2' });

  for (const real of ['elsewhere', 'not/there/yet']) {
    fs.rmSync(site, { recursive: true });
    fs.symlinkSync(real, site);
    if (real === 'elsewhere') folderOf(path.join(folder, real), { 'old.html': '' });
    replaceFolder(fresh('3'), site);
    assert.ok(fs.lstatSync(site).isSymbolicLink());
    assert.deepEqual(contents(path.join(folder, real)), { 'index.html': '3', 'a/b.html': '3' });
  }
  assert.ok(!fs.existsSync(path.join(folder, 'fresh')));
});

test('where it is a mount its contents are replaced, and where they find no room the old ones stay', async (t) => {
  const replaceFolder = await loadReplaceFolder(t);
  const folder = temporary(t);
  const site = mount(t, 2 ** 20);
  if (!site) return t.skip('only root may mount a file system');
  folderOf(site, { 'index.html': 'old', 'old/page.html': 'old' });
  const small = { 'index.html': 'new', 'a/b.html': 'new' };
  replaceFolder(folderOf(path.join(folder, 'fresh'), small), site);
  assert.deepEqual(contents(site), small);
  const large = folderOf(path.join(folder, 'fresh'), {
    'index.html': 'x',
    'large.html': 'x'.repeat(2 ** 21),
  });
  assert.throws(() => replaceFolder(large, site), /ENOSPC|EIO/); // Node 22 says EIO
  assert.deepEqual(contents(site), small);
  // A link to another disk.
  const link = path.join(folder, 'link');
  fs.symlinkSync(site, link);
  replaceFolder(folderOf(path.join(folder, 'other'), { 'index.html': 'newest' }), link);
  assert.deepEqual(contents(site), { 'index.html': 'newest' });
});

test('npm packages stay when new ones cannot be had', async (t) => {
  const project = bareProject(temporary(t));
  const old = { 'tslab/package.json': '{}', '.package-lock.json': '{"packages":{}}' };
  folderOf(path.join(project, 'node_modules'), old);
  const script = `
    import(${JSON.stringify(path.join(project, 'data-scripts/setup/npm.mjs'))})
      .then(({ packages }) => packages.install(() => {}))
      .then(() => console.log('installed'), (error) => console.log('refused', error.message));`;
  const env = {
    ...process.env,
    npm_config_registry: 'http://127.0.0.1:9/',
    npm_config_cache: temporary(t),
    npm_config_fetch_retries: '0',
  };
  const { stdout } = spawnSync(process.execPath, ['-e', script], { env, encoding: 'utf8' });
  assert.match(stdout, /^refused .*npm.* ci/);
  assert.deepEqual(contents(path.join(project, 'node_modules')), old);
});

test('what was built is taken into new npm packages of the same version, and only of that', async (t) => {
  const project = bareProject(temporary(t));
  const modules = folderOf(path.join(project, 'node_modules'), {
    '@tensorflow/tfjs-node/package.json': '{"version":"1.0.0"}',
    '@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node': 'built',
    'canvas/package.json': '{"version":"1.0.0"}',
    'canvas/build/Release/canvas.node': 'built',
    '.resnet-workbook/canvas.stamp': 'canvas 1.0.0',
  });
  fs.symlinkSync('../../../.cache/lib', path.join(modules, '@tensorflow/tfjs-node/deps'));
  const native = await load<{ keepBuilt(fresh: string): void }>('data-scripts/setup/native.mjs', project);
  const fresh = folderOf(path.join(project, 'fresh'), {
    '@tensorflow/tfjs-node/package.json': '{"version":"1.0.0"}',
    'canvas/package.json': '{"version":"2.0.0"}',
  });
  native.keepBuilt(fresh);
  assert.equal(fs.readlinkSync(path.join(fresh, '@tensorflow/tfjs-node/deps')), '../../../.cache/lib');
  fs.rmSync(path.join(fresh, '@tensorflow/tfjs-node/deps'));
  assert.deepEqual(contents(fresh), {
    '@tensorflow/tfjs-node/package.json': '{"version":"1.0.0"}',
    '@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node': 'built',
    'canvas/package.json': '{"version":"2.0.0"}',
    '.resnet-workbook/canvas.stamp': 'canvas 1.0.0',
  });
});

test('a Python environment: what was taken out or cut is noticed; after a move its programs run again', async (t) => {
  const { venvBin } = await load<{ venvBin(name: string): string }>('data-scripts/lib/paths.mjs');
  if (!fs.existsSync(venvBin('python'))) return t.skip('no Python environment; npm run setup');
  const project = bareProject(path.join(temporary(t), 'a path with spaces'));
  const { python } = await load<{ python: LivePart }>('data-scripts/setup/python.mjs', project);
  assert.equal(python.missing(), 'not installed');
  // An environment with packages that stand for those of requirements.txt.
  const environment = path.join(project, '.venv');
  execFileSync(venvBin('python'), ['-m', 'venv', '--without-pip', environment]);
  const [lib] = fs.readdirSync(path.join(environment, 'lib'));
  const site = path.join(environment, 'lib', lib, 'site-packages');
  const names = ['jupyterlab', 'nbclient', 'sphinx', 'myst_nb', 'sphinx_book_theme', 'plotly'];
  for (const name of names) {
    folderOf(site, {
      [`${name}.py`]: 'print("here")\n',
      [`${name}-1.0.dist-info/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n`,
      [`${name}-1.0.dist-info/RECORD`]: `${name}.py,sha256=x,14\n${name}-1.0.dist-info/METADATA,,\n`,
    });
  }
  const wanted = 'jupyterlab==1.0\n';
  folderOf(path.join(project, 'data-scripts', 'setup'), { 'requirements.txt': wanted });
  const made = {
    requirements: createHash('sha256').update(wanted).update('\0').digest('hex'),
    folder: '/before/.venv',
    packages: names.map((name) => `${name}-1.0.dist-info`).sort(),
  };
  fs.writeFileSync(path.join(environment, '.complete'), JSON.stringify(made));
  const bin = folderOf(path.join(environment, 'bin'), {
    short: '#!/before/.venv/bin/python\nimport jupyterlab\n',
    long: `#!/bin/sh\n'''exec' "/before/.venv/bin/python3" "$0" "$@"\n' '''\nimport jupyterlab\n`,
    other: '#!/bin/sh\necho /before/.venv\n',
    activate: 'VIRTUAL_ENV=/before/.venv\n',
  });
  for (const name of ['short', 'long', 'other']) fs.chmodSync(path.join(bin, name), 0o755);

  assert.equal(python.missing(), 'the folder was moved or copied');
  await python.install(() => {}, false);
  assert.equal(python.missing(), null);
  assert.equal(await python.live(), 'complete');
  for (const name of ['short', 'long'])
    assert.equal(execFileSync(path.join(bin, name), { encoding: 'utf8' }), 'here\n', name);
  assert.equal(execFileSync(path.join(bin, 'other'), { encoding: 'utf8' }), '/before/.venv\n');
  assert.equal(fs.readFileSync(path.join(bin, 'activate'), 'utf8'), `VIRTUAL_ENV=${environment}\n`);

  fs.writeFileSync(path.join(site, 'plotly.py'), 'print(');
  await assert.rejects(python.live(), /^Error: plotly\.py of plotly has 6 bytes, expected 14$/);
  fs.rmSync(path.join(site, 'plotly.py'));
  await assert.rejects(python.live(), /^Error: plotly\.py of plotly is gone$/);
  fs.rmSync(path.join(site, 'nbclient-1.0.dist-info'), { recursive: true });
  assert.equal(python.missing(), 'nbclient has been removed from it');
});

test('TensorFlow: a cut, a deleted and a changed library are noticed', async (t) => {
  const project = bareProject(temporary(t));
  const file = 'data-scripts/setup/tensorflow.mjs';
  const { tensorflow } = await load<{ tensorflow: LivePart }>(file, project);
  assert.equal(tensorflow.missing(), 'not installed');
  const script = fs.readFileSync(path.join(project, file), 'utf8');
  const platform = `${process.platform}-${process.arch}`;
  const wheel = new RegExp(`'${platform}': \\{[^}]*sha256: '(\\w+)'`).exec(script)?.[1];
  if (!wheel) return t.skip(`no wheel for ${platform}`);
  const version = /const VERSION = '(.*)'/.exec(script)?.[1];
  const folder = path.join(project, '.cache', `libtensorflow-${version}-${platform}`);
  const library = path.join(folder, 'lib/libtensorflow.so');
  const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'; // of abc
  folderOf(folder, {
    'lib/libtensorflow.so': 'abc',
    '.complete': JSON.stringify({ wheel, libraries: { 'libtensorflow.so': { bytes: 3, sha256 } } }),
  });
  assert.equal(tensorflow.missing(), null);
  assert.equal(await tensorflow.live(), 'as it was unpacked');
  fs.writeFileSync(library, 'abd');
  await assert.rejects(tensorflow.live(), /libtensorflow\.so is not as it was unpacked/);
  fs.writeFileSync(library, 'ab');
  assert.equal(tensorflow.missing(), 'libtensorflow.so has 2 bytes, expected 3');
  fs.rmSync(library);
  assert.equal(tensorflow.missing(), 'libtensorflow.so is gone');
});

test('what cannot work is said before anything is downloaded', (t) => {
  const parent = temporary(t);
  const nobody = 65534;
  const refused = (folder: string, expected: RegExp, uid?: number, PATH = process.env.PATH): void => {
    const before = fs.readdirSync(folder).sort();
    const { stdout, stderr, status } = spawnSync(process.execPath, ['data-scripts/setup.mjs'], {
      cwd: folder,
      encoding: 'utf8',
      uid,
      env: { ...process.env, HOME: folder, PATH },
    });
    assert.match(stdout + stderr, expected);
    assert.equal(status, 1);
    assert.deepEqual(
      fs
        .readdirSync(folder)
        .filter((name) => name !== '.cache')
        .sort(),
      before,
    );
  };
  refused(
    bareProject(path.join(parent, 'a:b')),
    /^The project's folder has ":" in its path.*\nTo mend it: move the folder/,
  );

  if (process.getuid?.() !== 0) return t.diagnostic('the rest needs root');
  fs.chmodSync(parent, 0o755);
  const others = bareProject(path.join(parent, 'others'));
  refused(others, /^\S+others can't be written by this user.*\nTo mend it: sudo chown -R/, nobody);
  const full = mount(t, 2 ** 23);
  if (full)
    refused(
      bareProject(full),
      /^Set-up needs 3\.\d GB of disk while it works; .* has 0\.0 GB free\.\nTo mend/,
    );

  // A user without rights, and on PATH only what npm needs.
  const bare = bareProject(path.join(parent, 'bare'));
  fs.chownSync(bare, nobody, nobody);
  const bin = path.join(parent, 'bin');
  fs.mkdirSync(bin);
  for (const name of ['sh', 'env', 'npm']) {
    const file = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    fs.symlinkSync(fs.realpathSync(file), path.join(bin, name));
  }
  const python = (script: string): void => {
    fs.writeFileSync(path.join(bin, 'python3'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  };
  refused(bare, /^Python 3\.10 or later with its venv module is needed .*: found none\.\n/, nobody, bin);
  python('case "$2" in *venv*) exit 1;; esac; echo 3.12.1');
  refused(bare, /: found 3\.12\.1, which lacks venv\.\nTo mend it: sudo apt-get install/, nobody, bin);
  python('echo 3.12.1 python3');
  refused(
    bare,
    /^A C\+\+ compiler and make are needed .*: make and c\+\+ not found, or broken\.\n/,
    nobody,
    bin,
  );
});

test('set-up and doctor look with the same eyes', async () => {
  const { look } = await load<{ look(part: unknown): Promise<unknown> }>('data-scripts/setup.mjs');
  const missing = (): null => null;
  assert.deepEqual(await look({ missing, live: () => Promise.resolve('draws') }), {
    wrong: null,
    works: 'draws',
  });
  assert.deepEqual(await look({ missing, live: () => Promise.reject(new Error('no picture')) }), {
    wrong: 'does not work: no picture',
    works: '',
  });
});

test('a part that is there but broken is looked at like a missing one before it is repaired', async (t) => {
  const project = bareProject(temporary(t));
  const { setup } = await load<{ setup(how: string, parts: object[]): Promise<void> }>(
    'data-scripts/setup.mjs',
    project,
  );
  let installed = 0;
  const broken = {
    name: 'a part',
    missing: () => null,
    live: () => Promise.reject(new Error('draws nothing')),
    install: () => Promise.resolve(installed++),
  };
  const needs = (): never => {
    throw new Error('no compiler here');
  };
  await assert.rejects(setup('check', [{ ...broken, needs }]), /^Error: no compiler here$/);
  await assert.rejects(
    setup('check', [{ ...broken, bytes: 1e18 }]),
    /^Trouble: Set-up needs \d+\.\d GB of disk/,
  );
  assert.equal(installed, 0);
});
