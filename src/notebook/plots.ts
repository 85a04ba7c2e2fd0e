import type { Data, Layout } from 'plotly.js';
import { COLORS, houseLayout, SYMBOLS, type Titles, VIRIDIS } from './house';
import { extentOf } from './extent';
import type { Figure } from './figure';

/** One line or cloud of points. */
export interface Series {
  name: string;
  y: ArrayLike<number>;
  /** Default: 1, 2, 3 ... (epochs, layers). */
  x?: ArrayLike<number> | readonly string[];
  /** Text that appears beside each point under the pointer. */
  text?: readonly string[];
  /** A position in the house's colours: two lines of one thing (training, evaluation) can share it. Default: the series' own. */
  color?: number;
  /** Default: a full line. */
  dash?: 'solid' | 'dash' | 'dot' | 'dashdot';
}

export interface PlotOptions extends Titles {
  /** Draws y on a logarithmic axis; values of 0 and below are left out. Default false. */
  logY?: boolean;
  /** The ends of the y axis. Default: as the data need. */
  range?: [number, number];
  /** In pixels; the width is the page's. Default 380. */
  height?: number;
}

const MARKERS_UP_TO = 40; // more points than this run into one another
const axisOf = (x: Series['x'], length: number) => (x ? Array.from<number | string>(x) : count(length));
const count = (length: number) => Array.from({ length }, (_, i) => i + 1);
const colorOf = (color: number | undefined, index: number) => COLORS[(color ?? index) % COLORS.length];

function layoutOf(
  options: PlotOptions,
  more: Partial<Layout> = {},
  ys: readonly ArrayLike<number>[] = [],
): Partial<Layout> {
  const { logY, range, height } = options;
  const ends = range && logY ? [Math.log10(range[0]), Math.log10(range[1])] : range; // plotly wants exponents there
  return houseLayout(options, {
    height,
    ...more,
    yaxis: { ...(logY ? logAxis(ys) : {}), ...(ends ? { range: [...ends] } : {}), ...more.yaxis },
  });
}

/** Marks powers of ten, and 2 and 5 between them where the values span little; plotly would mark each digit. */
function logAxis(ys: readonly ArrayLike<number>[]): Partial<Layout['yaxis']> {
  const [low, high] = extentOf(...ys.map((y) => Array.from(y).filter((v) => v > 0))) ?? [1, 1];
  return { type: 'log', dtick: high / low > 30 ? 1 : 'D2', tickformat: '~g', exponentformat: 'power' };
}

/** Whole steps on the axis where the points are few and whole: there is no epoch 1.5. */
function wholeSteps(xs: readonly (string | number)[]): Partial<Layout['xaxis']> {
  const numbers = xs.filter((x): x is number => typeof x === 'number');
  const [low, high] = extentOf(numbers) ?? [0, Infinity];
  return high - low <= 12 && numbers.every(Number.isInteger) ? { dtick: 1 } : {};
}

function points(
  series: readonly Series[],
  mode: 'lines' | 'markers',
  hovermode: Layout['hovermode'],
  options: PlotOptions,
): Figure {
  const data = series.map((one, index): Data => {
    const few = mode === 'markers' || one.y.length <= MARKERS_UP_TO;
    return {
      type: 'scatter',
      mode: mode === 'lines' && few ? 'lines+markers' : mode,
      name: one.name,
      x: axisOf(one.x, one.y.length),
      y: Array.from(one.y),
      text: one.text ? [...one.text] : undefined,
      line: { color: colorOf(one.color, index), dash: one.dash, width: 2 },
      marker: { color: colorOf(one.color, index), symbol: SYMBOLS[index % SYMBOLS.length], size: 6 },
      // Over lines one box lists all series under their x; over a point its box stands alone.
      hovertemplate:
        mode === 'lines'
          ? `${one.text ? '%{text}: ' : ''}%{y:.4~g}`
          : `${one.text ? '%{text}<br>' : ''}${options.x ?? 'x'} %{x}, ${options.y ?? 'y'} %{y:.4~g}`,
    };
  });
  const xs = series.flatMap((one) => axisOf(one.x, one.y.length));
  const more: Partial<Layout> = { hovermode, showlegend: series.length > 1, xaxis: wholeSteps(xs) };
  return {
    data,
    layout: layoutOf(
      options,
      more,
      series.map(({ y }) => y),
    ),
  };
}

/** Lines over steps or epochs; few points are marked, each series by a shape of its own. */
export function linePlot(series: readonly Series[], options: PlotOptions = {}): Figure {
  return points(series, 'lines', 'x unified', options);
}

/** Points, each series in a colour and a shape of its own. */
export function scatter(series: readonly Series[], options: PlotOptions = {}): Figure {
  return points(series, 'markers', 'closest', options);
}

/** Bars over named things; several series stand side by side, or on one another where `stacked`. */
export function barPlot(
  labels: readonly string[],
  series: readonly Omit<Series, 'x' | 'dash'>[],
  options: PlotOptions & { stacked?: boolean } = {},
): Figure {
  const data = series.map((one, index): Data => ({
    type: 'bar',
    name: one.name,
    x: [...labels],
    y: Array.from(one.y),
    text: one.text ? [...one.text] : undefined,
    marker: { color: colorOf(one.color, index) },
    hovertemplate: '%{x}: %{y:.4~g}',
  }));
  return {
    data,
    layout: layoutOf(
      options,
      {
        barmode: options.stacked ? 'stack' : 'group',
        showlegend: series.length > 1,
        xaxis: { type: 'category' },
      },
      series.map(({ y }) => y),
    ),
  };
}

/** How often values fall into each of `bins` equal intervals, laid over one another where there are several series. */
export function histogram(
  series: readonly { name: string; values: ArrayLike<number>; color?: number }[],
  options: PlotOptions & { bins?: number } = {},
): Figure {
  const bins = options.bins ?? 40;
  const finite = series.map(({ values }) => Array.from(values).filter(Number.isFinite));
  const [low, high] = extentOf(...finite) ?? [0, 1];
  const width = (high - low) / bins || 1;
  // Counted here, not in the browser: a layer's millions of weights would otherwise all be stored in the notebook.
  const data = series.map(({ name, color }, index): Data => {
    const counts = new Array<number>(bins).fill(0);
    for (const v of finite[index]) counts[Math.min(bins - 1, Math.floor((v - low) / width))]++;
    return {
      type: 'bar',
      name,
      x: counts.map((_, bin) => low + (bin + 0.5) * width),
      y: counts,
      width: counts.map(() => width),
      opacity: series.length > 1 ? 0.6 : 1,
      marker: { color: colorOf(color, index) },
      hovertemplate: 'about %{x:.3~g}: %{y:,}',
    };
  });
  return {
    data,
    layout: layoutOf(
      { y: 'count', ...options },
      { barmode: 'overlay', bargap: 0, showlegend: series.length > 1 },
    ),
  };
}

export interface HeatmapOptions extends PlotOptions {
  /** Names along x (columns) and y (rows); the first row is drawn at the top. */
  columns?: readonly string[];
  rows?: readonly string[];
  /** What a cell's number is: "images". Default: "value". */
  unit?: string;
  /** Writes each number into its cell. Default: up to 400 cells. */
  cellText?: boolean;
}

/**
 * A grid of numbers as colours, with the numbers in the cells. For a confusion matrix `values[t][p]` counts the
 * pictures of true class t that were taken for class p.
 */
export function heatmap(values: readonly ArrayLike<number>[], options: HeatmapOptions = {}): Figure {
  const width = values[0]?.length ?? 0;
  const uneven = values.findIndex((row) => row.length !== width);
  if (uneven >= 0)
    throw new Error(
      `heatmap: every row must have ${width} values as the first; row ${uneven} has ${values[uneven].length}.`,
    );
  const { columns, rows, unit = 'value', cellText = values.length * width <= 400 } = options;
  const z = values.map((row) => Array.from(row));
  const flat = z.flat().filter(Number.isFinite);
  const format = flat.every(Number.isInteger) ? ',' : '.3~g';
  const data: Data = {
    type: 'heatmap',
    z,
    x: columns ? [...columns] : undefined,
    y: rows ? [...rows] : undefined,
    colorscale: VIRIDIS.map((color, i): [number, string] => [i / (VIRIDIS.length - 1), color]),
    xgap: 1,
    ygap: 1,
    texttemplate: cellText ? `%{z:${format}}` : undefined, // plotly itself picks black or white against each cell
    hovertemplate: `${options.y ?? 'row'} %{y}, ${options.x ?? 'column'} %{x}: %{z:${format}}<extra></extra>`,
    colorbar: { title: { text: unit, side: 'right' }, outlinewidth: 0 },
  };
  const category = { type: 'category', showgrid: false } as const;
  return {
    data: [data],
    layout: layoutOf(options, {
      xaxis: columns ? category : { showgrid: false },
      yaxis: { ...(rows ? category : { showgrid: false }), autorange: 'reversed' },
    }),
  };
}
