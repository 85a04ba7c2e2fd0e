import type { HistoryWatcher } from '../training/history';
import { Output, inNotebook } from './display';
import { type Figure, captioned, describeFigure, figureBundle } from './figure';
import { lineSvg } from './lineSvg';
import { linePlot } from './plots';

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
export function liveFigure(): LiveFigure {
  const output = new Output();
  let latest: Figure | undefined;
  let lastDrawn = -Infinity;
  let finished = false;
  return {
    update(figure) {
      latest = figure;
      if (finished || !inNotebook() || performance.now() - lastDrawn < REDRAW_MS) return;
      const alt = describeFigure(figure);
      output.set({ 'text/html': lineSvg(figure, alt), 'text/plain': alt });
      lastDrawn = performance.now();
    },
    finish(figure = latest) {
      if (finished || !figure) return;
      finished = true;
      output.set(figureBundle(figure), captioned(figure));
    },
  };
}

/**
 * Curves of the accuracy by epoch that draw themselves while `trainAndEval` runs: hand them to it as its option `watch`.
 *
 * @param names - of the two lines; default "training" and "held-out pictures".
 */
export function liveHistory(
  title: string,
  { names = ['training', 'held-out pictures'] }: { names?: readonly [train: string, held: string] } = {},
): HistoryWatcher {
  const live = liveFigure();
  return {
    update(history) {
      const lines = [
        { name: names[0], y: history.map(({ trainAcc }) => trainAcc) },
        { name: names[1], y: history.map(({ valAcc }) => valAcc) },
      ];
      live.update(linePlot(lines, { title, x: 'epoch', y: 'accuracy', range: [0, 1] }));
    },
    finish: () => live.finish(),
  };
}
