import { Output, inNotebook } from './display';
import { type Figure, captioned, describeFigure, figureBundle } from './figure';
import { lineSvg } from './lineSvg';

const REDRAW_MS = 400; // between drawings while it grows

/** A line figure that is redrawn in place while work goes on, and becomes an interactive one at the end. */
export interface LiveFigure {
  /** Draws the figure as it now is; calls that come too soon after one another are skipped. */
  update(figure: Figure): void;
  /** Draws the last state as an interactive plotly figure. Call it in a `finally`, so that an interrupted run keeps its curves. */
  finish(figure?: Figure): void;
}

/**
 * Starts a figure that grows in place (line figures, as `linePlot` makes them). Outside a notebook nothing is drawn
 * until `finish`, which prints its alternative text.
 */
export function liveFigure(initial?: Figure, options: { alt?: string } = {}): LiveFigure {
  const output = new Output();
  let latest = initial;
  let lastDrawn = -Infinity;
  let finished = false;

  const draw = (figure: Figure) => {
    lastDrawn = performance.now();
    const alt = options.alt ?? describeFigure(figure);
    output.set({ 'text/html': lineSvg(figure, alt), 'text/plain': alt });
  };
  if (initial && inNotebook()) draw(initial);
  return {
    update(figure) {
      latest = figure;
      if (!finished && inNotebook() && performance.now() - lastDrawn >= REDRAW_MS) draw(figure);
    },
    finish(figure = latest) {
      if (finished || !figure) return;
      finished = true;
      output.set(figureBundle(figure, options.alt ?? describeFigure(figure)), captioned(figure));
    },
  };
}
