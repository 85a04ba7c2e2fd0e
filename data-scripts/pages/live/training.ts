import { type Chapter, chapter } from 'live:chapter';
import type { Tasks } from './messages';

/** The chapter's own cells, once they were asked for: its pictures are drawn anew here. */
let cells: Chapter | undefined;

interface Run {
  net: ReturnType<Chapter['makeNet']>;
  steps: ReturnType<Chapter['train']>;
}
const runs = new Map<number, Run>();
let count = 0;

export function prepareShapes(): Promise<Tasks['prepareShapes']['output']> {
  cells ??= chapter();
  const { KINDS, STEPS } = cells;
  return Promise.resolve({ kinds: [...KINDS], steps: STEPS });
}

export function beginTraining({ kind, depth, rate }: Tasks['beginTraining']['input']): Promise<number> {
  if (!cells) throw new Error('The pictures are not drawn yet.');
  cells.setRate(rate); // read when the first step begins
  const net = cells.makeNet(depth, kind);
  runs.set(++count, { net, steps: cells.train(net, new AbortController().signal) });
  return Promise.resolve(count);
}

export async function trainStep({ run }: { run: number }): Promise<Tasks['trainStep']['output']> {
  const start = performance.now();
  const next = await runs.get(run)?.steps.next();
  if (next && next.done !== true) return { ...next.value, milliseconds: performance.now() - start };
  await endTraining({ run });
  return null;
}

export async function endTraining({ run }: { run: number }): Promise<undefined> {
  const { net, steps } = runs.get(run) ?? {};
  runs.delete(run);
  await steps?.return(undefined);
  net?.dispose();
}
