/** Figures of the moment that stand beside a progress bar, e.g. `{ loss: 0.41, accuracy: 0.87 }`. */
export type ProgressValues = Readonly<Record<string, number | string>>;

/** What a long piece of work (training, statistics, a download) tells of how far it has got. */
export interface ProgressReporter {
  /** @param done - units of work done so far, from 0 to the total; cheap enough to call at every step. */
  update(done: number, values?: ProgressValues): void;
  /** The work is complete. */
  done(values?: ProgressValues): void;
  /** The work ended before its time: an error, an interrupt, early stopping. After `done` or `stop` nothing more is drawn. */
  stop(reason?: string): void;
}

export interface ProgressOptions {
  /** What is being done: "Epoch 3/10, training". Default: none. */
  label?: string;
  /** What is counted, in the plural: "images". Default: none, and no rate is shown. */
  unit?: string;
}

/** Begins to report on work of `total` units. */
export type ProgressFactory = (total: number, options?: ProgressOptions) => ProgressReporter;

/** Work that is over sooner than this shows nothing. */
export const SHOW_FROM_SECONDS = 2;
/** Five drawings a second: smooth to the eye, and nothing beside a training step. */
export const REDRAW_MS = 200;
const LOG_EVERY_MS = 30_000; // in a log file, where lines cannot be overwritten

let factory: ProgressFactory = (total, options) => new TerminalProgress(total, options);

/** Begins to report in the way this process is watched: a bar in the notebook's output, or a line on the terminal. */
export function startProgress(total: number, options?: ProgressOptions): ProgressReporter {
  return factory(total, options);
}

/** Makes every later `startProgress` report in another way (the notebook's display does so when it is loaded). */
export function setProgress(newFactory: ProgressFactory): void {
  factory = newFactory;
}

/** A reporter that says nothing, for tests and for callers that want quiet. */
export const silentProgress: ProgressFactory = () => ({ update() {}, done() {}, stop() {} });

/** How far some work has got, in words. */
export interface ProgressState {
  label: string;
  done: number;
  total: number;
  /** Seconds since the start. */
  elapsed: number;
  /** "12.0 images/s", or nothing where no unit was given. */
  rate: string;
  /** "1 min 05 s left"; nothing before the first unit is done, and at the end. */
  left: string;
  /** "loss 0.4132, accuracy 0.871" */
  values: string;
  /** Why the work ended early; undefined while it runs or is complete. */
  stopped?: string;
  finished: boolean;
}

/**
 * Keeps the time of a piece of work and draws it now and then; how it is drawn is the subclass's.
 * Nothing is drawn for work that will be over within two seconds.
 */
export abstract class TimedProgress implements ProgressReporter {
  private readonly start = performance.now();
  private readonly timer: NodeJS.Timeout;
  private lastDrawn = -Infinity;
  private shown = false;
  private ended = false;
  private count = 0;
  private values: ProgressValues = {};

  /**
   * @param total - units of work in all; 0 is allowed and done at once.
   * @param redrawMs - the least time between two drawings, in milliseconds.
   */
  constructor(
    private readonly total: number,
    private readonly options: ProgressOptions = {},
    private readonly redrawMs: number = REDRAW_MS,
  ) {
    if (!(total >= 0))
      throw new Error(`Progress: the total must be a number of units, 0 or more; got ${total}.`);
    // The first unit may take long: say by then that work is going on.
    this.timer = setTimeout(() => !this.shown && this.draw(), (SHOW_FROM_SECONDS * 1000) / 2);
    this.timer.unref();
  }

  protected abstract render(state: ProgressState): void;

  update(done: number, values?: ProgressValues): void {
    if (this.ended) return;
    this.count = Math.min(Math.max(done, 0), this.total);
    if (values) this.values = values;
    const now = performance.now();
    if (now - this.lastDrawn < this.redrawMs) return;
    if (!this.shown) {
      const elapsed = (now - this.start) / 1000;
      if (this.count === 0 || (elapsed * this.total) / this.count < SHOW_FROM_SECONDS) return;
    }
    this.draw();
  }

  done(values?: ProgressValues): void {
    if (this.ended) return;
    this.count = this.total;
    if (values) this.values = values;
    this.end();
  }

  stop(reason = ''): void {
    if (!this.ended) this.end(reason);
  }

  private end(stopped?: string): void {
    this.ended = true;
    clearTimeout(this.timer);
    const elapsed = (performance.now() - this.start) / 1000;
    if (this.shown || elapsed >= SHOW_FROM_SECONDS) this.draw(stopped);
  }

  private draw(stopped?: string): void {
    this.shown = true;
    this.lastDrawn = performance.now();
    const elapsed = (this.lastDrawn - this.start) / 1000;
    const { label = '', unit } = this.options;
    const perSecond = this.count / elapsed;
    this.render({
      label,
      done: this.count,
      total: this.total,
      elapsed,
      rate: unit && this.count > 0 ? `${formatNumber(perSecond)} ${unit}/s` : '',
      left:
        this.ended || this.count === 0 ? '' : `${formatSeconds((this.total - this.count) / perSecond)} left`,
      values: Object.entries(this.values)
        .map(([name, value]) => `${name} ${typeof value === 'number' ? formatNumber(value) : value}`)
        .join(', '),
      stopped,
      finished: this.ended,
    });
  }
}

/** The state in one line, the same in a notebook's saved text and on a terminal. */
export function progressText(state: ProgressState): string {
  const { label, done, total, elapsed, rate, left, values, stopped, finished } = state;
  const reason = stopped ? ` (${stopped})` : '';
  const count = `${done.toLocaleString('en')}/${total.toLocaleString('en')}`;
  const head = stopped === undefined ? count : `stopped at ${count}${reason}`;
  const time = finished ? formatSeconds(elapsed) : left;
  return (label ? `${label}: ` : '') + [head, time, rate, values].filter(Boolean).join(', ');
}

/** Progress on a terminal, in one line of standard error; in a log file, a line every half minute and at the end. */
export class TerminalProgress extends TimedProgress {
  constructor(
    total: number,
    options: ProgressOptions = {},
    private readonly stream: NodeJS.WriteStream = process.stderr,
    redrawMs: number = stream.isTTY ? REDRAW_MS : LOG_EVERY_MS,
  ) {
    super(total, options, redrawMs);
  }

  protected render(state: ProgressState): void {
    const text = progressText(state);
    if (!this.stream.isTTY) {
      this.stream.write(text + '\n');
      return;
    }
    const width = (this.stream.columns ?? 80) - 1; // a full last column would wrap, and the line could not be overwritten
    this.stream.write('\r\x1b[K' + text.slice(0, width) + (state.finished ? '\n' : ''));
  }
}

/** Reports on a terminal, wherever it is called. */
export const terminalProgress: ProgressFactory = (total, options) => new TerminalProgress(total, options);

/** Four significant digits, no more than the eye takes in: 0.4132, 12.04, 1,204. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en');
  if (value !== 0 && Math.abs(value) < 1e-4) return value.toExponential(1);
  return value.toPrecision(4);
}

/** A time in words: "0.8 s", "42 s", "3 min 05 s", "1 h 02 min". */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (n: number) => String(n).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}
