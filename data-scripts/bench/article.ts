import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { saveCheckpoint } from '../../src/checkpoint/save';
import { ImageFolder } from '../../src/data/imageFolder';
import { DataLoader } from '../../src/data/loader';
import { findPictures, projectRoot } from '../../src/data/locations';
import { evalTransform, trainTransform } from '../../src/data/presets';
import { datasetStatistics } from '../../src/data/statistics';
import { resnet34 } from '../../src/models/builders';
import { CrossEntropyLoss } from '../../src/nn/loss';
import type { StateDict } from '../../src/nn/stateDict';
import { tensorflowVersion } from '../../src/ops/execute';
import { type Precision, fastestPrecision } from '../../src/ops/precision';
import { manualSeed } from '../../src/random';
import type { EpochRecord } from '../../src/training/history';
import { Adam } from '../../src/training/optimizers';
import { trainAndEval } from '../../src/training/trainAndEval';
import { dateAndMachine, writeRecord } from '../records';
import { Peer } from './peer';

const SEED = 1;
const BATCH = 6; // the article's
const LR = 1e-4;

export interface ArticleBenchOptions {
  torch?: string;
  /** A folder with `train` and `eval`, each with one folder a class. */
  pictures?: string;
  epochs: number;
}

type PeerEpoch = Omit<EpochRecord, 'lr' | 'imagesPerSecond'>;

/** One run of the article's job. */
interface JobRun {
  /** Of all epochs together, training and evaluation. */
  seconds: number;
  bestAccuracy: number;
  history: readonly (EpochRecord | PeerEpoch)[];
}

/**
 * The article's whole job, ours in the machine's fastest precision and in float32, and the article's script run by torch:
 * from the same starting weights, the first of ours and torch's an epoch at a time in turns. Writes a record.
 */
export async function benchArticle({ torch, pictures, epochs }: ArticleBenchOptions): Promise<void> {
  const folders = findPictures(pictures);
  const [mean, std] = await datasetStatistics(new ImageFolder(folders.train));
  const train = new ImageFolder(folders.train, { transform: trainTransform({ mean, std }) });
  const evaluation = new ImageFolder(folders.eval, { transform: evalTransform({ mean, std }) });
  const scratch = mkdtempSync(join(tmpdir(), 'bench-article-'));
  const start = startingWeights(train.classes.length);
  const [loadBefore] = loadavg();
  let peer: Peer | undefined;
  try {
    const weights = join(scratch, 'start.pth');
    saveCheckpoint(weights, start);
    let versions: Record<string, string> = { node: process.version, tensorflow: tensorflowVersion() };
    if (torch) {
      const script = join(projectRoot(), 'data-scripts', 'bench', 'article_peer.py');
      const values = [folders.train, folders.eval, weights, mean, std].map((value) => JSON.stringify(value));
      peer = new Peer(torch, [script, ...values], { ...process.env, GLIBC_TUNABLES: '' });
      versions = { ...versions, ...((await peer.answer()) as { versions: Record<string, string> }).versions };
    }
    const theirs: PeerEpoch[] = [];
    const runs: Partial<Record<Precision, JobRun>> = {};
    const precisions = [...new Set<Precision>([fastestPrecision(), 'float32'])];
    for (const [i, precision] of precisions.entries()) {
      console.log(`Ours in ${precision}${peer && i === 0 ? ', in turns with torch' : ''}:`);
      const inTurns = async (): Promise<void> => {
        if (peer && i === 0) theirs.push((await peer.ask()) as PeerEpoch);
      };
      runs[precision] = await runOurs(start, precision, epochs, train, evaluation, inTurns);
    }
    const record = {
      command: 'npm run bench -- article --torch PYTHON --pictures DIR',
      ...dateAndMachine(),
      versions,
      loadBefore,
      job: `resnet34 from random weights, ${epochs} epochs, batches of ${BATCH}, Adam ${LR}`,
      images: { kind: folders.kind, train: train.length, eval: evaluation.length },
      ours: runs,
      ...(theirs.length > 0 && { torch: summary(theirs) }),
    };
    print(record);
    console.log(`Written: ${writeRecord('bench-article', record)}`);
  } finally {
    peer?.end();
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
  onEpoch: () => Promise<void>,
): Promise<JobRun> {
  const model = resnet34({ numClasses: train.classes.length });
  model.loadStateDict(start);
  const optimizer = new Adam(model.parameters(), { lr: LR });
  const loaders = [
    new DataLoader(train, { batchSize: BATCH, shuffle: true, seed: SEED }),
    new DataLoader(evaluation, { batchSize: BATCH }),
  ];
  const { history } = await trainAndEval(
    model,
    epochs,
    new CrossEntropyLoss(),
    optimizer,
    loaders[0],
    loaders[1],
    { precision, onEpoch },
  );
  optimizer.dispose();
  model.dispose();
  return summary(history);
}

function summary(history: readonly (EpochRecord | PeerEpoch)[]): JobRun {
  return {
    seconds: history.reduce((sum, { seconds }) => sum + seconds, 0),
    bestAccuracy: Math.max(...history.map(({ valAcc }) => valAcc)),
    history,
  };
}

function print({ ours, torch }: { ours: Partial<Record<Precision, JobRun>>; torch?: JobRun }): void {
  const line = (name: string, { seconds, bestAccuracy }: JobRun): string =>
    `${name.padEnd(16)}${seconds.toFixed(0).padStart(6)} s, best accuracy ${(100 * bestAccuracy).toFixed(1)} %`;
  if (torch) console.log(line("torch's script", torch));
  for (const [precision, run] of Object.entries(ours)) {
    const share = torch ? `, ${(run.seconds / torch.seconds).toFixed(2)} of torch's time` : '';
    console.log(line(`ours, ${precision}`, run) + share);
  }
}
