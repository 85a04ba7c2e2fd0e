import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../src/data/locations';

/** Where records of runs and measurements lie, which the pages draw. */
export function recordsFolder(): string {
  return join(projectRoot(), 'notebooks', 'records');
}

/** Writes one record as JSON, whole or not at all. @returns its path. */
export function writeRecord(name: string, record: unknown): string {
  mkdirSync(recordsFolder(), { recursive: true });
  const path = join(recordsFolder(), `${name}.json`);
  writeFileSync(`${path}.part`, `${JSON.stringify(record, null, 1)}\n`);
  renameSync(`${path}.part`, path);
  return path;
}
