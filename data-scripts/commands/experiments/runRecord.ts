import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { EpochRecord } from '../../../src/training/history';
import { recordsFolder } from '../records';
import { type RunConfiguration, runName } from './configuration';
import type { Inside } from './inside';

/** What a run leaves behind for the pages. */
export interface RunRecord {
  name: string;
  configuration: RunConfiguration;
  /** The command that repeats the run. */
  command: string;
  date: string;
  machine: string;
  versions: { node: string; tensorflow: string };
  parameters: number;
  history: EpochRecord[];
  /** What the trained network looks like inside; measured after training, or later by `experiment -- inside`. */
  inside?: Inside;
}

/** All records of runs that there are: by depth, of one depth plain before residual. */
export function runRecords(): RunRecord[] {
  return readdirSync(recordsFolder())
    .filter((file) => /^(plain|resnet)-.*\.json$/.test(file))
    .sort()
    .map((file) => JSON.parse(readFileSync(join(recordsFolder(), file), 'utf8')) as RunRecord)
    .sort((a, b) => a.configuration.depth - b.configuration.depth);
}

/** The record of this run if there is one, made with the same configuration. */
export function recordOf(configuration: RunConfiguration): RunRecord | undefined {
  const path = join(recordsFolder(), `${runName(configuration)}.json`);
  if (!existsSync(path)) return undefined;
  const record = JSON.parse(readFileSync(path, 'utf8')) as RunRecord;
  return JSON.stringify(record.configuration) === JSON.stringify(configuration) ? record : undefined;
}
