import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { bareProject, load, root, temporary, type Part, type RunModule } from './scripts';

test('when nothing is missing, npm start and its like set nothing up and start no program for that', async (t) => {
  const { parts } = await load<{ parts: Part[] }>('data-scripts/setup.mjs');
  const missing = parts.filter((part) => part.missing() !== null).map(({ name }) => name);
  if (missing.length) return t.skip(`missing here: ${missing.join(', ')}; npm run setup`);
  const script = `
    for (const name of ['spawn', 'spawnSync']) require('node:child_process')[name] = () => { throw new Error('started'); };
    require('node:module').syncBuiltinESMExports();
    import(${JSON.stringify(path.join(root, 'data-scripts/setup.mjs'))}).then(({ setup }) => setup());`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  assert.deepEqual([status, stdout, stderr], [0, '', '']);
});

test('doctor in a bare project names each missing part and the command that mends it', (t) => {
  const folder = bareProject(temporary(t));
  const { status, stdout, stderr } = spawnSync(process.execPath, ['data-scripts/doctor.mjs'], {
    cwd: folder,
    encoding: 'utf8',
  });
  assert.equal(status, 1);
  const marks = stdout
    .trim()
    .split('\n')
    .map((line) => line[0]);
  assert.deepEqual(marks, ['✓', ...Array<string>(8).fill('✗'), '–'], stdout); // Node is there, as this runs
  for (const name of ['npm packages', 'Python environment', 'TensorFlow', 'canvas', 'tslab kernel']) {
    assert.match(stdout, new RegExp(`✗ ${name}`));
  }
  assert.match(stderr, /^8 of 8 parts are not in order\.\nTo mend it: npm run setup\n$/);
});

test('npm packages: an interrupted install, another version and a lost folder are noticed', async (t) => {
  const folder = bareProject(temporary(t));
  const { packages } = await load<{ packages: Part }>('data-scripts/setup/npm.mjs', folder);
  assert.equal(packages.missing(), 'not installed');
  const modules = path.join(folder, 'node_modules');
  const lock = JSON.parse(fs.readFileSync(path.join(folder, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string; optional?: boolean; os?: string[]; cpu?: string[] }>;
  };
  const here = ({ optional, os, cpu }: { optional?: boolean; os?: string[]; cpu?: string[] }): boolean =>
    !optional || Boolean(os?.includes(process.platform) && (cpu ?? [process.arch]).includes(process.arch));
  const names = Object.keys(lock.packages).filter((name) => name && here(lock.packages[name]));
  for (const name of names) {
    fs.mkdirSync(path.join(folder, name), { recursive: true });
    fs.writeFileSync(path.join(folder, name, 'package.json'), '{}');
  }
  assert.equal(packages.missing(), 'not installed'); // npm writes its list last
  const installed = { packages: Object.fromEntries(names.map((name) => [name, { ...lock.packages[name] }])) };
  const write = () => fs.writeFileSync(path.join(modules, '.package-lock.json'), JSON.stringify(installed));
  write();
  assert.equal(packages.missing(), null);
  const tslab = installed.packages['node_modules/tslab'];
  assert.ok(tslab);
  const { version } = tslab;
  tslab.version = '0.0.1';
  write();
  assert.equal(packages.missing(), `tslab is 0.0.1, the lock file says ${version}`);
  tslab.version = version;
  write();
  fs.rmSync(path.join(modules, 'tslab'), { recursive: true });
  assert.equal(packages.missing(), 'node_modules/tslab has lost its files');
  // npm_config_omit=optional: npm has installed everything and says so, and sharp has nothing to decode with.
  const binary = `@img/sharp-${process.platform}-${process.arch}`;
  assert.ok(names.includes(`node_modules/${binary}`), binary);
  fs.mkdirSync(path.join(modules, 'tslab'));
  fs.writeFileSync(path.join(modules, 'tslab/package.json'), '{}');
  Reflect.deleteProperty(installed.packages, `node_modules/${binary}`);
  write();
  assert.match(packages.missing() ?? '', new RegExp(`^${binary} is missing, the lock file says `));
});

test('the library is compiled when sources change; errors are shown; output without a source goes', async (t) => {
  const folder = bareProject(temporary(t));
  fs.rmSync(path.join(folder, 'data-scripts'), { recursive: true });
  fs.mkdirSync(path.join(folder, 'data-scripts'));
  for (const name of fs.readdirSync(path.join(root, 'data-scripts'))) {
    if (!['lib', 'setup'].includes(name)) continue; // not the commands in TypeScript, which need src
    fs.cpSync(path.join(root, 'data-scripts', name), path.join(folder, 'data-scripts', name), {
      recursive: true,
    });
  }
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'), 'junction');
  fs.mkdirSync(path.join(folder, 'src/data'), { recursive: true });
  fs.copyFileSync(path.join(root, 'src/data/resample.wat'), path.join(folder, 'src/data/resample.wat'));
  const source = (name: string) => path.join(folder, 'src', name);
  const output = (name: string) => path.join(folder, '.build/src', name);
  fs.writeFileSync(source('kept.ts'), 'export const kept: number = 1;\n');
  fs.writeFileSync(source('gone.ts'), "import { kept } from './kept';\nexport const gone: number = kept;\n");
  const { library } = await load<{ library: Part }>('data-scripts/setup/library.mjs', folder);
  assert.equal(library.missing(), 'not compiled');
  await library.install(() => {});
  assert.equal(library.missing(), null);
  assert.ok(fs.existsSync(output('gone.js')) && fs.existsSync(output('gone.d.ts')));

  fs.rmSync(source('gone.ts'));
  fs.writeFileSync(source('kept.ts'), "export const kept: number = 'one';\n");
  assert.equal(library.missing(), 'sources have changed');
  await assert.rejects(
    library.install(() => {}),
    /type errors:\n {2}src\/kept\.ts\(1,14\): error TS2322/,
  );
  assert.deepEqual(fs.readdirSync(path.join(folder, '.build/src/data')), ['resample.wasm']);
  assert.deepEqual(fs.readdirSync(path.join(folder, '.build/src')).sort(), [
    'data',
    'kept.d.ts',
    'kept.js',
    'kept.js.map',
  ]);
  assert.equal(library.missing(), 'sources have changed'); // still
});

test('unpacking a wheel takes the named members only, and none that leaves the folder', async (t) => {
  const { venvBin } = await load<{ venvBin(name: string): string }>('data-scripts/lib/paths.mjs');
  if (!fs.existsSync(venvBin('python'))) return t.skip('no Python environment; npm run setup');
  const { run } = await load<RunModule>('data-scripts/lib/run.mjs');
  const folder = temporary(t);
  const wheel = path.join(folder, 'a.whl');
  const make = `import sys, zipfile
z = zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED)
for name in ["p/lib.so", "p/include/a/one.h", "p/other.py", "p/bad/../../../evil", "p/bomb"]: z.writestr(name, name)
z.infolist()[-1].file_size = 3 << 30
z.close()`;
  await run(venvBin('python'), ['-c', make, wheel]);
  const unpack = (target: string, ...pairs: string[]) =>
    run(venvBin('python'), [
      path.join(root, 'data-scripts/setup/unpack_wheel.py'),
      wheel,
      path.join(folder, target),
      ...pairs,
    ]);

  await unpack('good', 'p/lib.so=lib/x.so', 'p/include/=include/');
  const got = fs.readdirSync(path.join(folder, 'good'), { recursive: true }).map(String).sort();
  assert.deepEqual(got, ['include', 'include/a', 'include/a/one.h', 'lib', 'lib/x.so']);
  assert.equal(fs.readFileSync(path.join(folder, 'good/lib/x.so'), 'utf8'), 'p/lib.so');

  await assert.rejects(unpack('bad', 'p/bad/=x/'), /would leave the folder/);
  await assert.rejects(unpack('bad', 'p/none=x'), /has no p\/none/);
  await assert.rejects(unpack('bad', 'p/bomb=x'), /3221225472 bytes to unpack, expected at most 2147483648/);
  assert.ok(!fs.existsSync(path.join(folder, 'bad')));
});

test('node-compat gives back the two functions that newer Nodes lack, and leaves older ones alone', () => {
  const compat = path.join(root, 'data-scripts/kernel/node-compat.cjs');
  const script = `
    const util = require('node:util');
    const before = util.isArray;
    require(${JSON.stringify(compat)});
    if (before && util.isArray !== before) throw new Error('replaced');
    delete util.isArray; delete util.isNullOrUndefined;
    delete require.cache[${JSON.stringify(compat)}];
    require(${JSON.stringify(compat)});
    const values = [null, undefined, 0, '', [], {}];
    console.log(JSON.stringify([values.map(util.isNullOrUndefined), values.map((v) => util.isArray(v))]));`;
  const { stdout } = spawnSync(process.execPath, ['--no-deprecation', '-e', script], { encoding: 'utf8' });
  assert.deepEqual(JSON.parse(stdout), [
    [true, true, false, false, false, false],
    [false, false, false, false, true, false],
  ]);
});

test('what the rest can do without may fail: one line says what is lost, and set-up goes on', async (t) => {
  const folder = bareProject(temporary(t));
  const script = `
    import { setup } from './data-scripts/setup.mjs';
    import { RunError } from './data-scripts/lib/run.mjs';
    const part = (name, optional) => ({ name, optional, missing: () => 'not there', version: () => '',
      live: async () => '', install: async () => { throw new RunError('pip', 'no network', 1, ''); } });
    await setup('quick', [part('a picture', 'pages have none')]);
    await setup('quick', [part('the engine')]);`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: folder,
    encoding: 'utf8',
  });
  assert.match(stdout, /✗ a picture .*\na picture is not to be had here: pages have none\.\n✗ the engine/);
  assert.equal(status, 1);
  assert.match(stderr, /pip: no network/);
});
