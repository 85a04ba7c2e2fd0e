import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { projectRoot } from '../src/data/locations';

/** Where records of runs and measurements lie, which the pages draw. */
export function recordsFolder(): string {
  return join(projectRoot(), 'notebooks', 'records');
}

/** Writes one record as JSON, whole or not at all. @returns its path, in the records' folder unless given. */
export function writeRecord(
  name: string,
  record: unknown,
  path = join(recordsFolder(), `${name}.json`),
): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.part`, `${JSON.stringify(record, null, 1)}\n`);
  renameSync(`${path}.part`, path);
  return path;
}
