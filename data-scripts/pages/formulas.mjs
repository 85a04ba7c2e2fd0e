// @ts-check
// Formulas: MathJax draws the TeX that Sphinx leaves in the pages, as SVG with MathML for screen readers, so that a
// reader's browser needs no script for them.
import { createRequire } from 'node:module';
import { Trouble } from '../lib/reader.cjs';
import { editPages } from './pages.mjs';

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

/** What Sphinx writes; a displayed formula is a div, in which its number comes first. */
const FORMULA =
  /(<(span|div) [^>]*class="[^"]*\bmath\b[^>]*>\s*(?:<span class="eqno">.*?<\/span>)?)([^<]+)<\/\2>/g;
/** Around TeX; not around environments. */
const DELIMITERS = /^\\[([]|\\[)\]]$/g;
/** MathJax numbers nothing here, so it would write (???). */
const REFERENCE = /\\(?:label|ref|eqref)\b/;

/**
 * Draws the formulas of all pages in a folder.
 * @param {string} site
 * @throws {Trouble} that names the formulas that can't be read, and their pages
 */
export async function drawFormulas(site) {
  const mathjax = await MATHJAX.init(CONFIG);
  const { adaptor } = mathjax.startup;
  const style = `<style>${adaptor.textContent(mathjax.svgStylesheet())}</style>\n`;
  /** @type {Set<string>} */
  const faults = new Set(); // a heading's formula stands in the table of contents as well
  editPages(site, (page, name) => {
    const drawn = page.replace(FORMULA, (_, start, tag, encoded) => {
      const tex = decode(encoded).trim().replace(DELIMITERS, '').trim();
      try {
        return `${start}${draw(mathjax, tex, tag === 'div')}</${tag}>`;
      } catch (error) {
        faults.add(`${name}: ${tex}\n  ${error instanceof Error ? error.message : String(error)}`);
        return '';
      }
    });
    return drawn === page ? page : drawn.replace('</head>', () => `${style}</head>`);
  });
  if (faults.size > 0) throw new Trouble(`Formulas that can't be read:\n${[...faults].join('\n')}`);
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

/** @param {string} html text as docutils encodes it */
const decode = (html) =>
  html
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
