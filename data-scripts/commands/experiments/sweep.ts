import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../../src/locations';
import { recordsFolder, writeText } from '../records';
import { type RunConfiguration, argumentsOf, runName } from './configuration';
import { type KubernetesOptions, manifestOf } from './kubernetes';
import { RunLock } from './runLock';
import { type RunRecord, placesOf, recordOf, runRecords } from './runRecord';

export interface SweepOptions {
  /** Folder of CIFAR-10's binary files. */
  cifar10: string;
  /** Holds records/, runs/ (what they save on their way) and logs/. */
  folder: string;
  /** Of one run. */
  threads: number;
  /** Runs at a time. */
  jobs?: number;
  on: 'local' | 'slurm';
  dryRun: boolean;
  /** Options of Snakemake; they come last and so win. */
  forEngine: readonly string[];
  kubernetes?: KubernetesOptions & { file: string };
}

/** One run as the engine gets it. */
export interface SweepRun {
  name: string;
  /** Of `degradation`. */
  arguments: string[];
  /** After which a cluster may end it: three times what it should take. */
  minutes: number;
  /** For a cluster. A run of 56 layers was seen to need 1.4 GB. */
  megabytes: number;
}

const JOBS_ON_SLURM = 50;
const DAY = 24 * 60; // minutes, where no record says how long a run takes

/** Makes the runs that have no record yet. @returns the exit status: 0 when all are made. */
export async function sweep(runs: readonly RunConfiguration[], options: SweepOptions): Promise<number> {
  const { folder, threads, on, dryRun, kubernetes } = options;
  const jobs =
    options.jobs ??
    (on === 'slurm' ? JOBS_ON_SLURM : Math.max(1, Math.floor(availableParallelism() / threads)));
  const records = [...runRecords(placesOf(folder).records), ...runRecords()];
  const missing = runs.filter((run) => !isDone(run, folder));
  console.log(planText(runs.length, missing, records, jobs));
  if (dryRun) missing.forEach((run) => console.log(`  ${runName(run)}`));
  if (dryRun || missing.length === 0) return 0;
  if (kubernetes) {
    writeText(
      kubernetes.file,
      `${JSON.stringify(manifestOf(missing, { ...kubernetes, jobs, threads }), null, 1)}\n`,
    );
    console.log(`Written: ${kubernetes.file}. Such a manifest has never been run on a cluster.`);
    return 0;
  }
  if (!existsSync(options.cifar10))
    throw new Error(
      `There is no ${options.cifar10}: npm run data -- cifar10 fetches it, or name it with --cifar10.`,
    );
  mkdirSync(join(folder, 'logs'), { recursive: true }); // beside what Snakemake deletes before each attempt
  const lock = await RunLock.take(join(folder, 'lock.json'), {
    say: console.log,
    onLost: (taker) =>
      console.error(`Another sweep, ${taker}, works in this folder too; runs have locks of their own.`),
  });
  const start = performance.now();
  try {
    // the other sweep may have made some
    const left = missing.filter((run) => !isDone(run, folder));
    writeText(join(folder, 'sweep.json'), JSON.stringify(taskOf(left, records, options), null, 1));
    const status = left.length > 0 ? await engine(engineOptions(options, jobs)) : 0;
    const failed = left.filter((run) => !isDone(run, folder)).map(runName);
    const hours = ((performance.now() - start) / 3.6e6).toFixed(2);
    console.log(`${runs.length - failed.length} of ${runs.length} runs have a record, after ${hours} h.`);
    if (failed.length > 0)
      console.log(
        `Without: ${failed.join(', ')}. Their logs lie in ${join(folder, 'logs')}; the same command goes on.`,
      );
    return failed.length === 0 ? 0 : status || 1;
  } finally {
    lock.release();
  }
}

/** In the sweep's folder, or among the records that the pages draw. */
function isDone(run: RunConfiguration, folder: string): boolean {
  return [placesOf(folder).records, recordsFolder()].some((records) => recordOf(run, records) !== undefined);
}

/** How many runs there are, how many are done, and how long the others will take. */
export function planText(
  total: number,
  missing: readonly RunConfiguration[],
  records: readonly RunRecord[],
  jobs: number,
): string {
  const text = `${total} runs, ${total - missing.length} done`;
  if (missing.length === 0) return `${text}.`;
  const seconds = missing.map((run) => secondsOf(run, records));
  const known = seconds.filter((each) => each !== undefined);
  if (known.length < missing.length)
    return `${text}; no record says how long the other ${missing.length} take.`;
  const hours = known.reduce((sum, each) => sum + each, 0) / 3600;
  // the longest run bounds it, however many go on at a time
  const wall = Math.max(hours / Math.min(jobs, missing.length), Math.max(...known) / 3600);
  return (
    `${text}; the other ${missing.length} take about ${rounded(hours)} of computing, ` +
    `${rounded(wall)} with ${jobs} at a time, by ${records.length === 1 ? 'one record' : `${records.length} records`}.`
  );
}

const rounded = (hours: number): string =>
  hours < 1 ? `${Math.ceil(60 * hours)} min` : `${hours < 10 ? hours.toPrecision(2) : hours.toFixed(0)} h`;

/** What a run's work grows with: pictures (an evaluated one costs a third of one trained on), layers, channels squared. */
const workOf = ({ epochs, subset, depth, width }: RunConfiguration): number =>
  epochs * (subset + Math.min(subset, 10_000) / 3) * (depth - 1) * width ** 2;

/** How long a run takes by the records there are, those of its precision before others; undefined without records. */
export function secondsOf(run: RunConfiguration, records: readonly RunRecord[]): number | undefined {
  const same = records.filter(({ configuration }) => configuration.precision === run.precision);
  const speeds = (same.length > 0 ? same : records)
    .map(
      ({ configuration, history }) =>
        history.reduce((sum, { seconds }) => sum + seconds, 0) / workOf(configuration),
    )
    .sort((a, b) => a - b);
  return speeds.length === 0 ? undefined : speeds[Math.floor(speeds.length / 2)] * workOf(run);
}

/** What the Snakefile reads. */
function taskOf(
  runs: readonly RunConfiguration[],
  records: readonly RunRecord[],
  { cifar10, folder, threads }: SweepOptions,
): unknown {
  // the compiled command itself: npm run would look through the set-up in each job
  const command = [
    process.execPath,
    ...['-r', join(projectRoot(), 'data-scripts', 'kernel', 'node-compat.cjs')],
    ...[join(__dirname, '..', 'experiment.js'), 'degradation'],
  ];
  return {
    command,
    threads,
    runs: runs.map((run): SweepRun => {
      const seconds = secondsOf(run, records);
      return {
        name: runName(run),
        arguments: [...argumentsOf(run), '--folder', folder, '--cifar10', cifar10, '--threads', `${threads}`],
        minutes: seconds === undefined ? DAY : Math.max(10, Math.ceil(seconds / 20)),
        megabytes: 2_000,
      };
    }),
  };
}

function engineOptions({ folder, on, threads, forEngine }: SweepOptions, jobs: number): string[] {
  return [
    ...[
      '--snakefile',
      join(projectRoot(), 'data-scripts', 'commands', 'experiments', 'snakemake', 'Snakefile'),
    ],
    ...['--directory', folder, '--keep-going', '--rerun-incomplete', '--rerun-triggers', 'mtime', 'input'],
    '--nolock', // the sweep has a lock, which needs no hand when it was killed
    ...(on === 'slurm'
      ? // each time that a job reaches its time limit costs a retry
        ['--executor', 'slurm', '--jobs', `${jobs}`, '--retries', '10', '--latency-wait', '30']
      : ['--cores', `${jobs * threads}`, '--retries', '3']),
    ...(on === 'slurm' ? ['--slurm-init-seconds-before-status-checks', '5'] : []),
    ...forEngine,
  ];
}

/** Runs Snakemake, in an environment that is made when it is first asked for. @returns its exit status. */
function engine(options: readonly string[]): Promise<number> {
  const script = join(projectRoot(), 'data-scripts', 'commands', 'experiments', 'snakemake', 'engine.mjs');
  const child = spawn(process.execPath, [script, ...options], { stdio: 'inherit' });
  // It ends by itself: a terminal sends Ctrl-C to all of its programs, others are told here.
  const pass = (signal: NodeJS.Signals): void => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  };
  process.on('SIGINT', pass).on('SIGTERM', pass);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      process.off('SIGINT', pass).off('SIGTERM', pass);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1));
    });
  });
}
