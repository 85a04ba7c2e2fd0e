// @ts-check
// npm run setup -- browser: a Chromium for the checks of the pages and of JupyterLab, where the machine has none.
// Not part of the plain set-up: without it those checks are skipped, and figures have words where scripts are off.
import path from 'node:path';
import { findBrowser } from '../lib/browser.mjs';
import { say, step } from '../lib/log.mjs';
import { modules } from '../lib/paths.mjs';
import { Trouble } from '../lib/reader.cjs';
import { RunError, run } from '../lib/run.mjs';
import { installSystem, isRootOnDebian, systemCommand } from './system.mjs';

/** @throws {Trouble} when there is none and none can be had */
export async function needBrowser() {
  if (!findBrowser()) await step('Chromium', install, { usualSeconds: 40 });
  const found = findBrowser();
  if (!found)
    throw new Trouble('No Chromium was found.', systemCommand(['chromium'], 'brew install --cask chromium'));
  say(`Chromium: ${found}`);
}

async function install() {
  // Debian's own where it can be installed: it brings the libraries that Playwright's download needs and hasn't got.
  if (isRootOnDebian()) {
    try {
      await installSystem(['chromium'], 'the browser checks');
      if (findBrowser()) return;
    } catch (error) {
      if (!(error instanceof RunError)) throw error; // not in this distribution: the download is left
    }
  }
  await run(process.execPath, [
    path.join(modules, 'playwright-core', 'cli.js'),
    'install',
    '--no-shell',
    'chromium',
  ]);
}
