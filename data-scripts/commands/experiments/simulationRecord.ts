import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Series, linePlot } from '../../../src/notebook/plots';
import { recordsFolder, writeRecord, writeText } from '../records';
import { TRAINING_OPTIONS, configurations } from './configuration';
import { onWhite } from './picture';
import { type RunRecord, runRecords } from './runRecord';
import { type Assumptions, type SweepOutcome, simulate } from './simulate';
import { secondsOf } from './sweep';

const NODES = [10, 50, 100, 200, 500];
/** Hours between failures of one node: none, a poor machine room, machines that are taken away at any time. */
const RATES = [null, 100, 10, 2];
const SEEDS = 10;

/** The study at full size: as many runs of each depth, each as long as the records say. */
export function studyAssumptions(records: readonly RunRecord[]): Assumptions {
  const { values } = parseArgs({ args: [], options: TRAINING_OPTIONS });
  const runs = configurations(values, ['resnet'], [20, 32, 44, 56], [1]);
  return {
    runs: 1_000,
    runSeconds: runs.map((run) => Math.round(secondsOf(run, records) ?? NaN)),
    checkpointSeconds: 60,
    startSeconds: 8,
    startMegabytes: 184,
    checkpointMegabytes: 6.8, // 853,018 weights with their momentum, 4 bytes each
    diskMegabytesPerSecond: 200, // supposed: a small cluster's
    submitSeconds: 0.5, // supposed
    askSeconds: 10, // Snakemake's default
    noticeSeconds: 300, // Slurm's default
    repairSeconds: 3600,
    retries: 10,
  };
}

export interface SimulationRecord {
  assumptions: Assumptions;
  /** Of how many simulations each outcome is the mean. */
  seeds: number;
  outcomes: SweepOutcome[];
}

export function simulationRecord(assumptions: Assumptions): SimulationRecord {
  return { assumptions, seeds: SEEDS, outcomes: simulate(assumptions, NODES, RATES, SEEDS) };
}

/** How many times as fast as one node, and what is wasted, against nodes: a line for each rate of failures, as an SVG. */
export function simulationPicture({ assumptions, outcomes }: SimulationRecord): string {
  const { runs, runSeconds } = assumptions;
  const alone = (runs * runSeconds.reduce((sum, each) => sum + each, 0)) / runSeconds.length / 3600;
  const lines = (y: (outcome: SweepOutcome) => number): Series[] =>
    RATES.map((rate) => {
      const own = outcomes.filter(({ hoursBetweenFailures }) => hoursBetweenFailures === rate);
      const name = rate === null ? 'no failures' : `each fails in ${rate} h`;
      return { name, x: own.map(({ nodes }) => nodes), y: own.map(y) };
    });
  return onWhite([
    linePlot(
      lines(({ hours }) => alone / hours),
      { title: `A sweep of ${runs} runs, by simulation`, x: 'nodes', y: 'times as fast as one core' },
    ),
    linePlot(
      lines(({ wasted }) => 100 * wasted),
      { title: 'Time of the nodes that trained nothing', x: 'nodes', y: '%', range: [0, 60] },
    ),
  ]);
}

/** Where the simulation's record and its picture lie. */
export const simulationPaths = (): { record: string; picture: string } => ({
  record: join(recordsFolder(), 'sweep-simulation.json'),
  picture: join(recordsFolder(), 'sweep-simulation.svg'),
});

/** Simulates the study by the records there are, and writes its record and its picture. @returns the table, as text. */
export function simulateStudy(): string {
  const record = simulationRecord(studyAssumptions(runRecords()));
  const { record: path, picture } = simulationPaths();
  writeRecord('sweep-simulation', record, path);
  writeText(picture, simulationPicture(record));
  const rows = record.outcomes.map(
    ({ nodes, hoursBetweenFailures, hours, wasted, restarts, failed, diskWait, engineBusy }) =>
      [
        nodes,
        hoursBetweenFailures ?? 'none',
        hours.toFixed(1),
        `${(100 * wasted).toFixed(1)} %`,
        restarts.toFixed(0),
        failed,
        `${diskWait.toFixed(1)} s`,
        `${(100 * engineBusy).toFixed(1)} %`,
      ].map((cell, i) => `${cell}`.padStart(WIDTHS[i])),
  );
  const heads = ['nodes', 'h/failure', 'hours', 'wasted', 'restarts', 'failed', 'disk wait', 'engine busy'];
  return [heads.map((head, i) => head.padStart(WIDTHS[i])), ...rows].map((row) => row.join('')).join('\n');
}

const WIDTHS = [6, 11, 8, 9, 10, 8, 11, 13];
