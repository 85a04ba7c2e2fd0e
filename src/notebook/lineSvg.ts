import { escapeHtml } from '../html';
import { type Figure, titleText } from './figure';
import { COLORS } from './style';
import { svgDrawing } from './svg';
import { valueRange } from './valueRange';

/*
 * A line plot as SVG, for readers without scripts and for print. Looked at: plotly draws in a browser alone, and Observable Plot
 * and d3 want a document to draw into; this takes the figure that plotly gets.
 */

const [WIDTH, HEIGHT] = [720, 300];
const BOX = { left: 64, right: 700, top: 44, bottom: 252 };
const DASHES: Record<string, string> = { dash: '8 5', dot: '2 4', dashdot: '8 4 2 4' };

interface Line {
  name?: string;
  x: (number | string)[];
  y: (number | null)[];
  line?: { color?: string; dash?: string; width?: number };
  opacity?: number;
  showlegend?: boolean;
  error_y?: { array: number[] };
}

/**
 * A plotly line figure as a small SVG, for drawing while it grows: JupyterLab replaces HTML in place, a plotly figure
 * not (its renderer keeps the first). Lines, title, axes and legend only; text takes the page's own colour.
 */
export function lineSvg({ data, layout }: Figure, alt: string): string {
  const lines = (data as unknown as Line[]).map(thin);
  const log = layout.yaxis?.type === 'log';
  const asDrawn = (y: number | null | undefined) =>
    y === null || y === undefined || (log && y <= 0) ? NaN : log ? Math.log10(y) : y;
  const xs = endsOf(lines.flatMap(({ x }) => x));
  const fixed = layout.yaxis?.range as [number, number] | undefined;
  const ys = fixed ?? endsOf(lines.flatMap(({ y }) => y.map(asDrawn)));
  const toX = (x: number) => round(BOX.left + ((x - xs[0]) / (xs[1] - xs[0])) * (BOX.right - BOX.left));
  const toY = (y: number) => round(BOX.bottom - ((y - ys[0]) / (ys[1] - ys[0])) * (BOX.bottom - BOX.top));

  const grid = [
    ...ticks(ys).map((y) => {
      const label = log ? (10 ** y).toPrecision(2) : tickText(y, ys);
      return `<path d="M${BOX.left} ${toY(y)}H${BOX.right}" stroke="currentColor" stroke-opacity="0.2"/>${text(BOX.left - 6, toY(y) + 4, label, 'text-anchor="end"')}`;
    }),
    ...ticks(xs, layout.xaxis?.dtick === 1 ? 1 : 0).map((x) =>
      text(toX(x), BOX.bottom + 16, tickText(x, xs), 'text-anchor="middle"'),
    ),
  ];
  const strokes = lines.map(({ line, opacity = 1 }, index) => {
    const color = escapeHtml(line?.color ?? COLORS[index % COLORS.length]);
    return `stroke="${color}" stroke-width="${line?.width ?? 2}" stroke-opacity="${opacity}" stroke-dasharray="${DASHES[line?.dash ?? ''] ?? 'none'}"`;
  });
  const paths = lines.map(({ x, y, error_y: spread }, index) => {
    const point = (value: number | null, i: number) => {
      const drawn = asDrawn(value);
      if (!Number.isFinite(drawn)) return '';
      return `${Number.isFinite(asDrawn(y[i - 1])) ? 'L' : 'M'}${toX(x[i])} ${toY(drawn)}`;
    };
    const bars = (spread?.array ?? []).map((half, i) => {
      const [low, high] = [-half, half].map((by) => asDrawn((y[i] ?? NaN) + by));
      return Number.isFinite(low + high) ? `M${toX(x[i])} ${toY(low)}V${toY(high)}` : '';
    });
    const path = (parts: string[]) =>
      `<path d="${parts.join('')}" fill="none" ${strokes[index]} stroke-linejoin="round" stroke-linecap="round"/>`;
    return path(y.map(point)) + (bars.some(Boolean) ? path(bars) : '');
  });
  const named = [...lines.entries()].filter(([, { showlegend }]) => showlegend !== false);
  const step = Math.min(180, (BOX.right - BOX.left) / Math.max(1, named.length));
  const legend = named.map(([line, { name = '' }], i) => {
    const x = BOX.left + i * step;
    return `<path d="M${round(x)} 288h22" ${strokes[line]}/>${text(x + 28, 292, name)}`;
  });
  const titles = [
    text(0, 14, titleText(layout.title), 'font-weight="bold"'),
    text(BOX.left, BOX.top - 10, titleText(layout.yaxis?.title)),
    text(BOX.right, BOX.bottom + 32, titleText(layout.xaxis?.title), 'text-anchor="end"'),
  ];
  return svgDrawing(WIDTH, HEIGHT, alt, [...titles, ...grid, clipped(paths.join('')), ...legend]);
}

function text(x: number, y: number, content: string, more = ''): string {
  return `<text x="${round(x)}" y="${round(y)}" fill="currentColor" font-size="12" ${more}>${escapeHtml(content)}</text>`;
}

/** What leaves the box is cut off: a figure may have a range narrower than its values. An inner svg does so without an id. */
function clipped(content: string): string {
  const [x, y] = [BOX.left - 2, BOX.top - 2];
  const [width, height] = [BOX.right + 2 - x, BOX.bottom + 2 - y];
  return `<svg x="${x}" y="${y}" width="${width}" height="${height}" viewBox="${x} ${y} ${width} ${height}">${content}</svg>`;
}

const round = (value: number) => Math.round(value * 10) / 10;

/** The ends of an axis over these values. */
function endsOf(values: number[]): [number, number] {
  const [low, high] = valueRange(values) ?? [0, 1];
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

/** A trace in no more points than the drawing has pixels across; names along x count as 1, 2, 3 ... */
function thin(trace: Line): Line & { x: number[] } {
  const every = Math.ceil(trace.y.length / WIDTH);
  const kept = (_: unknown, i: number) => i % every === 0 || i === trace.y.length - 1;
  const x = trace.x.map((value, i) => (typeof value === 'number' ? value : i + 1));
  const spread = trace.error_y && { error_y: { array: trace.error_y.array.filter(kept) } };
  return { ...trace, ...spread, x: x.filter(kept), y: trace.y.filter(kept) };
}

/** Some five round numbers within the range: steps of 1, 2 or 5 times a power of ten. */
function ticks([low, high]: [number, number], least = 0): number[] {
  const rough = Math.max(least, (high - low) / 5);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((m) => m * power >= rough) ?? 10) * power;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
}

function tickText(value: number, [low, high]: [number, number]): string {
  const digits = Math.max(0, 1 - Math.floor(Math.log10(high - low)));
  return Number(value.toFixed(digits)).toLocaleString('en', { maximumFractionDigits: digits });
}
