// @ts-check
// The Python environment .venv inside the project: JupyterLab, the executor, the page builder, each at the version
// and with the hash that requirements.txt names.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readJson, readText, replaceFolder, sha256, writeWhole } from '../lib/files.mjs';
import { left } from '../lib/log.mjs';
import { childEnv, isNetworkSetting } from '../lib/child-env.mjs';
import { cache, inRoot, venv, venvBin } from '../lib/paths.mjs';
import { Trouble } from '../lib/reader.cjs';
import { ask, run } from '../lib/run.mjs';
import { installSystem, isRootOnDebian } from './system.mjs';

const LOWEST = [3, 10];
const CHECK = 'import sys, venv, ensurepip; print("%d.%d.%d" % sys.version_info[:3], sys.executable)';

/** What an environment was made of, noted in it when it is complete. @typedef {{ requirements: string, folder: string, packages: string[] }} Made */
const note = (/** @type {string} */ folder) => path.join(folder, '.complete');

/** A program in an environment. @param {string} folder @param {string} name */
const programIn = (folder, name) => path.join(folder, path.relative(venv, venvBin(name)));

/**
 * @typedef {object} Needs
 * @property {readonly number[]} lowest version of Python
 * @property {string} use what for, in the reader's words
 * @property {string} [fromSource] the one package that is published without a wheel
 */

/**
 * A Python environment below the project's folder, with the packages of one file of requirements.
 * @param {string} folder
 * @param {string} requirements the file, with versions and hashes
 * @param {Needs} needs
 */
export function environmentIn(folder, requirements, needs) {
  return {
    program: (/** @type {string} */ name) => programIn(folder, name),
    missing: () => missing(folder, requirements),
    /** @param {(detail: string) => void} progress @param {boolean} anew */
    install: (progress, anew) => install(folder, requirements, needs, progress, anew),
  };
}

/** The folders that pip keeps, one a package: without one of them, the package was taken out. @param {string} folder */
function packagesIn(folder) {
  const lib = path.join(folder, process.platform === 'win32' ? 'Lib' : 'lib');
  const python = fs.readdirSync(lib).find((name) => /^(python3\.\d+|site-packages)$/.test(name)) ?? '';
  const site = python === 'site-packages' ? path.join(lib, python) : path.join(lib, python, 'site-packages');
  return fs
    .readdirSync(site)
    .filter((name) => name.endsWith('.dist-info'))
    .sort();
}

/** @param {string} folder @param {string} requirements */
function missing(folder, requirements) {
  /** @type {Made | null} */
  const made = readJson(note(folder));
  if (!made?.packages) return 'not installed';
  if (made.requirements !== hashOf(requirements)) return 'requirements.txt has changed';
  // A link to the Python it was made from: it dangles once that one is upgraded away.
  if (!fs.existsSync(programIn(folder, 'python'))) return 'the Python it was made from is gone';
  const found = new Set(packagesIn(folder));
  const lost = made.packages.find((name) => !found.has(name));
  if (lost) return `${lost.replace(/-[^-]*\.dist-info$/, '')} has been removed from it`;
  return made.folder === folder ? null : 'the folder was moved or copied';
}

/** What an environment must have been made of. @param {string} requirements */
const hashOf = (requirements) => sha256(readText(requirements) ?? '');

/**
 * The environment that a pip of ours runs in: the reader's mirrors and certificates, nothing that leads packages
 * elsewhere (user, target, prefix ...), be it in variables or in pip's files.
 */
export function pipEnv(python = venvBin('python')) {
  const said = ask(python, ['-c', PIP_SETTINGS], {
    env: { PIP_CONFIG_FILE: process.env.PIP_CONFIG_FILE },
  });
  /** @type {Record<string, string>} */
  const settings = said ? JSON.parse(said) : {};
  /** @type {NodeJS.ProcessEnv} */
  const env = {};
  for (const [key, value] of Object.entries(settings)) {
    const name = key.replaceAll('-', '_');
    const variable = `PIP_${name.toUpperCase()}`;
    if (isNetworkSetting(name)) env[variable] = childEnv()[variable] ?? value;
  }
  return { ...env, PIP_CONFIG_FILE: os.devNull, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_NO_INPUT: '1' };
}

/** pip's own list of what its files say, the commands' own after what is for all. */
const PIP_SETTINGS = `
import ast, json, subprocess, sys
said = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, encoding="utf-8", check=True)
settings = {}
for sections in [["global"], ["install", "download"]]:
    for line in said.stdout.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.partition(".")
        if section in sections: settings[key] = str(ast.literal_eval(value))
print(json.dumps(settings))
`;

/**
 * Made beside the old environment and put in its place when it is complete: pip can't mend what was cut short, and what
 * works must not be lost to a download that fails.
 * @param {string} folder
 * @param {string} requirements
 * @param {Needs} needs
 * @param {(detail: string) => void} progress
 * @param {boolean} anew
 */
async function install(folder, requirements, needs, progress, anew) {
  /** @type {Made | null} */
  const made = readJson(note(folder));
  if (!anew && made && missing(folder, requirements) === 'the folder was moved or copied') {
    moveScripts(folder, made.folder);
    return writeWhole(note(folder), JSON.stringify({ ...made, folder }));
  }
  const python = await findPython(needs);
  const fresh = path.join(cache, 'venv');
  fs.rmSync(fresh, { recursive: true, force: true });
  progress('creating the environment');
  await run(python[0] ?? '', [...python.slice(1), '-m', 'venv', fresh]);
  const total = new Set((readText(requirements) ?? '').match(/^[\w.-]+(?===)/gm)).size;
  const time = left(total);
  let collected = 0;
  const inFresh = programIn(fresh, 'python');
  const options = ['--require-hashes', '--only-binary=:all:', '--no-deps', '--no-warn-script-location'];
  const pip = (/** @type {string[]} */ ...args) =>
    run(inFresh, ['-m', 'pip', 'install', ...options, ...args], {
      env: pipEnv(inFresh),
      onLine: (line) => {
        if (line.startsWith('Collecting '))
          progress(`${Math.min(++collected, total)} of about ${total} packages${time(collected)}`);
        else if (line.startsWith('Installing collected')) progress('unpacking, usually about 15 s');
      },
    });
  if (needs.fromSource) {
    // built with the setuptools of the requirements, which has to be there before
    const others = path.join(fresh, 'requirements.txt');
    const blocks = (readText(requirements) ?? '').split(/^(?=[\w.-]+==)/m);
    fs.writeFileSync(others, blocks.filter((block) => !block.startsWith(`${needs.fromSource}==`)).join(''));
    await pip('-r', others);
    await pip(`--no-binary=${needs.fromSource}`, '--no-build-isolation', '-r', requirements);
  } else await pip('-r', requirements);
  moveScripts(fresh, fresh, folder);
  writeWhole(
    note(fresh),
    JSON.stringify({ requirements: hashOf(requirements), folder, packages: packagesIn(fresh) }),
  );
  replaceFolder(fresh, folder);
}

/**
 * Programs in an environment hold its path in their first lines, and `activate` does.
 * @param {string} environment where it lies now
 * @param {string} from the path that they hold
 * @param {string} [to] the path that they are to hold
 */
function moveScripts(environment, from, to = environment) {
  const bin = path.join(environment, path.basename(path.dirname(venvBin('python'))));
  for (const name of fs.readdirSync(bin)) {
    const file = path.join(bin, name);
    if (!fs.lstatSync(file).isFile()) continue; // python itself is a link
    const text = fs.readFileSync(file, 'utf8');
    // pip's two forms: the second where the path is long or has a space, which the system can't follow.
    const script = new RegExp(`^#!(${escaped(from)}/bin/python\\S*\n|/bin/sh\n'''exec' .*\n' '''\n)`);
    const start = `#!/bin/sh\n'''exec' "${to}/bin/python" "$0" "$@"\n' '''\n`;
    const moved = /^activate/i.test(name)
      ? text.replaceAll(from, () => to)
      : text.replace(script, () => start);
    if (moved !== text) writeInPlace(file, moved);
  }
}

const escaped = (/** @type {string} */ text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Keeps the right to be executed. @param {string} file @param {string} text */
function writeInPlace(file, text) {
  const { mode } = fs.statSync(file);
  writeWhole(file, text);
  fs.chmodSync(file, mode);
}

const candidates = () => {
  const chosen = process.env.RESNET_WORKBOOK_PYTHON;
  if (chosen) return [[chosen]];
  const names = ['python3', 'python3.13', 'python3.12', 'python3.14', 'python3.11', 'python3.10', 'python'];
  return [...(process.platform === 'win32' ? [['py', '-3']] : []), ...names.map((name) => [name])];
};

/** The command of a Python that is new enough and can make environments. @param {readonly number[]} lowest @returns {string[] | undefined} */
const fittingPython = (lowest) =>
  candidates().find(([command, ...args]) => {
    const [version] = (ask(command ?? '', [...args, '-c', CHECK]) ?? '').split(' ');
    return version && newEnough(version, lowest);
  });

/** Whether set-up can install one by itself. */
const canInstallPython = () => !process.env.RESNET_WORKBOOK_PYTHON && isRootOnDebian();

/** @param {Needs} needs */
async function findPython(needs) {
  if (!fittingPython(needs.lowest) && canInstallPython())
    await installSystem(['python3', 'python3-venv'], 'Python with venv');
  return fittingPython(needs.lowest) ?? noPython(needs);
}

/** @param {Needs} needs @returns {never} */
function noPython({ lowest, use }) {
  const seen = candidates()
    .map(([command, ...args]) =>
      ask(command ?? '', [...args, '-c', 'import sys; print("%d.%d.%d" % sys.version_info[:3])']),
    )
    .filter(Boolean);
  const what = seen.length
    ? `found ${[...new Set(seen)].join(', ')}, which ${seen.some((v) => newEnough(v ?? '', lowest)) ? 'lacks venv' : 'is too old'}`
    : 'found none';
  throw new Trouble(
    `Python ${lowest.join('.')} or later with its venv module is needed for ${use}: ${what}.`,
    process.platform === 'darwin'
      ? 'brew install python'
      : process.platform === 'win32'
        ? 'winget install Python.Python.3.13'
        : 'sudo apt-get install python3 python3-venv   (or name a Python in RESNET_WORKBOOK_PYTHON)',
  );
}

/** @param {string} version @param {readonly number[]} lowest */
function newEnough(version, lowest) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major === lowest[0] && minor >= (lowest[1] ?? 0);
}

const VERSIONS = `
import platform
from importlib.metadata import version
names = ["JupyterLab", "nbclient", "Sphinx", "myst-nb"]
print(", ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in names)]))
`;

/** Each file of each package, in the size that pip noted; and what we use of them can be loaded. */
const LOOK = `
import importlib.metadata, os
for package in importlib.metadata.distributions():
    for file in package.files or []:
        # Programs hold the environment's path; ipykernel's own kernel is not offered.
        ours = file.suffix == ".pyc" or str(file).startswith(("../../../bin/", "../../../share/jupyter/kernels/"))
        if file.size is None or ours: continue
        try: size = os.stat(package.locate_file(file)).st_size
        except OSError: size = None
        if size != file.size:
            raise SystemExit(f"{file} of {package.name} " + ("is gone" if size is None else f"has {size} bytes, expected {file.size}"))
import jupyterlab, nbclient, sphinx, myst_nb, sphinx_book_theme, plotly
print("complete")
`;

const notebooks = { lowest: LOWEST, use: 'JupyterLab' };
const ours = environmentIn(venv, inRoot('data-scripts', 'setup', 'requirements.txt'), notebooks);

export const python = {
  name: 'Python environment',
  bytes: 0.6e9,
  missing: ours.missing,
  needs() {
    if (!fittingPython(LOWEST) && !canInstallPython()) noPython(notebooks);
  },
  install: ours.install,
  version: () => ask(venvBin('python'), ['-c', VERSIONS]) ?? 'unknown versions',
  async live() {
    const { status, stdout, stderr } = await run(venvBin('python'), ['-c', LOOK], { anyStatus: true });
    const said = (stdout + stderr).trim().split('\n').pop() ?? '';
    if (status !== 0) throw new Error(said);
    return said;
  },
};
