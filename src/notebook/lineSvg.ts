import { escapeHtml } from './display';
import { extentOf } from './extent';
import type { Figure } from './figure';
import { COLORS } from './house';
import { svgDrawing } from './svg';

const [WIDTH, HEIGHT] = [720, 300];
const BOX = { left: 64, right: 700, top: 44, bottom: 252 };
const DASHES: Record<string, string> = { dash: '8 5', dot: '2 4', dashdot: '8 4 2 4' };

interface Line {
  name?: string;
  x: (number | string)[];
  y: (number | null)[];
  line?: { color?: string; dash?: string };
}

/**
 * A plotly line figure as a small SVG, for drawing while it grows: JupyterLab replaces HTML in place, a plotly figure
 * not (its renderer keeps the first). Lines, title, axes and legend only; text takes the page's own colour.
 */
export function lineSvg({ data, layout }: Figure, alt: string): string {
  const traces = data as unknown as Line[];
  const lines = traces.filter(({ x, y }) => Array.isArray(x) && Array.isArray(y)).map(thin);
  const log = layout.yaxis?.type === 'log';
  const asDrawn = (y: number | null) =>
    y === null || !Number.isFinite(y) || (log && y <= 0) ? NaN : log ? Math.log10(y) : y;
  const xs = rangeOf(lines.flatMap(({ x }) => x));
  const ys = rangeOf(
    lines.flatMap(({ y }) => y.map(asDrawn)),
    layout.yaxis?.range as [number, number] | undefined,
  );
  const toX = (x: number) => BOX.left + ((x - xs[0]) / (xs[1] - xs[0])) * (BOX.right - BOX.left);
  const toY = (y: number) => BOX.bottom - ((y - ys[0]) / (ys[1] - ys[0])) * (BOX.bottom - BOX.top);
  const text = (x: number, y: number, content: string, more = '') =>
    `<text x="${round(x)}" y="${round(y)}" fill="currentColor" font-size="12" ${more}>${escapeHtml(content)}</text>`;

  const grid = [
    ...ticks(ys).map((y) => {
      const label = log ? (10 ** y).toPrecision(2) : tickText(y, ys);
      return `<path d="M${BOX.left} ${round(toY(y))}H${BOX.right}" stroke="currentColor" stroke-opacity="0.2"/>${text(BOX.left - 6, toY(y) + 4, label, 'text-anchor="end"')}`;
    }),
    ...ticks(xs, layout.xaxis?.dtick === 1 ? 1 : 0).map((x) =>
      text(toX(x), BOX.bottom + 16, tickText(x, xs), 'text-anchor="middle"'),
    ),
  ];
  const paths = lines.map(({ x, y, line }, index) => {
    const color = line?.color ?? COLORS[index % COLORS.length];
    const dash = DASHES[line?.dash ?? ''] ?? 'none';
    let pen = 'M';
    const d = y.map((value, i) => {
      const drawn = asDrawn(value);
      if (Number.isNaN(drawn)) pen = 'M';
      const step = Number.isNaN(drawn) ? '' : `${pen}${round(toX(x[i]))} ${round(toY(drawn))}`;
      if (step) pen = 'L';
      return step;
    });
    return {
      color,
      dash,
      path: `<path d="${d.join('')}" fill="none" stroke="${escapeHtml(color)}" stroke-width="2" stroke-dasharray="${dash}" stroke-linejoin="round" stroke-linecap="round"/>`,
    };
  });
  const step = Math.min(180, (BOX.right - BOX.left) / Math.max(1, lines.length));
  const legend = lines.map(({ name }, i) => {
    const x = BOX.left + i * step;
    const { color, dash } = paths[i];
    return `<path d="M${round(x)} 288h22" stroke="${escapeHtml(color)}" stroke-width="2" stroke-dasharray="${dash}"/>${text(x + 28, 292, name ?? '')}`;
  });
  const titles = [
    text(0, 14, titleText(layout.title), 'font-weight="bold"'),
    text(BOX.left, BOX.top - 10, titleText(layout.yaxis?.title)),
    text(BOX.right, BOX.bottom + 32, titleText(layout.xaxis?.title), 'text-anchor="end"'),
  ];
  const clippedPaths = clipped(paths.map(({ path }) => path).join(''));
  return svgDrawing(WIDTH, HEIGHT, alt, [...titles, ...grid, clippedPaths, ...legend]);
}

/** What leaves the box is cut off: a figure may have a range narrower than its values. An inner svg does so without an id. */
function clipped(content: string): string {
  const [x, y, width, height] = [
    BOX.left - 2,
    BOX.top - 2,
    BOX.right - BOX.left + 4,
    BOX.bottom - BOX.top + 4,
  ];
  return `<svg x="${x}" y="${y}" width="${width}" height="${height}" viewBox="${x} ${y} ${width} ${height}">${content}</svg>`;
}

const round = (value: number) => Math.round(value * 10) / 10;

function titleText(title: unknown): string {
  return typeof title === 'string' ? title : ((title as { text?: string } | undefined)?.text ?? '');
}

function rangeOf(values: number[], fixed?: [number, number]): [number, number] {
  const [low, high] = fixed ?? extentOf(values) ?? [0, 1];
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

/** A trace in no more points than the drawing has pixels across; names along x count as 1, 2, 3 ... */
function thin(trace: Line): Line & { x: number[] } {
  const every = Math.ceil(trace.y.length / WIDTH);
  const kept = (_: unknown, i: number) => i % every === 0 || i === trace.y.length - 1;
  const x = trace.x.map((value, i) => (typeof value === 'number' ? value : i + 1));
  return { ...trace, x: x.filter(kept), y: trace.y.filter(kept) };
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
