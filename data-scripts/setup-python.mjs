// @ts-check
// The Python environment .venv inside the project: JupyterLab, the executor, the page builder, each at the version
// and with the hash that requirements.txt names.
import fs from 'node:fs';
import path from 'node:path';
import { readText, sha256, writeWhole } from './lib/files.mjs';
import { left, Trouble } from './lib/log.mjs';
import { inRoot, venv, venvBin } from './lib/paths.mjs';
import { ask, run } from './lib/run.mjs';
import { installSystem, isRootOnDebian } from './setup-system.mjs';

const requirements = inRoot('data-scripts', 'requirements.txt');
const stamp = path.join(venv, '.complete');
const LOWEST = [3, 10];
const CHECK = 'import sys, venv, ensurepip; print("%d.%d.%d" % sys.version_info[:3], sys.executable)';

/** What the environment must have been made of. */
const wanted = () => sha256(readText(requirements) ?? '');

/** Settings of a user's or another environment that would lead pip or Python out of .venv. */
export const pythonEnv = {
  PYTHONHOME: undefined,
  PYTHONPATH: undefined,
  PIP_USER: undefined,
  PIP_TARGET: undefined,
  PIP_PREFIX: undefined,
  PIP_DISABLE_PIP_VERSION_CHECK: '1',
  PIP_NO_INPUT: '1',
};

function missing() {
  const found = readText(stamp);
  if (found === null) return 'not installed';
  if (found.trim() !== wanted()) return 'requirements.txt has changed';
  // A link to the Python it was made from: it dangles once that one is upgraded away.
  return fs.existsSync(venvBin('python')) ? null : 'the Python it was made from is gone';
}

/** @param {(detail: string) => void} progress */
async function install(progress) {
  const again =
    fs.existsSync(stamp) && ask(venvBin('python'), ['-m', 'pip', '--version'], { env: pythonEnv }) !== null;
  if (again) {
    fs.rmSync(stamp); // an interruption from here on is seen
  } else {
    // A half-made environment can't be trusted or mended: pip can't remove packages that were cut short. What was
    // downloaded is in pip's cache.
    progress('removing what is incomplete');
    fs.rmSync(venv, { recursive: true, force: true });
    const python = await findPython();
    progress('creating the environment');
    await run(python[0], [...python.slice(1), '-m', 'venv', venv], { env: pythonEnv });
  }
  const total = new Set((readText(requirements) ?? '').match(/^[\w.-]+(?===)/gm)).size;
  const time = left(total);
  let collected = 0;
  await run(
    venvBin('python'),
    [
      '-m',
      'pip',
      'install',
      '--require-hashes',
      '--only-binary=:all:',
      '--no-deps',
      '--no-warn-script-location',
      '-r',
      requirements,
    ],
    {
      env: pythonEnv,
      onLine: (line) => {
        if (line.startsWith('Collecting '))
          progress(`${Math.min(++collected, total)} of about ${total} packages${time(collected)}`);
        else if (line.startsWith('Installing collected')) progress('unpacking, usually about 15 s');
      },
    },
  );
  writeWhole(stamp, `${wanted()}\n`);
}

/** The command of a Python that is new enough and can make environments. @returns {Promise<string[]>} */
async function findPython() {
  const chosen = process.env.RESNET_WORKBOOK_PYTHON;
  const names = ['python3', 'python3.13', 'python3.12', 'python3.14', 'python3.11', 'python3.10', 'python'];
  const candidates = chosen
    ? [[chosen]]
    : [...(process.platform === 'win32' ? [['py', '-3']] : []), ...names.map((name) => [name])];
  const found = () =>
    candidates.find(([command, ...args]) => {
      const [version] = (ask(command ?? '', [...args, '-c', CHECK], { env: pythonEnv }) ?? '').split(' ');
      return version && newEnough(version);
    });
  let python = found();
  if (!python && !chosen && isRootOnDebian()) {
    await installSystem(['python3', 'python3-venv'], 'Python with venv');
    python = found();
  }
  if (python) return python;
  const seen = candidates
    .map(([command, ...args]) =>
      ask(command ?? '', [...args, '-c', 'import sys; print("%d.%d.%d" % sys.version_info[:3])']),
    )
    .filter(Boolean);
  const what = seen.length
    ? `found ${[...new Set(seen)].join(', ')}, which ${seen.some((v) => newEnough(v ?? '')) ? 'lacks venv' : 'is too old'}`
    : 'found none';
  throw new Trouble(
    `Python ${LOWEST.join('.')} or later with its venv module is needed for JupyterLab: ${what}.`,
    process.platform === 'darwin'
      ? 'brew install python'
      : process.platform === 'win32'
        ? 'winget install Python.Python.3.13'
        : 'sudo apt-get install python3 python3-venv   (or name a Python in RESNET_WORKBOOK_PYTHON)',
  );
}

/** @param {string} version */
function newEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major === LOWEST[0] && minor >= (LOWEST[1] ?? 0);
}

const VERSIONS = `
import platform
from importlib.metadata import version
names = ["JupyterLab", "nbclient", "Sphinx", "myst-nb"]
print(", ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in names)]))
`;

export const python = {
  name: 'Python environment',
  missing,
  install,
  version: () => ask(venvBin('python'), ['-c', VERSIONS], { env: pythonEnv }) ?? 'unknown versions',
};
