import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { DECODE_THREADS } from '../../../src/data/decode/pool';
import { ImageFolder } from '../../../src/data/imageFolder';
import { DataLoader } from '../../../src/data/loader';
import { findPictures, projectRoot } from '../../../src/locations';
import { trainTransform } from '../../../src/data/presets';
import { resnet34 } from '../../../src/models/builders';
import { CrossEntropyLoss } from '../../../src/nn/loss';
import { tensorflowVersion } from '../../../src/ops/execute';
import { startProgress } from '../../../src/progress';
import { backward } from '../../../src/training/backward';
import { Adam } from '../../../src/training/optim';
import { dateAndMachine, writeRecord } from '../records';
import { Peer } from './peer';
import { benchTransforms, printTransforms, type StepResult } from './transforms';

const SIZE = 224;
const BATCH = 6; // the article's
const TORCH_WORKERS = 2;
const WARM_UP_STEPS = 3;

export interface DataBenchOptions {
  /** Python that has torch and torchvision; without it only our loader is measured. */
  torch?: string;
  /** A folder with one folder a class; default: the workbook's training pictures. */
  pictures?: string;
  /** Epochs of each loader, taken in turns. */
  rounds: number;
  /** Steps of fine-tuning in which the wait for data is measured. */
  steps: number;
  /** File for the record; default notebooks/records/bench-data.json. */
  record?: string;
}

/** One epoch of a loader. */
interface Round {
  images: number;
  seconds: number;
  /** Processor time of all threads and processes. */
  cpuSeconds: number;
  /** Processor time of the thread that trains; missing where the system doesn't tell. */
  mainCpuSeconds?: number;
  /** Resident memory after the epoch. */
  rssMegabytes?: number;
}

/** Times our loader and torchvision's in turns, then the wait for data in a fine-tuning run; writes a record. */
export async function benchData(options: DataBenchOptions): Promise<void> {
  const { torch, pictures, rounds, steps } = options;
  const folder = new ImageFolder(pictures ?? findPictures().train, {
    transform: trainTransform({ size: SIZE }),
  });
  const loader = new DataLoader(folder, { batchSize: BATCH, shuffle: true });
  const script = join(projectRoot(), 'data-scripts', 'commands', 'bench', 'data_peer.py');
  const peer = torch
    ? new Peer(torch, [script, folder.root, `${BATCH}`, `${SIZE}`, `${TORCH_WORKERS}`])
    : undefined;
  const [loadBefore] = loadavg(); // of the last minute: a quiet machine is below 0.5
  const bar = startProgress(rounds + 1, { label: 'Loading', unit: 'rounds' });
  try {
    const peerVersions = (await peer?.answer()) as Record<string, string> | undefined;
    await epochOf(loader); // compiles, starts threads, fills the file cache
    bar.update(1);
    const ours: Round[] = [];
    const theirs: Round[] = [];
    for (let round = 1; round <= rounds; round++) {
      ours.push(await epochOf(loader));
      if (peer) theirs.push((await peer.ask()) as Round);
      bar.update(round + 1);
    }
    bar.done();
    const transforms = await benchTransforms(folder, peer);
    peer?.end();
    const record = {
      ...dateAndMachine(),
      versions: {
        node: process.version,
        tensorflow: tensorflowVersion(),
        sharp: sharp.versions.sharp,
        ...peerVersions,
      },
      loadBefore,
      images: folder.length,
      size: SIZE,
      batchSize: BATCH,
      ours: { decodingThreads: DECODE_THREADS, ...summary(ours), rounds: ours },
      ...(peer && { torchvision: { workers: TORCH_WORKERS, ...summary(theirs), rounds: theirs } }),
      ...(peer && { ratio: medianRatio(ours, theirs) }),
      transforms,
      ...(steps > 0 && { fineTuning: await waitOf(loader, steps) }),
    };
    print(record);
    console.log(`Written: ${writeRecord('bench-data', record, options.record)}`);
  } finally {
    bar.stop();
    peer?.end();
  }
}

async function epochOf(loader: DataLoader): Promise<Round> {
  const cpuBefore = process.cpuUsage();
  const mainBefore = mainThreadCpu();
  const start = performance.now();
  let images = 0;
  for await (const [inputs] of loader) images += inputs.shape[0];
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const mainAfter = mainThreadCpu();
  return {
    images,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    mainCpuSeconds: mainBefore === undefined || mainAfter === undefined ? undefined : mainAfter - mainBefore,
    rssMegabytes: Math.round(process.memoryUsage.rss() / 1e6),
  };
}

/** Seconds of processor time that the main thread has had; only Linux tells. */
function mainThreadCpu(): number | undefined {
  try {
    const stat = readFileSync(`/proc/self/task/${process.pid}/stat`, 'latin1');
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13);
    return (Number(user) + Number(system)) / 100; // Linux counts them in hundredths of a second
  } catch {
    return undefined;
  }
}

/** The part of a ResNet-34's training steps that goes by in waiting for the loader. */
async function waitOf(loader: DataLoader, steps: number) {
  const model = resnet34({ numClasses: loader.dataset.classes.length });
  const optimizer = new Adam(model.parameters(), { lr: 1e-4 });
  const lossFunc = new CrossEntropyLoss();
  const bar = startProgress(WARM_UP_STEPS + steps, { label: 'Fine-tuning', unit: 'steps' });
  const waits: number[] = [];
  model.train();
  const start: number[] = [];
  let asked = performance.now();
  for await (const [inputs, labels] of loader) {
    start.push(performance.now());
    waits.push(performance.now() - asked);
    optimizer.zeroGrad();
    const loss = backward(optimizer.parameters, () => lossFunc.forward(model.forward(inputs), labels));
    optimizer.step();
    loss.dataSync(); // the step is over
    loss.dispose();
    bar.update(waits.length);
    if (waits.length > WARM_UP_STEPS + steps) break;
    asked = performance.now();
  }
  bar.done();
  optimizer.dispose();
  model.dispose();
  const measured = waits.slice(WARM_UP_STEPS + 1); // each step with the wait that follows it
  const milliseconds = start[start.length - 1] - start[WARM_UP_STEPS];
  const waited = measured.reduce((sum, wait) => sum + wait, 0);
  return {
    model: 'resnet34, random weights, Adam',
    steps: measured.length,
    millisecondsPerStep: milliseconds / measured.length,
    waitPerStep: waited / measured.length,
    waitShare: waited / milliseconds,
  };
}

/** Images a second, ours by theirs, in the middle one of the rounds: one that something disturbed doesn't count. */
function medianRatio(ours: readonly Round[], theirs: readonly Round[]): number {
  const speed = ({ images, seconds }: Round) => images / seconds;
  const ratios = ours.map((round, i) => speed(round) / speed(theirs[i])).sort((a, b) => a - b);
  const middle = ratios.length >> 1;
  return ratios.length % 2 ? ratios[middle] : (ratios[middle - 1] + ratios[middle]) / 2;
}

/** Over all rounds together. */
function summary(rounds: readonly Round[]) {
  const total = (pick: (round: Round) => number) => rounds.reduce((sum, round) => sum + pick(round), 0);
  const images = total((round) => round.images);
  const seconds = total((round) => round.seconds);
  const main = total((round) => round.mainCpuSeconds ?? NaN);
  return {
    imagesPerSecond: images / seconds,
    cpuMillisecondsPerImage: (1000 * total((round) => round.cpuSeconds)) / images,
    ...(main >= 0 && { mainThreadShare: main / seconds }),
  };
}

interface DataRecord {
  ours: ReturnType<typeof summary> & { rounds: readonly Round[] };
  torchvision?: ReturnType<typeof summary> & { rounds: readonly Round[] };
  ratio?: number;
  transforms: readonly StepResult[];
  fineTuning?: Awaited<ReturnType<typeof waitOf>>;
}

function print({ ours, torchvision, ratio, transforms, fineTuning }: DataRecord): void {
  const row = (name: string, cells: readonly string[]) =>
    console.log(name.padEnd(30) + cells.map((cell) => cell.padStart(14)).join(''));
  const loaders = torchvision ? [ours, torchvision] : [ours];
  row('', torchvision ? ['ours', 'torchvision'] : ['ours']);
  ours.rounds.forEach((_, i) =>
    row(
      `images/s, round ${i + 1}`,
      loaders.map(({ rounds }) => (rounds[i].images / rounds[i].seconds).toFixed(0)),
    ),
  );
  row(
    'images/s',
    loaders.map((loader) => loader.imagesPerSecond.toFixed(0)),
  );
  row(
    'processor time, ms an image',
    loaders.map((loader) => loader.cpuMillisecondsPerImage.toFixed(2)),
  );
  row(
    "main thread's share",
    loaders.map(({ mainThreadShare }) => (mainThreadShare ? percent(mainThreadShare) : 'not known')),
  );
  console.log(`memory after each round, MB: ${ours.rounds.map((round) => round.rssMegabytes).join(' ')}`);
  if (ratio) console.log(`ours / torchvision, images/s, median of the rounds: ${ratio.toFixed(2)}`);
  printTransforms(transforms);
  if (fineTuning)
    console.log(
      `${fineTuning.model}: ${fineTuning.millisecondsPerStep.toFixed(0)} ms a step, of which ` +
        `${fineTuning.waitPerStep.toFixed(1)} ms (${percent(fineTuning.waitShare)}) waiting for data`,
    );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
