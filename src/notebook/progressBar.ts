import { type ProgressState, progressText, setProgress, terminalProgress, timedProgress } from '../progress';
import { escapeHtml } from '../html';
import { Output, inNotebook } from './display';

// Work in src/data and src/training, which do not know of notebooks, reports here once this file is loaded: with a bar in
// one output that moves in place, of which a single line stays at the end.
setProgress((total, options) => {
  if (!inNotebook()) return terminalProgress(total, options);
  const output = new Output();
  return timedProgress(total, options, (state) =>
    output.set({ 'text/html': progressHtml(state), 'text/plain': progressText(state) }),
  );
});

/** The state as a bar with its line of text; only the line when the work is over. */
export function progressHtml(state: ProgressState): string {
  const text = `<span style="font-variant-numeric:tabular-nums">${escapeHtml(progressText(state))}</span>`;
  if (state.finished) return `<div>${text}</div>`;
  const label = escapeHtml(state.label || 'progress');
  const bar = `<progress value="${state.done}" max="${state.total || 1}" aria-label="${label}" style="width:16em;max-width:40%;vertical-align:middle"></progress>`;
  return `<div>${bar} ${text}</div>`;
}
