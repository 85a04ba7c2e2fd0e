/*
 * Looked at: cli-progress and progress draw on a terminal alone; here the same report goes to a terminal, into a log, line by
 * line, and into a notebook.
 */

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

let factory: ProgressFactory = (total, options) => terminalProgress(total, options);

/**
 * Begins to report in the way this process is watched: a bar in the notebook's output, or a line on the terminal.
 *
 * ```ts
 * const progress = startProgress(loader.length, { label: 'Epoch 1/10', unit: 'batches' });
 * progress.update(12, { loss: 0.41 });
 * progress.done();
 * ```
 */
export function startProgress(total: number, options?: ProgressOptions): ProgressReporter {
  return factory(total, options);
}

/**
 * Makes every later `startProgress` report in another way (the notebook's display does so when it is loaded).
 * @returns the way until now, to be put back.
 */
export function setProgress(newFactory: ProgressFactory): ProgressFactory {
  const before = factory;
  factory = newFactory;
  return before;
}

/** A reporter that says nothing, for tests and for callers that want quiet. */
export const silentProgress: ProgressFactory = () => ({ update() {}, done() {}, stop() {} });

/** Runs work whose progress is reported, and ends the report with it: complete, or with the reason why it failed. */
export async function reported<T>(progress: ProgressReporter, work: () => Promise<T>): Promise<T> {
  try {
    const result = await work();
    progress.done();
    return result;
  } catch (error) {
    progress.stop(error instanceof Error ? error.message : String(error));
    throw error;
  }
}

/** How far some work has got. */
export interface ProgressState extends ProgressOptions {
  done: number;
  total: number;
  /** Seconds since the start. */
  elapsed: number;
  values: ProgressValues;
  /** Whether nothing more will be done: the work is complete, or stopped (why, if that is known). */
  finished: boolean;
  stopped?: string;
}

/** The state in one line, the same in a notebook's saved text and on a terminal. */
export function progressText(state: ProgressState): string {
  const { label, unit, done, total, elapsed, values, finished, stopped } = state;
  const perSecond = done / elapsed;
  const parts = [
    `${stopped === undefined ? '' : 'stopped at '}${done.toLocaleString('en')}/${total.toLocaleString('en')}` +
      (stopped ? ` (${stopped})` : ''),
    finished && formatSeconds(elapsed),
    !finished && done > 0 && `${formatSeconds((total - done) / perSecond)} left`,
    unit && done > 0 && `${formatNumber(perSecond)} ${unit}/s`,
    ...Object.entries(values).map(
      ([name, value]) => `${name} ${typeof value === 'number' ? formatNumber(value) : value}`,
    ),
  ];
  return (label ? `${label}: ` : '') + parts.filter(Boolean).join(', ');
}

/** Work that is over sooner than this shows nothing. */
const SHOW_FROM_SECONDS = 2;
/** Five drawings a second: smooth to the eye, and nothing beside a training step. */
const REDRAW_MS = 200;
const LOG_EVERY_MS = 30_000; // in a log file, where lines cannot be overwritten

/**
 * Keeps the time of a piece of work and draws it now and then; not at all where it will be over within two seconds.
 *
 * @param total - units of work in all; 0 is allowed and done at once.
 * @param render - draws a state.
 * @param redrawMs - the least time between two drawings, in milliseconds.
 */
export function timedProgress(
  total: number,
  options: ProgressOptions | undefined,
  render: (state: ProgressState) => void,
  redrawMs = REDRAW_MS,
): ProgressReporter {
  if (!(total >= 0))
    throw new Error(`Progress: the total must be a number of units, 0 or more; got ${total}.`);
  const start = performance.now();
  const elapsed = (): number => (performance.now() - start) / 1000;
  let lastDrawn: number | undefined;
  let [done, finished] = [0, false];
  let values: ProgressValues = {};
  const draw = (stopped?: string): void => {
    lastDrawn = performance.now();
    render({ ...options, total, done, elapsed: elapsed(), values, finished, stopped });
  };
  // The first unit may take long: say by then that work is going on.
  const timer = setTimeout(() => lastDrawn ?? draw(), (SHOW_FROM_SECONDS * 1000) / 2);
  timer.unref();
  const end = (stopped?: string): void => {
    if (finished) return;
    finished = true;
    clearTimeout(timer);
    if (lastDrawn !== undefined || elapsed() >= SHOW_FROM_SECONDS) draw(stopped);
  };
  return {
    update(units, news = values) {
      if (finished) return;
      [done, values] = [Math.min(Math.max(units, 0), total), news];
      const expected = done === 0 ? 0 : (elapsed() * total) / done; // seconds in all
      if (lastDrawn === undefined ? expected >= SHOW_FROM_SECONDS : performance.now() - lastDrawn >= redrawMs)
        draw();
    },
    done(news = values) {
      if (!finished) [done, values] = [total, news];
      end();
    },
    stop: (reason = '') => end(reason),
  };
}

/** Reports on a terminal, in one line that is overwritten; in a log file, in a line every half minute and at the end. */
export function terminalProgress(
  total: number,
  options?: ProgressOptions,
  stream: NodeJS.WriteStream = process.stderr,
): ProgressReporter {
  const line = (state: ProgressState): string => {
    const text = progressText(state);
    if (!stream.isTTY) return text + '\n';
    const width = (stream.columns ?? 80) - 1; // a full last column would wrap, and the line could not be overwritten
    return '\r\x1b[K' + text.slice(0, width) + (state.finished ? '\n' : '');
  };
  const redrawMs = stream.isTTY ? REDRAW_MS : LOG_EVERY_MS;
  return timedProgress(total, options, (state) => stream.write(line(state)), redrawMs);
}

/** Four significant digits, no more than the eye takes in: 0.4132, 12.04, 1,204. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en');
  if (value !== 0 && Math.abs(value) < 1e-4) return value.toExponential(1);
  return value.toPrecision(4);
}

/** A time in words: "0.8 s", "42 s", "3 min 05 s", "1 h 02 min". */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const rounded = Math.round(seconds);
  if (rounded < 60) return `${rounded} s`;
  const two = (n: number) => String(n).padStart(2, '0');
  if (rounded < 3600) return `${Math.floor(rounded / 60)} min ${two(rounded % 60)} s`;
  const minutes = Math.round(rounded / 60);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}
