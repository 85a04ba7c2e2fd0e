// @ts-check
// npm run setup: whatever is missing or does not work, and nothing else; npm start, npm test and npm run lab do the
// quick half of it (what is missing).
// Plain Node without dependencies: nothing is installed yet when it starts.
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { alone } from './lib/files.mjs';
import { say, step } from './lib/log.mjs';
import { Trouble, fail, parse } from './lib/reader.cjs';
import { RunError } from './lib/run.mjs';
import { canvas } from './setup/canvas.mjs';
import { kernel } from './setup/kernel.mjs';
import { library } from './setup/library.mjs';
import { link, packages } from './setup/npm.mjs';
import { needNode, needPlace } from './setup/place.mjs';
import { python } from './setup/python.mjs';
import { binding, tensorflow } from './setup/tensorflow.mjs';
import { torchvision } from './setup/torchvision.mjs';

/**
 * @typedef {object} Part
 * @property {string} name
 * @property {number} [bytes] the disk that it needs while it is installed
 * @property {() => string | null} missing why it has to be installed (again), or null; quick
 * @property {() => Promise<string>} live sees whether it works, in a process of its own, and says how; throws where it doesn't
 * @property {() => void} [needs] throws a Trouble where it can't be installed here, before anything is downloaded
 * @property {(progress: (detail: string) => void, anew: boolean) => Promise<void>} install may be interrupted anywhere and
 *   started again; `anew`: trust nothing that is there, but keep what works until the new one is complete
 * @property {string} [optional] what is lost without it, where the rest can do without
 * @property {() => string} version
 */

/** In the order in which they need each other. @type {readonly Part[]} */
export const parts = [packages, python, tensorflow, binding, canvas, link, kernel, library, torchvision];

/** What is wrong with a part, for set-up and doctor alike. @param {Part} part @returns {Promise<{ wrong: string | null, works: string }>} */
export async function look(part) {
  const missing = part.missing();
  if (missing) return { wrong: missing, works: '' };
  try {
    return { wrong: null, works: await part.live() };
  } catch (error) {
    return { wrong: `does not work: ${error instanceof Error ? error.message : String(error)}`, works: '' };
  }
}

/**
 * Install and build what is missing: one line for each thing done, none when nothing was to be done.
 * @param {'quick' | 'check' | 'repair'} [how] `check`: also what is there and does not work; `repair`: all of it
 * @param {readonly Part[]} [all]
 * @throws {Trouble} saying what failed and the one command that mends it
 */
export async function setup(how = 'quick', all = parts) {
  needNode();
  const missing = all.filter((part) => how === 'repair' || part.missing() !== null);
  if (how === 'quick' && missing.length === 0) return;
  needPlace(missing);
  for (const part of missing) part.needs?.();
  await alone('set-up', async () => {
    for (const part of all) {
      const before = how === 'check' ? await look(part) : { wrong: part.missing() };
      if (how !== 'repair' && !before.wrong) continue;
      const installed = part.missing() === null; // what is there and does not work can't be built upon
      if (how === 'check' && installed) {
        say(`${part.name} ${before.wrong}`);
        // Seen only now, when what it builds upon works: so its needs have not been looked at.
        needPlace([part]);
        part.needs?.();
      }
      try {
        await step(part.name, (progress) => part.install(progress, installed || how === 'repair'));
      } catch (error) {
        if (!part.optional || !(error instanceof RunError)) throw error;
        say(`${part.name} is not to be had here: ${part.optional}.`);
        continue;
      }
      const after = how === 'quick' ? { wrong: part.missing() } : await look(part);
      if (after.wrong)
        throw new Trouble(`${part.name}: ${after.wrong}, even after it was installed.`, 'npm run doctor');
    }
  });
}

const HELP = `npm run setup [-- [browser] [options]]

Installs what is missing, and anew what does not work; nothing else.

  browser           a Chromium too, for the tests of the pages
  --repair          everything anew, each part in the old one's place when the new one is complete
  --tfjs-download   TensorFlow as tfjs-node's own installer has it, for machines that have no other
  --help, -h        this text`;

async function main() {
  const options = /** @type {const} */ ({
    repair: { type: 'boolean' },
    'tfjs-download': { type: 'boolean' }, // setup/tensorflow.mjs looks for it
  });
  const parsed = parse(HELP, { allowPositionals: true, options });
  if (!parsed) return;
  const unknown = parsed.positionals.find((word) => word !== 'browser');
  if (unknown) throw new Trouble(`There is nothing called ${unknown} to set up.`, 'npm run setup -- --help');
  await setup(parsed.values.repair ? 'repair' : 'check');
  // Imported only now: it needs a package.
  if (parsed.positionals.length > 0) await (await import('./setup/browser.mjs')).needBrowser();
  say('Everything is installed and works.');
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    fail(error);
  }
}
