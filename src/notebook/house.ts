import type { Layout } from 'plotly.js';

/** Grey that is read on white (4.5:1) as well as on the dark themes' near-black (4.2:1): figures have no ground of their own. */
export const TEXT_COLOR = '#767676';
const GRID_COLOR = 'rgba(128,128,128,0.25)';

/**
 * Series colours after Okabe and Ito ("Color Universal Design", 2008), told apart with any colour vision; yellow and
 * the light ones are darkened until they stand out at 3:1 from white and from near-black alike.
 */
export const COLORS = ['#0072B2', '#D55E00', '#009E73', '#B8659A', '#A87A00', '#6B7FD7'] as const;

/** Markers that tell series apart without their colour. */
export const SYMBOLS = ['circle', 'square', 'diamond', 'triangle-up', 'cross', 'x'] as const;

/** Viridis (van der Walt and Smith, 2015) at nine even steps: even in lightness, so it is read in grey too. */
export const VIRIDIS = [
  '#440154', '#472d7b', '#3b528b', '#2c728e', '#21918c', '#28ae80', '#5ec962', '#addc30', '#fde725',
] as const; // prettier-ignore

/** Titles of a figure and its axes. */
export interface Titles {
  title?: string;
  x?: string;
  y?: string;
}

/** The look that all figures share; `more` is laid over it. */
export function houseLayout({ title, x, y }: Titles, more: Partial<Layout> = {}): Partial<Layout> {
  const axis = { gridcolor: GRID_COLOR, zerolinecolor: GRID_COLOR, linecolor: GRID_COLOR, automargin: true };
  return {
    ...more,
    title: title ? { text: title, font: { size: 16 }, x: 0, xref: 'paper', xanchor: 'left' } : undefined,
    font: { family: 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif', size: 13, color: TEXT_COLOR },
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    colorway: [...COLORS],
    autosize: true,
    height: more.height ?? 380,
    margin: { l: 60, r: 20, t: title ? 50 : 20, b: 50, ...more.margin },
    legend: { bgcolor: 'rgba(0,0,0,0)', ...more.legend },
    xaxis: { ...axis, title: x ? { text: x } : undefined, ...more.xaxis },
    yaxis: { ...axis, title: y ? { text: y } : undefined, ...more.yaxis },
  };
}
