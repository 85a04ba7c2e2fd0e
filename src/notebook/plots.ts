import type { Data, Layout } from 'plotly.js';
import type { Figure } from './figure';
import { COLORS, TEXT_COLOR, VIRIDIS } from './style';
import { valueRange } from './valueRange';

/** One line or cloud of points. */
export interface Series {
  name: string;
  y: ArrayLike<number>;
  /** Default: 1, 2, 3 ... (epochs, layers). */
  x?: ArrayLike<number> | readonly string[];
  /** Text that appears beside each point under the pointer. */
  text?: readonly string[];
  /** A position in `COLORS`: two lines of one thing (training, evaluation) can share it. Default: the series' own. */
  color?: number;
  /** Default: a full line. */
  dash?: 'solid' | 'dash' | 'dot' | 'dashdot';
  /** Half the length of a bar through each point: how far what lies behind it spreads. Default: none. */
  spread?: ArrayLike<number>;
  /** Drawn thin and without a name, as one of many behind a mean. Default false. */
  thin?: boolean;
}

export interface PlotOptions {
  /** Titles of the figure and its axes. */
  title?: string;
  x?: string;
  y?: string;
  /** Draws y on a logarithmic axis; values of 0 and below are left out. Default false. */
  logY?: boolean;
  /** The ends of the y axis. Default: as the data need. */
  range?: readonly [number, number];
  /** In pixels; the width is the page's. Default 380. */
  height?: number;
}

/** Markers that tell series apart without their colour. */
const SYMBOLS = ['circle', 'square', 'diamond', 'triangle-up', 'cross', 'x'] as const;
const MARKERS_UP_TO = 40; // more points than this run into one another
const GRID_COLOR = 'rgba(128,128,128,0.25)';
const axisOf = ({ x, y }: Series) => Array.from<number | string>(x ?? Array.from(y, (_, i) => i + 1));
const colorOf = (color: number | undefined, index: number) => COLORS[(color ?? index) % COLORS.length];

/** The look that all figures share; `more` is laid over it. */
function layoutOf(
  { title, x, y, logY, range, height = 380 }: PlotOptions,
  series: readonly { y: ArrayLike<number> }[],
  more: Partial<Layout>,
): Partial<Layout> {
  const axis = { gridcolor: GRID_COLOR, zerolinecolor: GRID_COLOR, linecolor: GRID_COLOR, automargin: true };
  const ends = logY ? range?.map(Math.log10) : range; // plotly wants exponents there
  return {
    title: title ? { text: title, font: { size: 16 }, x: 0, xref: 'paper', xanchor: 'left' } : undefined,
    font: { family: 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif', size: 13, color: TEXT_COLOR },
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    colorway: [...COLORS],
    autosize: true,
    height,
    margin: { l: 60, r: 20, t: title ? 50 : 20, b: 50 },
    legend: { bgcolor: 'rgba(0,0,0,0)' },
    ...more,
    xaxis: { ...axis, title: x ? { text: x } : undefined, ...more.xaxis },
    yaxis: {
      ...axis,
      title: y ? { text: y } : undefined,
      ...(logY ? logAxis(series) : {}),
      ...(ends ? { range: [...ends] } : {}),
      ...more.yaxis,
    },
  };
}

/** Marks powers of ten, and 2 and 5 between them where the values span little; plotly would mark each digit. */
function logAxis(series: readonly { y: ArrayLike<number> }[]): Partial<Layout['yaxis']> {
  const [low, high] = valueRange(...series.map(({ y }) => Array.from(y).filter((v) => v > 0))) ?? [1, 1];
  return { type: 'log', dtick: high / low > 30 ? 1 : 'D2', tickformat: '~g', exponentformat: 'power' };
}

/** Only integers on the axis where the points are few and integers: there is no epoch 1.5. */
function integerSteps(xs: readonly (string | number)[]): Partial<Layout['xaxis']> {
  const numbers = xs.filter((x): x is number => typeof x === 'number');
  const [low, high] = valueRange(numbers) ?? [0, Infinity];
  return high - low <= 12 && numbers.every(Number.isInteger) ? { dtick: 1 } : {};
}

/** Lines over steps or epochs; few points are marked, each series by a shape of its own. */
export function linePlot(series: readonly Series[], options: PlotOptions = {}): Figure {
  // One box lists all series under their x.
  return points(series, options, 'x unified', ({ y, text, thin }) => ({
    mode: y.length <= MARKERS_UP_TO && !thin ? 'lines+markers' : 'lines',
    hovertemplate: `${text ? '%{text}: ' : ''}%{y:.4~g}`,
  }));
}

/** Points, each series in a colour and a shape of its own. */
export function scatter(series: readonly Series[], options: PlotOptions = {}): Figure {
  const { x = 'x', y = 'y' } = options;
  return points(series, options, 'closest', ({ text }) => ({
    mode: 'markers',
    hovertemplate: `${text ? '%{text}<br>' : ''}${x} %{x}, ${y} %{y:.4~g}`,
  }));
}

function points(
  series: readonly Series[],
  options: PlotOptions,
  hovermode: Layout['hovermode'],
  style: (one: Series) => Partial<Data>,
): Figure {
  const data = series.map((one, index): Data => {
    const color = colorOf(one.color, index);
    return {
      type: 'scatter',
      name: one.name,
      x: axisOf(one),
      y: Array.from(one.y),
      text: one.text ? [...one.text] : undefined,
      line: { color, dash: one.dash, width: one.thin ? 1 : 2 },
      ...(one.thin ? { showlegend: false, opacity: 0.5 } : {}),
      ...(one.spread ? { error_y: { type: 'data', array: Array.from(one.spread), thickness: 1.5 } } : {}),
      marker: { color, symbol: SYMBOLS[index % SYMBOLS.length], size: 6 },
      ...style(one),
    } as Data;
  });
  const xaxis = integerSteps(series.flatMap(axisOf));
  return { data, layout: layoutOf(options, series, { hovermode, showlegend: series.length > 1, xaxis }) };
}

/** Bars over named things; several series stand side by side, or on one another where `stacked`. */
export function barPlot(
  labels: readonly string[],
  series: readonly Pick<Series, 'name' | 'y' | 'color'>[],
  options: PlotOptions & { stacked?: boolean } = {},
): Figure {
  const data = series.map(({ name, y, color }, index): Data => ({
    type: 'bar',
    name,
    x: [...labels],
    y: Array.from(y),
    marker: { color: colorOf(color, index) },
    hovertemplate: '%{x}: %{y:.4~g}',
  }));
  const barmode = options.stacked ? 'stack' : 'group';
  const more: Partial<Layout> = { barmode, showlegend: series.length > 1, xaxis: { type: 'category' } };
  return { data, layout: layoutOf(options, series, more) };
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
  const format = z.flat().filter(Number.isFinite).every(Number.isInteger) ? ',' : '.3~g';
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
  const axis = (names?: readonly string[]) => ({ type: names && ('category' as const), showgrid: false });
  const more = { xaxis: axis(columns), yaxis: { ...axis(rows), autorange: 'reversed' as const } };
  return { data: [data], layout: layoutOf(options, [], more) };
}

/** Heatmaps side by side on one colour scale, so that they can be compared, each below its name. */
export function heatmapRow(
  maps: readonly { name: string; values: readonly ArrayLike<number>[] }[],
  options: HeatmapOptions = {},
): Figure {
  const figures = maps.map(({ values }) => heatmap(values, options));
  const [{ layout }] = figures;
  const { colorscale, colorbar } = figures[0].data[0] as { colorscale: unknown; colorbar: unknown };
  const share = 1 / maps.length;
  const { columns = [] } = options;
  const tickvals = [1 / 6, 1 / 2, 5 / 6].map((part) => columns[Math.round(part * (columns.length - 1))]);
  const number = (i: number) => (i === 0 ? '' : `${i + 1}`); // plotly's first axis has none
  const axes = maps.map((_, i) => ({
    [`xaxis${number(i)}`]: { ...layout.xaxis, domain: [i * share, (i + 0.94) * share], tickvals },
    [`yaxis${number(i)}`]: {
      ...layout.yaxis,
      anchor: `x${number(i)}`,
      ...(i > 0 && { showticklabels: false, title: undefined }),
    },
  }));
  return {
    data: figures.map(({ data: [map] }, i) => {
      const own = { xaxis: `x${number(i)}`, yaxis: `y${number(i)}`, coloraxis: 'coloraxis' };
      return { ...map, ...own, colorscale: undefined, colorbar: undefined, name: maps[i].name };
    }),
    layout: Object.assign({}, layout, { coloraxis: { colorscale, colorbar } }, ...axes, {
      annotations: maps.map(({ name }, i) => ({
        text: name,
        x: (i + 0.47) * share,
        y: 1,
        xref: 'paper',
        yref: 'paper',
        xanchor: 'center',
        yanchor: 'bottom',
        showarrow: false,
      })),
    }) as Partial<Layout>,
  };
}
