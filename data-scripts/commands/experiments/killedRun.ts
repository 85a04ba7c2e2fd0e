import { join } from 'node:path';
import type { Dataset, Sample } from '../../../src/data/dataset';
import { Fingerprint } from '../../../src/fingerprint';
import { DataLoader } from '../../../src/data/loader';
import { Compose, Normalize, RandomCrop, RandomHorizontalFlip, ToTensor } from '../../../src/data/transforms';
import { CifarResNet } from '../../../src/models/cifar';
import { CrossEntropyLoss } from '../../../src/nn/loss';
import { setProgress, silentProgress } from '../../../src/progress';
import { Random, manualSeed } from '../../../src/random';
import { Adam } from '../../../src/training/optim';
import { cosineLR } from '../../../src/training/schedules';
import { trainAndEval } from '../../../src/training/trainAndEval';

/*
 * The run that killAndResume.ts kills: a program of its own, which trains a small network and goes on where an earlier
 * one was killed. It says on standard output which step it has done, and at the end what came out.
 */

const EPOCHS = 5;
const BATCHES = 24; // in an epoch
const BATCH = 8;
/** Steps of the whole run. */
export const STEPS = EPOCHS * BATCHES;
/** Several steps long, so that steps are lost and done again. */
const SAVE_EVERY_SECONDS = 0.1;

/** What a run came to; equal for equal bits. */
export interface Outcome {
  /** Hash of the final weights and statistics. */
  weights: string;
  /** Losses and accuracies of each epoch. */
  history: number[][];
}

/** What the run says, a line each. */
export type Message = { step: number } | { outcome: Outcome };

/** Noise with a brighter side: left is class 0, right class 1. Augmented, so that random numbers count too. */
class Sides implements Dataset {
  readonly classes = ['left', 'right'];
  private readonly transform = new Compose([
    new RandomCrop(16, { padding: 2 }),
    new RandomHorizontalFlip(0.1),
    new ToTensor(),
    new Normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]),
  ]);

  constructor(
    readonly length: number,
    private readonly seed: number,
  ) {}

  fingerprint(): string {
    return new Fingerprint().add([this.length, this.seed, this.transform]).digest();
  }

  get(index: number, random: Random): Sample {
    const noise = new Random(this.seed, index);
    const label = noise.integer(2);
    const data = Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => {
      const right = Math.floor(i / 3) % 16 >= 8;
      return noise.integer(200) + (right === (label === 1) ? 55 : 0);
    });
    const image = this.transform.forward({ data, height: 16, width: 16, channels: 3 }, random);
    return { image: image as Sample['image'], label };
  }
}

async function main(folder: string, seed: number): Promise<void> {
  const say = (message: Message): void => void process.stdout.write(`${JSON.stringify(message)}\n`);
  setProgress(silentProgress);
  manualSeed(seed);
  const model = new CifarResNet(8, { numClasses: 2, widths: [4, 8, 16] });
  const { history } = await trainAndEval(
    model,
    EPOCHS,
    new CrossEntropyLoss({ labelSmoothing: 0.1 }),
    new Adam(model.parameters(), { weightDecay: 1e-4 }),
    new DataLoader(new Sides(BATCHES * BATCH, 1), { batchSize: BATCH, shuffle: true, seed }),
    new DataLoader(new Sides(64, 2), { batchSize: 32 }),
    {
      schedule: cosineLR(1e-2),
      checkpoint: { path: join(folder, 'run.safetensors'), everySeconds: SAVE_EVERY_SECONDS },
      onStep: (step) => say({ step }),
      log: false,
    },
  );
  const print = new Fingerprint();
  for (const [name, { data }] of model.stateDict()) print.add([name, data]);
  say({
    outcome: {
      weights: print.digest(),
      history: history.map((epoch) => [epoch.trainLoss, epoch.trainAcc, epoch.valLoss, epoch.valAcc]),
    },
  });
}

if (require.main === module) {
  main(process.argv[2], Number(process.argv[3])).catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
