import { mkdirSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { writeAtomically } from '../../src/checkpoint/file';
import { projectRoot } from '../../src/locations';

/** Where records of runs and measurements lie, which the pages draw. */
export function recordsFolder(): string {
  return join(projectRoot(), 'notebooks', 'records');
}

/** When and where a record was made, as every record says it. */
export function dateAndMachine(): { date: string; machine: string } {
  // fewer than the machine has, where runs were made side by side
  const threads = Number(process.env.TF_NUM_INTRAOP_THREADS) || availableParallelism();
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus()[0].model.trim()}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
  };
}

/** Writes one record as JSON, whole or not at all. @returns its path, in the records' folder unless given. */
export function writeRecord(
  name: string,
  record: unknown,
  path = join(recordsFolder(), `${name}.json`),
): string {
  return writeText(path, `${JSON.stringify(record, null, 1)}\n`);
}

/** Writes a text, whole or not at all. @returns its path. */
export function writeText(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeAtomically(path, (write) => write(Buffer.from(text)));
  return path;
}
