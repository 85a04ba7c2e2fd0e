// @ts-check
// The figures of a chapter as its page shows them: numbered, with their title below them, where it can wrap, rather
// than inside the drawing.
import { createHash } from 'node:crypto';

/** @typedef {import('../notebooks/notebooks.mjs').Notebook} Notebook */
/** @typedef {import('../notebooks/notebooks.mjs').Output} Output */
/** A plotly figure and what goes with it on the page; notebooks/site/_ext/figures.py puts it there.
 * @typedef {{ data: unknown[], layout: Record<string, any>, config?: unknown, alt: string, caption: string, id: string, main: boolean, picture?: string }} Figure */

export const PLOTLY = 'application/vnd.plotly.v1+json';
const HAND_NUMBERED = /^Figure (\d+[a-z]?)\. */;
const TITLE_ROOM = 30; // pixels above a drawing that has no title: what plotly's buttons need

/** A text as notebooks hold it: whole, or as a list of lines. @param {unknown} value */
const textOf = (value) => (Array.isArray(value) ? value.join('') : typeof value === 'string' ? value : '');

/** @param {string} html or plotly's few tags */
const plain = (html) =>
  html
    .replace(/<br\s*\/?>/g, ' ')
    .replace(/<[^>]*>/g, '')
    .trim();

/** What stands below an HTML figure: the caption of the outermost. @param {string} html */
const captionOf = (html) => /<figcaption>([^]*?)<\/figcaption>\s*<\/figure>\s*$/.exec(html)?.[1] ?? '';

/** A figure's own title, or undefined where the output is none. @param {Output} output */
function titleOf({ data = {} }) {
  const figure = /** @type {{ layout?: { title?: string | { text?: string } } } | undefined} */ (
    data[PLOTLY]
  );
  if (figure) {
    const title = figure.layout?.title;
    return plain(typeof title === 'string' ? title : (title?.text ?? ''));
  }
  const html = textOf(data['text/html']);
  return html.startsWith('<figure') ? plain(captionOf(html)) : undefined;
}

/**
 * The notebook with its figures made ready for the page. Where the author numbers none ("Figure 3. ..." in a title or a
 * caption), all are numbered here.
 * @param {Notebook} notebook
 * @returns {{ notebook: Notebook, figures: Figure[] }} `figures`: the plotly ones, as they stand in the notebook returned
 */
export function withFigures(notebook) {
  const titles = notebook.cells.flatMap(({ outputs = [] }) => outputs.map(titleOf));
  const byHand = titles.some((title) => title && HAND_NUMBERED.test(title));
  let count = 0;
  /** @type {Figure[]} */
  const figures = [];
  const cells = notebook.cells.map((cell) => {
    if (!cell.outputs) return cell;
    const outputs = cell.outputs.map((output) => {
      const title = titleOf(output);
      if (title === undefined) return output;
      const number = HAND_NUMBERED.exec(title)?.[1] ?? (byHand ? '' : String(++count));
      const mark = number ? { id: `figure-${number}`, label: `Figure ${number}. ` } : { id: '', label: '' };
      if (!output.data?.[PLOTLY]) return { ...output, data: { 'text/html': numbered(output, title, mark) } };
      const caption = mark.label + title.replace(HAND_NUMBERED, '');
      const main = /** @type {string[]} */ (cell.metadata.tags ?? []).includes('main-figure');
      const figure = { ...forPage(output), caption, id: mark.id, main };
      figures.push(figure);
      return { ...output, data: { [PLOTLY]: figure } };
    });
    return { ...cell, outputs };
  });
  return { notebook: { ...notebook, cells }, figures };
}

/** A plotly figure without its title. @param {Output} output */
function forPage(output) {
  const { data, layout, ...rest } = /** @type {Figure} */ (output.data?.[PLOTLY]);
  const margin = { ...layout.margin, t: Math.min(layout.margin?.t ?? TITLE_ROOM, TITLE_ROOM) };
  return {
    ...rest,
    data,
    layout: { ...layout, title: undefined, margin },
    alt: textOf(output.data?.['text/plain']),
  };
}

/** An HTML figure with its number before its caption. @param {Output} output @param {string} title @param {{ id: string, label: string }} mark */
function numbered(output, title, { id, label }) {
  const html = textOf(output.data?.['text/html']).trimEnd();
  if (!id) return html;
  const named = html.replace('<figure', `<figure id="${id}"`);
  if (HAND_NUMBERED.test(title)) return named;
  const caption = captionOf(html);
  const end = caption ? named.lastIndexOf('<figcaption>') : named.lastIndexOf('</figure>');
  return caption
    ? `${named.slice(0, end)}<figcaption>${label}${named.slice(end + '<figcaption>'.length)}`
    : `${named.slice(0, end)}<figcaption>${label.trimEnd()}</figcaption></figure>`;
}

/** A name that stands for what a figure draws. @param {Figure} figure */
export const figureHash = ({ data, layout }) =>
  createHash('sha256')
    .update(JSON.stringify([data, layout]))
    .digest('hex')
    .slice(0, 16);
