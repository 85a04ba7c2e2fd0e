// @ts-check
// What only the system's package manager has: a compiler, and the libraries canvas is built on.
import fs from 'node:fs';
import { say } from '../lib/log.mjs';
import { Trouble } from '../lib/reader.cjs';
import { ask, run } from '../lib/run.mjs';

export const isRootOnDebian = () =>
  process.platform === 'linux' && process.getuid?.() === 0 && fs.existsSync('/usr/bin/apt-get');

/** The command that installs packages here, for people to type. @param {readonly string[]} debian @param {string} [mac] */
export function systemCommand(debian, mac) {
  if (process.platform === 'darwin') return mac ?? 'xcode-select --install';
  if (ask('sh', ['-c', 'command -v dnf']))
    return `${debian.join(' ')}, or what your distribution (dnf) calls them`;
  return `sudo apt-get install ${debian.join(' ')}`;
}

/** Install Debian packages (as root). @param {readonly string[]} names @param {string} purpose */
export async function installSystem(names, purpose) {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const install = () => run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...names], { env });
  try {
    await install();
  } catch {
    await run('apt-get', ['update', '-q'], { env }); // a fresh image has no lists, an old one stale lists
    await install();
  }
  say(`  installed for ${purpose}: ${names.join(' ')}`);
}

/** @type {string[] | undefined} */
let broken;
/** Which of the tools that compile C++ don't run; looked for once. */
const brokenTools = () =>
  (broken ??=
    process.platform === 'win32'
      ? []
      : ['make', process.env.CXX || 'c++'].filter((name) => ask(name, ['--version']) === null));

/** What says that C++ can't be compiled here, nor a compiler installed. @returns {Trouble | null} */
export function absentTools() {
  if (brokenTools().length === 0 || isRootOnDebian()) return null;
  return new Trouble(
    `A C++ compiler and make are needed to build native parts: ${brokenTools().join(' and ')} not found, or broken.`,
    systemCommand(['build-essential']),
  );
}

/** Make sure that C++ can be compiled. */
export async function needCompiler() {
  const absent = absentTools();
  if (absent) throw absent;
  if (brokenTools().length === 0) return;
  await installSystem(['build-essential'], 'building native parts');
  broken = undefined;
}
