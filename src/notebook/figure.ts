import type { Config, Data, Layout } from 'plotly.js';
import { escapeHtml } from '../html';
import { type MimeBundle, type OutputMetadata, show } from './display';

/** A plotly figure, as https://plotly.com/javascript/reference/ describes it. */
export interface Figure {
  data: Data[];
  layout: Partial<Layout>;
  config?: Partial<Config>;
}

export interface FigureOptions {
  /** What the figure shows, in a sentence, for those who can't see it. Default: made from its titles and traces. */
  alt?: string;
}

/** Shows an interactive plotly figure below the cell. Outside a notebook its alternative text is printed. */
export function showFigure(figure: Figure, { alt }: FigureOptions = {}): void {
  show(figureBundle(figure, alt), captioned(figure));
}

/** A figure as an output; JupyterLab's renderer wants an object (not a string) that has a layout. */
export function figureBundle(figure: Figure, alt = describeFigure(figure)): MimeBundle {
  const config: Partial<Config> = { responsive: true, displaylogo: false, ...figure.config };
  // Through JSON, so that typed arrays become plain ones and undefined entries vanish.
  const plain = JSON.parse(JSON.stringify({ ...figure, config }, plainArrays)) as unknown;
  return { 'application/vnd.plotly.v1+json': plain, 'text/plain': alt };
}

/** A figure's title, as the caption that its output carries. */
export function captioned({ layout }: Figure): OutputMetadata {
  return { figure: { caption: titleText(layout.title, ' ') } };
}

function plainArrays(_key: string, value: unknown): unknown {
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as Float32Array);
  return typeof value === 'number' && !Number.isFinite(value) ? null : value; // plotly leaves a gap at null
}

/** The text of a plotly title, without its few tags. */
export function titleText(title: unknown, atBreaks = ', '): string {
  const text = typeof title === 'string' ? title : ((title as { text?: string } | undefined)?.text ?? '');
  return text.replace(/<br\s*\/?>/g, atBreaks).replace(/<[^>]*>/g, '');
}

/** A figure's title, axes and traces in words, with the first and last value of each line. */
export function describeFigure({ data, layout }: Figure): string {
  const axes = [layout.yaxis, layout.xaxis].map((axis) => titleText(axis?.title)).filter(Boolean);
  const traces = data.map((trace) => {
    const { name, type, y, showlegend } = trace as {
      name?: string;
      type?: string;
      y?: ArrayLike<unknown>;
      showlegend?: boolean;
    };
    if (showlegend === false) return ''; // one of many behind a mean
    if (type !== 'scatter' || !y || y.length === 0) return name ?? '';
    const [first, last] = [y[0], y[y.length - 1]].map((v) =>
      typeof v === 'number' ? Number(v.toPrecision(3)) : String(v),
    );
    return `${name ?? 'line'} from ${first} to ${last}`;
  });
  const parts = [titleText(layout.title), axes.join(' by '), traces.filter(Boolean).join('; ')];
  return ['Figure', parts.filter(Boolean).join('. ')].filter(Boolean).join(': ') + '.';
}

/**
 * Shows HTML (drawings, pictures) as a figure.
 *
 * @param html - what stands in it.
 * @param alt - what it shows, in words; printed outside a notebook.
 * @param caption - a line below it.
 * @param attributes - of the figure's element.
 */
export function showHtmlFigure(html: string, alt: string, caption?: string, attributes = ''): void {
  const below = caption ? `<figcaption>${escapeHtml(caption)}</figcaption>` : '';
  const figure = `<figure ${attributes}style="margin:0">${html}${below}</figure>`;
  show({ 'text/html': figure, 'text/plain': alt }, { figure: { caption: caption ?? '' } });
}
