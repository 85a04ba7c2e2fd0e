import type { Dataset, Sample } from '../../src/data/dataset';
import { Fingerprint } from '../../src/fingerprint';
import { DataLoader } from '../../src/data/loader';
import { CifarResNet } from '../../src/models/cifar';
import { CrossEntropyLoss } from '../../src/nn/loss';
import { Random, manualSeed } from '../../src/random';
import type { Loss } from '../../src/training/evaluate';
import type { EpochRecord } from '../../src/training/history';
import { Adam } from '../../src/training/optim';
import { type TrainOptions, type TrainResult, trainAndEval } from '../../src/training/trainAndEval';

export const lossFunc = new CrossEntropyLoss();

/** Noise whose left or right half is brighter: class 0 or 1. */
export class Halves implements Dataset {
  readonly classes: readonly string[] = ['left', 'right'];

  constructor(
    readonly length: number,
    private readonly seed: number,
  ) {}

  fingerprint(): string {
    return new Fingerprint().add([this.length, this.seed]).digest();
  }

  get(index: number): Sample {
    const random = new Random(this.seed, index);
    const label = index % 2;
    const data = Float32Array.from({ length: 8 * 8 * 3 }, (_, i) => {
      const right = Math.floor(i / 3) % 8 >= 4;
      return random.normal() * 0.5 + (right === (label === 1) ? 1 : 0);
    });
    return { image: { data, height: 8, width: 8, channels: 3 }, label };
  }
}

export class ThreeClasses extends Halves {
  override readonly classes = ['left', 'right', 'neither'];
}

/** Pictures none of which can be read. */
export const unreadable: Dataset = { length: 32, classes: ['left', 'right'], get: () => null };

export const makeNet = (): CifarResNet => {
  manualSeed(1);
  return new CifarResNet(8, { numClasses: 2, widths: [4, 4, 8] });
};

export async function run(
  epochs: number,
  options: TrainOptions = {},
  net = makeNet(),
  train: Dataset = new Halves(64, 1),
  held: Dataset = new Halves(32, 99),
  loss: Loss = lossFunc,
): Promise<TrainResult> {
  const optimizer = new Adam(net.parameters(), { lr: 1e-2 });
  const loaders = [
    new DataLoader(train, { batchSize: 16, shuffle: true, seed: 2 }),
    new DataLoader(held, { batchSize: 16 }),
  ] as const;
  try {
    return await trainAndEval(net, epochs, loss, optimizer, ...loaders, { log: false, ...options });
  } finally {
    optimizer.dispose();
  }
}

/** What repeats exactly; times do not. */
export const numbers = (history: readonly EpochRecord[]): number[][] =>
  history.map(({ trainLoss, trainAcc, valLoss, valAcc }) => [trainLoss, trainAcc, valLoss, valAcc]);
