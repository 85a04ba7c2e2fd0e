// @ts-check
// A picture of each plotly figure, for readers without scripts: drawn by plotly itself in a headless Chromium, once.
import fs from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { writeWhole } from '../lib/files.mjs';
import { drawingHash } from './figures.mjs';
import { launchOptions } from '../lib/browser.mjs';

/** @typedef {import('./figures.mjs').Drawing} Drawing */

const WIDTH = 700; // of a page's column, in pixels
const DEFAULT_HEIGHT = 450; // plotly's own
const TIMEOUT_MS = 60_000;

/** In the page: the figure as the text of an SVG. */
const DRAW = `({ figure, width, height }) =>
  Plotly.toImage(figure, { format: 'svg', width, height, imageDataOnly: true })`;

/** In the page: those names of which no font has the letters. Such letters all look alike. */
const WITHOUT_FONT = `(names) => {
  const canvas = document.createElement('canvas');
  const drawing = canvas.getContext('2d');
  drawing.font = '30px sans-serif';
  const look = (letter) => {
    drawing.clearRect(0, 0, canvas.width, canvas.height);
    drawing.fillText(letter, 10, 50);
    return canvas.toDataURL();
  };
  return names.filter((name) => look(name[0]) === look(name[1]));
}`;

/**
 * Draws the pictures that `folder` hasn't got, and removes those of other figures.
 * @param {readonly Drawing[]} drawings
 * @param {string} plotly the script's path
 * @param {string} folder
 * @param {string | null} browser
 * @param {readonly string[]} names of the languages, in their letters
 * @returns {Promise<string[] | null>} the languages for which there is no font here; null without a browser
 */
export async function drawPictures(drawings, plotly, folder, browser, names) {
  fs.mkdirSync(folder, { recursive: true });
  const wanted = new Map(drawings.map((drawing) => [`${drawingHash(drawing)}.svg`, drawing]));
  for (const name of fs.readdirSync(folder)) if (!wanted.has(name)) fs.rmSync(path.join(folder, name));
  const missing = [...wanted].filter(([name]) => !fs.existsSync(path.join(folder, name)));
  if (missing.length === 0) return [];
  if (!browser) return null;
  const chrome = await chromium.launch(launchOptions(browser));
  try {
    const page = await chrome.newPage();
    page.setDefaultTimeout(TIMEOUT_MS);
    await page.addScriptTag({ path: plotly });
    for (const [name, { data, layout }] of missing) {
      const height = Number(layout.height ?? DEFAULT_HEIGHT);
      /** @type {string} */
      const svg = await page.evaluate(
        `(${DRAW})(${JSON.stringify({ figure: { data, layout }, width: WIDTH, height })})`,
      );
      writeWhole(path.join(folder, name), svg);
    }
    return await page.evaluate(`(${WITHOUT_FONT})(${JSON.stringify(names)})`);
  } finally {
    await chrome.close();
  }
}
