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

let active: { signal: AbortSignal; users: number; restore(): void } | undefined;

/**
 * Runs long work that the kernel's interrupt (SIGINT) can stop: it aborts the signal, with an `Interrupted` as its reason.
 * Work that returns when the signal is aborted keeps its result; work that throws the signal's reason ends the cell with
 * one line. The work must look at the signal between awaits that reach the event loop: see `breathe`.
 *
 * Meanwhile nobody else hears the interrupt: tslab itself would only end the cell and leave its work running on into the
 * next. A second interrupt goes to those who would have heard the first.
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
  // While the synchronous start of a cell runs, Node swaps the listeners; one added there is lost and the kernel killed.
  await nextTurn();
  const mine = (active ??= listen());
  mine.users++;
  try {
    return await work(mine.signal);
  } finally {
    if (--mine.users === 0) mine.restore();
  }
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

/** Lets waiting events in (an interrupt, a drawing), then throws if the signal is aborted. Once a step is often enough. */
export async function breathe(signal?: AbortSignal): Promise<void> {
  await nextTurn();
  signal?.throwIfAborted();
}
