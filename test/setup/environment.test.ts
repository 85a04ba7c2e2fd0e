import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { before, test } from 'node:test';
import { load, root, temporary } from './scripts';

type Environment = Record<string, string | undefined>;
interface ChildEnv {
  childEnv(extra?: Environment, given?: Environment): Environment;
}
let childEnv: ChildEnv['childEnv'];
before(async () => ({ childEnv } = await load<ChildEnv>('data-scripts/lib/child-env.mjs')));

test('what leads out of the project is not handed on, in whatever case it is written', () => {
  const given = {
    PYTHONPATH: '/old/docutils',
    PYTHONHOME: '/usr',
    PYTHONSTARTUP: '/x.py',
    PYTHONWARNINGS: 'error',
    JUPYTER_PATH: '/other/kernels',
    JUPYTER_TOKEN: '',
    JUPYTER_CONFIG_PATH: '/other/config',
    PIP_USER: '1',
    PIP_TARGET: '/elsewhere',
    pip_prefix: '/elsewhere',
    PIP_NO_DEPS: '1',
    PIP_CONSTRAINT: 'pins.txt',
    npm_config_omit: 'optional',
    NPM_CONFIG_PRODUCTION: 'true',
    npm_config_global: 'true',
    npm_config_platform: 'win32',
    NODE_ENV: 'production',
    NODE_PATH: '/other',
    NODE_TEST_CONTEXT: 'child-v8',
    DOCUTILSCONFIG: '/docutils.conf',
  };
  const own = Object.keys(childEnv({}, {}));
  const kept = Object.keys(childEnv({}, given)).filter((name) => !own.includes(name));
  assert.deepEqual(kept, []);
});

test('proxies, mirrors, certificates and caches of npm and pip are handed on', () => {
  const given = {
    PATH: '/bin',
    HOME: '/home/reader',
    LANG: 'zh_CN.GB18030',
    HTTPS_PROXY: 'http://proxy:3128',
    no_proxy: 'localhost',
    NODE_EXTRA_CA_CERTS: '/ca.pem',
    npm_config_registry: 'http://mirror/npm',
    NPM_CONFIG_REGISTRY: 'http://mirror/npm',
    npm_config_cache: '/cache/npm',
    npm_config_https_proxy: 'http://proxy:3128',
    npm_config_strict_ssl: 'false',
    npm_config_nodedir: '/usr',
    npm_config_canvas_binary_host: 'http://mirror/canvas',
    npm_config_userconfig: '/home/reader/.npmrc',
    'npm_config_//mirror/:_authToken': 'secret',
    PIP_INDEX_URL: 'http://mirror/pypi',
    PIP_EXTRA_INDEX_URL: 'http://mirror/more',
    PIP_FIND_LINKS: '/wheels',
    PIP_CERT: '/ca.pem',
    PIP_TRUSTED_HOST: 'mirror',
    PIP_CACHE_DIR: '/cache/pip',
    PIP_CONFIG_FILE: '/pip.conf',
  };
  const env = childEnv({}, given);
  for (const [name, value] of Object.entries(given)) assert.equal(env[name], value, name);
});

test("Node's options are kept where they are about the network or memory", () => {
  const options = (given: string): string | undefined => childEnv({}, { NODE_OPTIONS: given }).NODE_OPTIONS;
  const kept = '--max-old-space-size=4096 --use-openssl-ca';
  assert.equal(options(`--inspect --require=/x.js ${kept}`), kept);
  assert.equal(options('--require=/x.js'), undefined);
});

test('a program gets what its caller adds, and loses what its caller sets to undefined', () => {
  const env = childEnv({ PATH: undefined, MORE: '1' }, { PATH: '/bin', LESS: '2' });
  assert.deepEqual([env.PATH, env.MORE, env.LESS], [undefined, '1', '2']);
});

test('every program is started with this environment', async () => {
  const lib = await load<{
    run(command: string, args: string[]): Promise<{ stdout: string }>;
    ask(command: string, args: string[]): string | null;
  }>('data-scripts/lib/run.mjs');
  const script =
    'console.log([process.env.PYTHONUTF8, process.env.PYTHONPATH, process.env.JUPYTER_PATH].join())';
  process.env.PYTHONPATH = process.env.JUPYTER_PATH = '/elsewhere';
  try {
    assert.equal((await lib.run(process.execPath, ['-e', script])).stdout.trim(), '1,,');
    assert.equal(lib.ask(process.execPath, ['-e', script]), '1,,');
  } finally {
    delete process.env.PYTHONPATH;
    delete process.env.JUPYTER_PATH;
  }
  // A script that starts programs by itself would leave this out.
  const scripts = fs.readdirSync(path.join(root, 'data-scripts'), { recursive: true, encoding: 'utf8' });
  const starting = scripts.filter(
    (name) =>
      name.endsWith('.mjs') &&
      fs.readFileSync(path.join(root, 'data-scripts', name), 'utf8').includes("from 'node:child_process'"),
  );
  assert.deepEqual(starting, [path.join('lib', 'run.mjs')]);
});

test("pip: a reader's pip.conf keeps its mirrors; where packages go is ours", async (t) => {
  const { venvBin } = await load<{ venvBin(name: string): string }>('data-scripts/lib/paths.mjs');
  if (!fs.existsSync(venvBin('python'))) return t.skip('no Python environment; npm run setup');
  const folder = temporary(t);
  const conf = path.join(folder, 'pip.conf');
  fs.writeFileSync(
    conf,
    `[global]\nindex-url = http://mirror.invalid/simple\nuser = true\ntarget = ${folder}/elsewhere\n` +
      '[install]\nextra-index-url =\n  http://one.invalid\n  http://two.invalid\nno-deps = true\n' +
      '[download]\ntimeout = 7\n',
  );
  const script = `
    import(${JSON.stringify(path.join(root, 'data-scripts/setup/python.mjs'))}).then(({ pipEnv }) =>
      console.log(JSON.stringify(pipEnv())));`;
  const given = Object.entries(process.env).filter(([name]) => !/^pip_/i.test(name));
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
    env: { ...Object.fromEntries(given), PIP_CONFIG_FILE: conf },
    encoding: 'utf8',
  });
  const env = JSON.parse(stdout || stderr) as Environment;
  assert.equal(env.PIP_INDEX_URL, 'http://mirror.invalid/simple');
  assert.deepEqual(env.PIP_EXTRA_INDEX_URL?.trim().split(/\s+/), [
    'http://one.invalid',
    'http://two.invalid',
  ]);
  assert.equal(env.PIP_TIMEOUT, '7');
  assert.equal(env.PIP_CONFIG_FILE, '/dev/null');
  for (const name of ['PIP_USER', 'PIP_TARGET', 'PIP_NO_DEPS']) assert.equal(env[name], undefined, name);
});
