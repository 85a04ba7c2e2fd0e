import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheRoot } from '../../../src/locations';
import type { EpochRecord } from '../../../src/training/history';
import { recordsFolder } from '../records';
import { type RunConfiguration, completed, runName } from './configuration';
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
  /** Hash of the final weights and statistics: equal for equal bits. Not in the oldest records. */
  weights?: string;
  history: EpochRecord[];
  /** What the trained network looks like inside, measured by `experiment -- inside`. */
  inside?: Inside;
}

/** Where runs write. */
export interface Places {
  records: string;
  /** Holds a folder for each run: what it saves on its way, and its lock. */
  runs: string;
}

/** @param folder - a sweep's; default: the records that the pages draw, and the project's cache. */
export function placesOf(folder?: string): Places {
  if (folder === undefined) return { records: recordsFolder(), runs: join(cacheRoot(), 'experiments') };
  return { records: join(folder, 'records'), runs: join(folder, 'runs') };
}

/** All records of runs in a folder: by depth, of one depth by name. */
export function runRecords(folder = recordsFolder()): RunRecord[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => /^(plain|resnet|preact)-.*\.json$/.test(file))
    .sort()
    .map((file) => read(join(folder, file)))
    .sort((a, b) => a.configuration.depth - b.configuration.depth);
}

/** The record of this run if there is one. @param folder - default: the records that the pages draw. */
export function recordOf(configuration: RunConfiguration, folder = recordsFolder()): RunRecord | undefined {
  const name = runName(configuration);
  const path = join(folder, `${name}.json`);
  const record = existsSync(path) ? read(path) : undefined;
  return record && runName(record.configuration) === name ? record : undefined;
}

function read(path: string): RunRecord {
  const record = JSON.parse(readFileSync(path, 'utf8')) as RunRecord;
  return { ...record, configuration: completed(record.configuration) };
}
