import type { Config, Data, Layout } from 'plotly.js';
import { type OutputMetadata, show } from './display';

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
export function showFigure(figure: Figure, { alt = describeFigure(figure) }: FigureOptions = {}): void {
  show(figureBundle(figure, alt), captioned(figure));
}

/** A figure as an output; JupyterLab's renderer wants an object (not a string) that has a layout. */
export function figureBundle(figure: Figure, alt: string): Record<string, unknown> {
  const config: Partial<Config> = { responsive: true, displaylogo: false, ...figure.config };
  return {
    // Through JSON, so that typed arrays become plain ones and undefined entries vanish.
    'application/vnd.plotly.v1+json': JSON.parse(
      JSON.stringify({ ...figure, config }, plainArrays),
    ) as unknown,
    'text/plain': alt,
  };
}

/** A figure's title, as the caption that its output carries. */
export function captioned({ layout }: Figure): OutputMetadata {
  return { figure: { caption: plainText(layout.title, ' ') } };
}

/** A title without plotly's few tags. */
function plainText(title: unknown, atBreaks: string): string {
  const text = typeof title === 'string' ? title : ((title as { text?: string } | undefined)?.text ?? '');
  return text.replace(/<br\s*\/?>/g, atBreaks).replace(/<[^>]*>/g, '');
}

function plainArrays(_key: string, value: unknown): unknown {
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as Float32Array);
  return typeof value === 'number' && !Number.isFinite(value) ? null : value; // plotly leaves a gap at null
}

/** A figure's title, axes and traces in words, with the first and last value of each line. */
export function describeFigure({ data, layout }: Figure): string {
  const title = (part: unknown): string => plainText(part, ', ');
  const axes = [title(layout.yaxis?.title), title(layout.xaxis?.title)].filter(Boolean).join(' by ');
  const traces = data.map((trace) => {
    const { name, type, y } = trace as { name?: string; type?: string; y?: ArrayLike<unknown> };
    if (type !== 'scatter' || !y || y.length === 0) return name ?? '';
    const ends = [y[0], y[y.length - 1]].map((v) =>
      typeof v === 'number' ? Number(v.toPrecision(3)) : String(v),
    );
    return `${name ?? 'line'} from ${ends[0]} to ${ends[1]}`;
  });
  const parts = [title(layout.title), axes, traces.filter(Boolean).join('; ')].filter(Boolean);
  return parts.length > 0 ? `Figure: ${parts.join('. ')}.` : 'Figure.';
}
