// @ts-check
// A Chromium on this machine, where there is one: it draws the figures' pictures, and the tests look at the pages in it.
import fs from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { Trouble } from './reader.cjs';

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'microsoft-edge-stable',
  'microsoft-edge',
];
const MAC_APPS = ['Google Chrome', 'Chromium', 'Microsoft Edge'].map(
  (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
);

/**
 * The path of a Chromium: the one that CHROME names, Playwright's own, or one that the system has.
 * @returns {string | null} null where there is none
 * @throws {Trouble} when CHROME names a file that isn't there
 */
export function findBrowser() {
  const given = process.env.CHROME;
  if (given) {
    if (fs.existsSync(given)) return given;
    throw new Trouble(
      `CHROME names ${given}, which is not there.`,
      "set it to a Chromium's path, or unset it",
    );
  }
  const onPath = (process.env.PATH ?? '')
    .split(path.delimiter)
    .flatMap((folder) => NAMES.map((name) => path.join(folder, name)));
  const candidates = [
    chromium.executablePath(),
    ...onPath,
    ...(process.platform === 'darwin' ? MAC_APPS : []),
  ];
  return candidates.find((file) => file && fs.existsSync(file)) ?? null;
}

// It asks nothing of the outside by itself. As root, as in most containers, Chromium has no sandbox to offer.
const QUIET = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** How Chromium is started; with a new empty profile. @param {string} executablePath */
export const launchOptions = (executablePath) => ({
  executablePath,
  headless: true,
  args: process.getuid?.() === 0 ? [...QUIET, '--no-sandbox'] : QUIET,
});
