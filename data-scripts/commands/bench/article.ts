import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { saveCheckpoint } from '../../../src/checkpoint/save';
import { ImageFolder } from '../../../src/data/imageFolder';
import { DataLoader } from '../../../src/data/loader';
import { findPictures, projectRoot } from '../../../src/locations';
import { evalTransform, trainTransform } from '../../../src/data/presets';
import { datasetStatistics } from '../../../src/data/statistics';
import { resnet34 } from '../../../src/models/builders';
import { CrossEntropyLoss } from '../../../src/nn/loss';
import type { StateDict } from '../../../src/state/stateDict';
import { tensorflowVersion } from '../../../src/ops/execute';
import { type Precision, fastestPrecision } from '../../../src/ops/precision';
import { setProgress, silentProgress, startProgress } from '../../../src/progress';
import { manualSeed } from '../../../src/random';
import type { EpochRecord } from '../../../src/training/history';
import { Adam } from '../../../src/training/optim';
import { trainAndEval } from '../../../src/training/trainAndEval';
import { dateAndMachine, writeRecord } from '../records';
import { Trouble } from '../../lib/reader.cjs';
import { Peer } from './peer';
import { Turns } from './turns';

const SEED = 1;
const BATCH = 6; // the article's
const LR = 1e-4;

export interface ArticleBenchOptions {
  torch?: string;
  /** A folder with `train` and `eval`, each with one folder a class. */
  pictures?: string;
  epochs: number;
  /** Where to write the record; default notebooks/records/bench-article.json. */
  record?: string;
}

/** A way in which torch runs the job. */
interface TorchWay {
  /** What it is called in the record: the two fast ways by the precision, so that each stands beside ours in the same. */
  name: 'article' | Precision;
  /** Memory as [N, height, width, channels], as ours is, instead of torch's own [N, channels, height, width]. */
  channelsLast: boolean;
  /** Whether it computes in bfloat16 where torch's autocast does. */
  autocast: boolean;
}

type PeerEpoch = Omit<EpochRecord, 'lr' | 'imagesPerSecond'>;

/** Says how an epoch of one of the runs went. */
type Tell = (name: string, epoch: PeerEpoch) => void;

/** One run of the article's job. */
interface JobRun {
  /** Of all epochs together, training and evaluation. */
  seconds: number;
  bestAccuracy: number;
  history: readonly (EpochRecord | PeerEpoch)[];
}

/**
 * The article's whole job, ours in the machine's fastest precision and in float32, and the article's script run by torch,
 * as the article runs it, in torch's faster memory order, and there in the fastest precision too: from the same starting
 * weights, an epoch at a time in turns. Writes a record.
 */
export async function benchArticle({
  torch,
  pictures,
  epochs,
  record: path,
}: ArticleBenchOptions): Promise<void> {
  const folders = findPictures(pictures);
  const [mean, std] = await datasetStatistics(new ImageFolder(folders.train));
  const train = new ImageFolder(folders.train, { transform: trainTransform({ mean, std }) });
  const evaluation = new ImageFolder(folders.eval, { transform: evalTransform({ mean, std }) });
  const scratch = mkdtempSync(join(tmpdir(), 'bench-article-'));
  const start = startingWeights(train.classes.length);
  const [loadBefore] = loadavg();
  const precisions = [...new Set<Precision>([fastestPrecision(), 'float32'])];
  const ways: TorchWay[] = [
    { name: 'article', channelsLast: false, autocast: false },
    ...precisions.map((name) => ({ name, channelsLast: true, autocast: name === 'bfloat16' })),
  ];
  const peers: Peer[] = [];
  try {
    const weights = join(scratch, 'start.pth');
    saveCheckpoint(weights, start);
    let versions: Record<string, string> = { node: process.version, tensorflow: tensorflowVersion() };
    for (const way of ways) {
      if (!torch) break;
      const script = join(projectRoot(), 'data-scripts', 'commands', 'bench', 'article_peer.py');
      const values = [folders.train, folders.eval, weights, mean, std, way].map((each) =>
        JSON.stringify(each),
      );
      const peer = new Peer(torch, [script, ...values], { ...process.env, GLIBC_TUNABLES: '' });
      peers.push(peer);
      versions = { ...versions, ...((await peer.answer()) as { versions: Record<string, string> }).versions };
    }
    const all = epochs * (precisions.length + peers.length);
    let done = 0;
    const progress = startProgress(all, { label: 'Epochs of both sides' });
    setProgress(silentProgress); // one bar is enough for runs that take turns
    const tell: Tell = (name, { epoch, seconds, valAcc }) => {
      console.log(
        `${name}, epoch ${epoch}: ${seconds.toFixed(1)} s, accuracy ${(100 * valAcc).toFixed(1)} %`,
      );
      progress.update(++done);
    };
    const turns = new Turns();
    const [theirs, ours] = await Promise.all([
      together(
        peers.map((peer, i) => [
          ways[i].name,
          runTheirs(peer, torchNamed(ways[i].name), epochs, turns, tell),
        ]),
      ),
      together(
        precisions.map((each) => [each, runOurs(start, each, epochs, train, evaluation, turns, tell)]),
      ),
    ]);
    progress.done();
    const record = {
      command: 'npm run bench -- article --torch PYTHON --pictures DIR',
      ...dateAndMachine(),
      versions,
      loadBefore,
      job: `resnet34 from random weights, ${epochs} epochs, batches of ${BATCH}, Adam ${LR}`,
      images: { kind: folders.kind, train: train.length, eval: evaluation.length },
      ours,
      ...(torch && { torch: theirs }), // "article" is its own way; by precision: in channels_last
    };
    print(record);
    console.log(`Written: ${writeRecord('bench-article', record, path)}`);
  } finally {
    for (const peer of peers) peer.end();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function startingWeights(classes: number): StateDict {
  manualSeed(SEED);
  const model = resnet34({ numClasses: classes });
  const weights = model.stateDict();
  model.dispose();
  return weights;
}

async function runOurs(
  start: StateDict,
  precision: Precision,
  epochs: number,
  train: ImageFolder,
  evaluation: ImageFolder,
  turns: Turns,
  tell: Tell,
): Promise<JobRun> {
  const model = resnet34({ numClasses: train.classes.length });
  model.loadStateDict(start);
  const optimizer = new Adam(model.parameters(), { lr: LR });
  const loaders = [
    new DataLoader(train, { batchSize: BATCH, shuffle: true, seed: SEED }),
    new DataLoader(evaluation, { batchSize: BATCH }),
  ];
  let end = await turns.take();
  const onEpoch = async (history: readonly EpochRecord[]): Promise<void> => {
    end();
    tell(`ours, ${precision}`, history[history.length - 1]);
    end = await turns.take();
  };
  const options = { precision, onEpoch, log: false };
  const lossFunc = new CrossEntropyLoss();
  try {
    const result = await trainAndEval(model, epochs, lossFunc, optimizer, loaders[0], loaders[1], options);
    if (result.interrupted) throw new Trouble('Stopped: there is no record of half a job.');
    return summary(result.history);
  } finally {
    end();
    optimizer.dispose();
    model.dispose();
  }
}

async function runTheirs(
  peer: Peer,
  name: string,
  epochs: number,
  turns: Turns,
  tell: Tell,
): Promise<JobRun> {
  const history: PeerEpoch[] = [];
  while (history.length < epochs) {
    const end = await turns.take();
    const record = (await peer.ask()) as PeerEpoch;
    end();
    history.push(record);
    tell(name, record);
  }
  return summary(history);
}

function summary(history: readonly (EpochRecord | PeerEpoch)[]): JobRun {
  return {
    seconds: history.reduce((sum, { seconds }) => sum + seconds, 0),
    bestAccuracy: Math.max(...history.map(({ valAcc }) => valAcc)),
    history,
  };
}

/** Waits for runs that take turns. */
async function together(runs: [name: string, run: Promise<JobRun>][]): Promise<Record<string, JobRun>> {
  return Object.fromEntries(await Promise.all(runs.map(async ([name, run]) => [name, await run] as const)));
}

const torchNamed = (name: string): string =>
  name === 'article' ? "torch, the article's way" : `torch, ${name}`;

/** Prints what each took. A ratio stands only between runs in the same precision and memory order. */
function print({ ours, torch }: { ours: Record<string, JobRun>; torch?: Record<string, JobRun> }): void {
  const line = (name: string, { seconds, bestAccuracy }: JobRun): string =>
    `${name.padEnd(26)}${seconds.toFixed(0).padStart(6)} s, best accuracy ${(100 * bestAccuracy).toFixed(1)} %`;
  for (const [name, run] of Object.entries(torch ?? {})) console.log(line(torchNamed(name), run));
  for (const [precision, run] of Object.entries(ours)) {
    const like = torch?.[precision];
    const share = like ? `, ${(run.seconds / like.seconds).toFixed(2)} of torch's time in ${precision}` : '';
    console.log(line(`ours, ${precision}`, run) + share);
  }
}
