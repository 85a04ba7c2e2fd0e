// @ts-check
// npm run setup: whatever is missing, and nothing else. Also run by npm start, npm test and npm run lab.
// npm run setup -- browser: a Chromium too, for the tests of the pages.
// Plain Node without dependencies: nothing is installed yet when it starts.
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { alone } from './lib/files.mjs';
import { fail, step, Trouble } from './lib/log.mjs';
import { canvas } from './setup-canvas.mjs';
import { kernel } from './setup-kernel.mjs';
import { library } from './setup-library.mjs';
import { link, packages } from './setup-npm.mjs';
import { python } from './setup-python.mjs';
import { binding, tensorflow } from './setup-tensorflow.mjs';

/**
 * @typedef {object} Part
 * @property {string} name
 * @property {() => string | null} missing why it has to be installed (again), or null; quick
 * @property {(progress: (detail: string) => void) => Promise<void>} install may be interrupted anywhere and started again
 * @property {() => string} version
 * @property {() => Promise<string>} [live] see whether it works, in a process of its own
 */

/** In the order in which they need each other. @type {readonly Part[]} */
export const parts = [packages, python, tensorflow, binding, canvas, link, kernel, library];

const LOWEST = [20, 19];

export function needNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < (LOWEST[0] ?? 0) || (major === LOWEST[0] && minor < (LOWEST[1] ?? 0))) {
    throw new Trouble(
      `Node ${LOWEST.join('.')} or later is needed; this is ${process.versions.node}.`,
      'install the current Node.js from nodejs.org',
    );
  }
}

/**
 * Install and build whatever is missing: one line for each thing done, none when nothing was to be done.
 * @throws {Trouble} saying what failed and the one command that mends it
 */
export async function setup() {
  needNode();
  if (parts.every((part) => part.missing() === null)) return;
  await alone(async () => {
    for (const part of parts) {
      if (part.missing() === null) continue;
      await step(part.name, (progress) => part.install(progress));
      const still = part.missing();
      if (still) throw new Trouble(`${part.name}: ${still}, even after it was installed.`, 'npm run doctor');
    }
  });
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    await setup();
    // Imported only now: it needs a package.
    if (process.argv[2] === 'browser') await (await import('./setup-browser.mjs')).needBrowser();
  } catch (error) {
    fail(error);
  }
}
