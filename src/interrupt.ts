import { setImmediate as nextTurn } from 'node:timers/promises';
import { inspect } from 'node:util';

/** Thrown where work was stopped by the reader (Jupyter's stop button, Ctrl-C in a terminal); printed as one line. */
export class Interrupted extends Error {
  constructor(seconds: number) {
    super(`Interrupted after ${seconds.toFixed(1)} s. Nothing is running on; the cell can be run again.`);
    this.name = 'Interrupted';
    this.stack = `${this.name}: ${this.message}`; // it is no fault: where it was thrown is of no interest
  }

  /** What the kernel prints: without this, Node puts an error that has no stack in brackets. */
  [inspect.custom](): string {
    return this.message;
  }
}

/** An interrupt that is being listened for. */
export interface InterruptListener {
  /** Aborted by the interrupt; its reason is an `Interrupted`. */
  signal: AbortSignal;
  /** Stops listening; must be called when the work is over. */
  release(): void;
}

let active: { signal: AbortSignal; users: number; restore(): void } | undefined;

/**
 * Listens for the kernel's interrupt (SIGINT). Meanwhile nobody else hears it: tslab itself would only end the cell
 * and leave its work running on into the next. A second interrupt goes to those who would have heard the first.
 * Whoever works under the signal must look at it between awaits that reach the event loop: see `breathe`.
 */
export async function interruptSignal(): Promise<InterruptListener> {
  // While the synchronous start of a cell runs, Node swaps the listeners; one added there is lost and the kernel killed.
  await nextTurn();
  active ??= listen();
  const mine = active;
  mine.users++;
  let released = false;
  const release = () => {
    if (released) return;
    released = true;
    if (--mine.users === 0) mine.restore();
  };
  return { signal: mine.signal, release };
}

function listen(): NonNullable<typeof active> {
  const controller = new AbortController();
  const start = performance.now();
  const others = process.rawListeners('SIGINT') as (() => void)[];
  const onInterrupt = () => {
    if (!controller.signal.aborted) {
      controller.abort(new Interrupted((performance.now() - start) / 1000));
      return;
    }
    restore();
    process.kill(process.pid, 'SIGINT');
  };
  const restore = () => {
    if (active?.signal !== controller.signal) return;
    active = undefined;
    process.off('SIGINT', onInterrupt);
    for (const other of others) process.on('SIGINT', other);
  };
  process.removeAllListeners('SIGINT');
  process.on('SIGINT', onInterrupt);
  return { signal: controller.signal, users: 0, restore };
}

/**
 * Runs long work that the kernel's interrupt can stop. Work that returns when the signal is aborted keeps its result;
 * work that throws the signal's reason ends the cell with one line.
 *
 * ```ts
 * await withInterrupt(async (signal) => {
 *   for (let step = 0; step < 1000; step++) {
 *     await breathe(signal);
 *     trainStep();
 *   }
 * });
 * ```
 */
export async function withInterrupt<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { signal, release } = await interruptSignal();
  try {
    return await work(signal);
  } finally {
    release();
  }
}

/** Lets waiting events in (an interrupt, a drawing), then throws if the signal is aborted. Once a step is often enough. */
export async function breathe(signal?: AbortSignal): Promise<void> {
  await nextTurn();
  signal?.throwIfAborted();
}
