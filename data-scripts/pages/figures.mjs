// @ts-check
// The figures of a chapter as its page shows them: each gets its number and its name, in one row through all cells; a
// plotly figure's title stands below it, where it can wrap, rather than inside the drawing.
import { createHash } from 'node:crypto';

/** @typedef {import('../notebooks/notebooks.mjs').Notebook} Notebook */
/** @typedef {import('../notebooks/notebooks.mjs').Output} Output */
/** What a figure is called: src/notebook gives the caption, this module the rest; notebooks/site/_ext/figures.py reads it.
 * @typedef {{ caption: string, label: string, name: string, alt: string, main: boolean, picture?: string }} Figure */
/** What plotly draws. @typedef {{ data: unknown[], layout: Record<string, any>, config?: unknown }} Drawing */
/** A plotly figure. @typedef {{ drawing: Drawing, figure: Figure }} Plot */

export const PLOTLY = 'application/vnd.plotly.v1+json';
const TITLE_ROOM = 30; // pixels above a drawing that has no title: what plotly's buttons need

/** A text as notebooks hold it: whole, or as a list of lines. @param {unknown} value */
const textOf = (value) => (Array.isArray(value) ? value.join('') : typeof value === 'string' ? value : '');

/**
 * The notebook with its figures made ready for the page: those outputs that say in their metadata that they are figures.
 * @param {Notebook} notebook
 * @param {(english: string) => string} [say] in the notebook's language
 * @returns {{ notebook: Notebook, plots: Plot[] }} `plots`: the plotly ones, as they stand in the notebook returned
 */
export function withFigures(notebook, say = (text) => text) {
  let count = 0;
  /** @type {Plot[]} */
  const plots = [];
  const cells = notebook.cells.map((cell) => {
    if (!cell.outputs) return cell;
    const outputs = cell.outputs.map((output) => {
      const said = output.metadata?.figure;
      if (!said || !output.data) return output;
      const number = ++count;
      /** @type {Figure} */
      const figure = {
        caption: say(said.caption ?? ''),
        label: say(`Figure ${number}.`),
        name: `figure-${number}`,
        alt: textOf(output.data['text/plain']) || say('A figure'),
        main: /** @type {string[]} */ (cell.metadata.tags ?? []).includes('main-figure'),
      };
      const metadata = { ...output.metadata, figure };
      if (!output.data[PLOTLY])
        return { ...output, metadata, data: { 'text/html': output.data['text/html'] } };
      const drawing = withoutTitle(/** @type {Drawing} */ (output.data[PLOTLY]));
      plots.push({ drawing, figure });
      return { ...output, metadata, data: { [PLOTLY]: drawing } };
    });
    return { ...cell, outputs };
  });
  return { notebook: { ...notebook, cells }, plots };
}

/** @param {Drawing} drawing @returns {Drawing} */
function withoutTitle({ layout, ...rest }) {
  const margin = { ...layout.margin, t: Math.min(layout.margin?.t ?? TITLE_ROOM, TITLE_ROOM) };
  return { ...rest, layout: { ...layout, title: undefined, margin } };
}

/** A name that stands for what plotly draws. @param {Drawing} drawing */
export const drawingHash = ({ data, layout }) =>
  createHash('sha256')
    .update(JSON.stringify([data, layout]))
    .digest('hex')
    .slice(0, 16);
