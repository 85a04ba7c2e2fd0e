// @ts-check
// What only the system's package manager has: a compiler, and the libraries canvas is built on.
import fs from 'node:fs';
import { say, Trouble } from '../lib/log.mjs';
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

/** What says that C++ can't be compiled here, nor a compiler installed. @returns {Trouble | null} */
export function absentTools() {
  const absent = ['make', process.env.CXX || 'c++'].filter(
    (name) => ask('sh', ['-c', `command -v "${name}"`]) === null,
  );
  if (process.platform === 'win32' || absent.length === 0 || isRootOnDebian()) return null;
  return new Trouble(
    `A C++ compiler and make are needed to build native parts: ${absent.join(' and ')} not found.`,
    systemCommand(['build-essential']),
  );
}

/** Make sure that C++ can be compiled. */
export async function needCompiler() {
  const works = () =>
    ask(process.env.CXX || 'c++', ['--version']) !== null && ask('make', ['--version']) !== null;
  if (process.platform === 'win32' || works()) return;
  if (isRootOnDebian()) await installSystem(['build-essential'], 'building native parts');
  else
    throw absentTools() ?? new Trouble('The C++ compiler does not run.', systemCommand(['build-essential']));
}
