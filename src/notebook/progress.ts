import {
  type ProgressOptions,
  type ProgressState,
  REDRAW_MS,
  TerminalProgress,
  progressText,
  setProgress,
} from '../progress';
import { Output, escapeHtml, inNotebook } from './display';

/**
 * A progress bar with the time left, in one output that moves in place; at its end a single line stays.
 * Outside a notebook it is a line on the terminal.
 *
 * ```ts
 * const progress = new Progress(loader.length, { label: 'Epoch 1/10', unit: 'batches' });
 * progress.update(12, { loss: 0.41 });
 * progress.done();
 * ```
 */
export class Progress extends TerminalProgress {
  private output?: Output;

  /** @param total - units of work in all. */
  constructor(total: number, options: ProgressOptions = {}) {
    super(total, options, process.stderr, inNotebook() ? REDRAW_MS : undefined);
  }

  protected override render(state: ProgressState): void {
    if (!inNotebook()) {
      super.render(state);
      return;
    }
    this.output ??= new Output();
    this.output.set({ 'text/html': progressHtml(state), 'text/plain': progressText(state) });
  }
}

// Work in src/data and src/training, which do not know of notebooks, reports here once this file is loaded.
setProgress((total, options) => new Progress(total, options));

/** The state as a bar with its line of text; only the line when the work is over. */
export function progressHtml(state: ProgressState): string {
  const text = `<span style="font-variant-numeric:tabular-nums">${escapeHtml(progressText(state))}</span>`;
  if (state.finished) return `<div>${text}</div>`;
  const label = escapeHtml(state.label || 'progress');
  const bar = `<progress value="${state.done}" max="${state.total || 1}" aria-label="${label}" style="width:16em;max-width:40%;vertical-align:middle"></progress>`;
  return `<div>${bar} ${text}</div>`;
}
