import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../../src/locations';
import { hasBfloat16 } from '../../../src/ops/bfloat16';
import { startProgress } from '../../../src/progress';
import { dateAndMachine, writeRecord } from '../records';
import { Peer } from './peer';
import type { Profile } from './profile';
import { NETWORKS, type Ready, type Repetition, WORKS, type Work, nameOf } from './trainWorks';

export interface TrainBenchOptions {
  /** Python that has torch and torchvision; without it only our side is measured. */
  torch?: string;
  /** Repetitions of each work, taken in turns. */
  rounds: number;
  /** Only the works of this batch size. */
  batch?: number;
}

/** One library at one work. */
interface Side {
  /** Over the repetitions. */
  medianMilliseconds: number;
  leastMilliseconds: number;
  peakMegabytes: number;
}

export interface TrainBenchRow extends Work {
  ours: Side;
  torch?: Side;
  /** torch's median divided by ours: above 1 ours is faster. */
  ratio?: number;
  /** Where the time of our quickest profiled repetition went; measuring makes it a little longer. */
  profile: Profile;
}

/** Times steps of ours and of torch's (channels_last) in turns, so that both meet the same machine; writes a record. */
export async function benchTrain({ torch, rounds, batch }: TrainBenchOptions): Promise<void> {
  const works = WORKS.filter(
    (work) =>
      (batch === undefined || work.batch === batch) && (work.precision === 'float32' || hasBfloat16()),
  );
  if (works.length < WORKS.length && batch === undefined)
    console.log('This processor has no bfloat16: only float32 is timed.');
  const [loadBefore] = loadavg(); // of the last minute: a quiet machine is below 0.5
  const bar = startProgress(works.length * rounds, { label: 'Timing', unit: 'rounds' });
  let done = 0;
  const rows: TrainBenchRow[] = [];
  let versions: Record<string, string> = {};
  try {
    for (const work of works) {
      const measured = await measure(work, torch, rounds, () => bar.update(++done));
      rows.push(measured.row);
      versions = { ...versions, ...measured.versions };
    }
    bar.done();
  } finally {
    bar.stop();
  }
  rows.forEach(print);
  const path = writeRecord('bench-train', {
    command: 'npm run bench -- train --torch PYTHON',
    ...dateAndMachine(),
    versions,
    loadBefore,
    networks:
      'resnet34: 4 classes, 224x224, Adam in all layers; CIFAR nets: 32x32, SGD; torch in channels_last, bfloat16 by autocast',
    rounds,
    rows,
  });
  console.log(`Written: ${path}`);
}

/** Repetitions of ours that are profiled, after the rounds. The quickest is kept: others tell of what came in between. */
const PROFILED = 5;

async function measure(work: Work, torch: string | undefined, rounds: number, onRound: () => void) {
  const bench = join(projectRoot(), 'data-scripts', 'commands', 'bench');
  const compat = join(projectRoot(), 'data-scripts', 'kernel', 'node-compat.cjs');
  const worker = [join(__dirname, 'trainWorker.js'), JSON.stringify(work)];
  const sides = [new Peer(process.execPath, ['-r', compat, ...worker])];
  if (torch) {
    const threads = `${availableParallelism()}`;
    const env = { ...process.env, GLIBC_TUNABLES: '' }; // torch runs as it comes
    const described = JSON.stringify({ ...work, ...NETWORKS[work.network] });
    sides.push(new Peer(torch, [join(bench, 'train_peer.py'), described, threads], env));
  }
  try {
    let versions: Record<string, string> = {};
    for (const side of sides) versions = { ...versions, ...((await side.answer()) as Ready).versions };
    const repetitions: Repetition[][] = sides.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [i, side] of sides.entries()) repetitions[i].push((await side.ask()) as Repetition);
      onRound();
    }
    const profiled: Repetition[] = [];
    while (profiled.length < PROFILED) profiled.push((await sides[0].ask({ profiled: true })) as Repetition);
    const { profile = {} } = profiled.reduce((a, b) => (b.milliseconds < a.milliseconds ? b : a));
    const [ours, theirs] = repetitions.map(summary) as [Side, Side | undefined];
    const ratio = theirs && theirs.medianMilliseconds / ours.medianMilliseconds;
    return { row: { ...work, ours, torch: theirs, ratio, profile }, versions };
  } finally {
    sides.forEach((side) => side.end());
  }
}

function summary(repetitions: readonly Repetition[]): Side {
  const times = repetitions.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  return {
    medianMilliseconds: times[times.length >> 1],
    leastMilliseconds: times[0],
    peakMegabytes: Math.max(...repetitions.map(({ peakMegabytes }) => peakMegabytes)),
  };
}

function print({ ours, torch, ratio, profile, ...work }: TrainBenchRow): void {
  const side = ({ medianMilliseconds, leastMilliseconds, peakMegabytes }: Side): string =>
    `${medianMilliseconds.toFixed(0)} ms (least ${leastMilliseconds.toFixed(0)}), ${peakMegabytes.toFixed(0)} MB`;
  const peer = torch && ratio ? `  torch ${side(torch)}  torch / ours ${ratio.toFixed(2)}` : '';
  console.log(`${nameOf(work).padEnd(48)}ours ${side(ours)}${peer}`);
  const parts = Object.entries(profile).map(([name, time]) => `${name} ${time.toFixed(0)}`);
  console.log(`  quickest of ${PROFILED}, ms: ${parts.join(', ')}`);
}
