// @ts-check
// Formulas: MathJax draws their TeX as SVG with MathML for screen readers, so that a reader's browser needs no script for
// them. notebooks/site/_ext/formulas.py starts this with the formulas of all pages on its standard input.
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Trouble, fail } from '../lib/reader.cjs';

/** A node of MathJax's own small DOM. @typedef {object} Node */
/**
 * What is used of MathJax; it brings no types.
 * @typedef {object} MathJax
 * @property {(tex: string, options: { display: boolean }) => Node} tex2svg
 * @property {() => Node} svgStylesheet
 * @property {{ adaptor: {
 *   outerHTML(node: Node): string,
 *   textContent(node: Node): string,
 *   setAttribute(node: Node, name: string, value: string): void
 * } }} startup
 */

/** @type {{ init(config: object): Promise<MathJax> }} */
const MATHJAX = createRequire(import.meta.url)('mathjax');
const CONFIG = {
  loader: { load: ['input/tex-full', 'output/svg', 'a11y/assistive-mml'] },
  // Without a cache each glyph stands where it is used: no ids, which would have to differ within a page.
  svg: { fontCache: 'none' },
  tex: {
    packages: { '[-]': ['noerrors', 'noundefined'] }, // they write what can't be read in red
    formatError(/** @type {unknown} */ _jax, /** @type {{ message: string }} */ { message }) {
      throw new Error(message);
    },
  },
};

/** MathJax numbers nothing here, so it would write (???). */
const REFERENCE = /\\(?:label|ref|eqref)\b/;

/** @typedef {{ tex: string, display: boolean, page: string }} Formula `page`: one on which it stands */

/**
 * @param {readonly Formula[]} formulas
 * @returns {Promise<{ drawn: string[], style: string }>} HTML for each, and the style sheet that it needs
 * @throws {Trouble} that names the formulas that can't be read, and their pages
 */
export async function drawFormulas(formulas) {
  const mathjax = await MATHJAX.init(CONFIG);
  /** @type {string[]} */
  const faults = [];
  const drawn = formulas.map(({ tex, display, page }) => {
    try {
      return draw(mathjax, tex, display);
    } catch (error) {
      faults.push(`${page}: ${tex}\n  ${error instanceof Error ? error.message : String(error)}`);
      return '';
    }
  });
  if (faults.length > 0) throw new Trouble(`Formulas that can't be read:\n${faults.join('\n')}`);
  const { adaptor } = mathjax.startup;
  return { drawn, style: adaptor.textContent(mathjax.svgStylesheet()) };
}

/** @param {MathJax} mathjax @param {string} tex @param {boolean} display */
function draw({ tex2svg, startup: { adaptor } }, tex, display) {
  if (REFERENCE.test(tex))
    throw new Error('name an equation as in $$ x = 1 $$ (name), and refer by {eq}`name`');
  const node = tex2svg(tex, { display });
  if (display) {
    // On a phone it may scroll, which has to be possible with a keyboard.
    for (const [name, value] of Object.entries({ tabindex: '0', role: 'group', 'aria-label': 'Equation' }))
      adaptor.setAttribute(node, name, value);
  }
  return adaptor.outerHTML(node);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const { drawn, style } = await drawFormulas(JSON.parse(await text(process.stdin)));
    process.stdout.write(JSON.stringify({ drawn, style }));
  } catch (error) {
    fail(error);
  }
}
