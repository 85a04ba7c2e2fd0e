import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { saveSafetensors } from '../../src/checkpoint/safetensors';
import { cifar10Folder, projectRoot } from '../../src/locations';
import type { StateDict } from '../../src/state/stateDict';
import type { Life } from './experiments/killAndResume';
import { PAPER, type RunConfiguration, runName } from './experiments/configuration';
import { drawPicture } from './experiments/picture';
import { type RunRecord, recordOf } from './experiments/runRecord';
import { writeRecord } from './records';

const HELP = `npm run experiment -- degradation [options]
npm run experiment -- backbone [options]
npm run experiment -- inside [--cifar10 DIR]
npm run experiment -- picture
npm run experiment -- kill-and-resume [--kills N] [--seed N]

degradation  trains plain-20, plain-56, resnet-20 and resnet-56 on CIFAR-10 and writes a record of each run
             into notebooks/records
backbone     trains a residual net that the workbook ships, or takes one that degradation has trained, and writes its
             weights, in half precision, and its card into src/models/pretrained
inside       measures the trained networks of records that lack it: responses, residual branches, gradients, loss surface
picture      draws the README's picture from the records; a new record does the same
kill-and-resume
             trains a small network that saves itself, kills it at N random moments (default 20), starts it anew each
             time, and compares the result with a run without a break: the same bits, or it fails

The first two can be stopped at any moment and go on where they were. Options:
  --cifar10 DIR        folder of CIFAR-10's binary files (default: where npm run data -- cifar10 puts them)
  --kind KIND          plain or resnet (default: both)
  --depth N[,N]        6n + 2 (default: 20,56; backbone: 20)
  --shortcut OPTION    A, B or C (default: A, the paper's)
  --seed N             default 1
  --epochs N           default 15
  --schedule NAME      one-cycle or steps (default: one-cycle)
  --lr X               peak of one-cycle, first rate of steps (default: 0.2 and 0.1)
  --precision NAME     float32 or bfloat16, where the processor has it (default: float32)
  --subset N           only the first N training images
  --paper              the paper's 64,000 iterations: steps, 164 epochs, lr 0.1
  --restart            forget what a stopped run had saved
  --again              make runs that have a record already once more
`;

const EXPERIMENTS = ['degradation', 'backbone', 'inside', 'picture', 'kill-and-resume'];

const OPTIONS = {
  cifar10: { type: 'string' },
  kind: { type: 'string' },
  depth: { type: 'string' },
  shortcut: { type: 'string', default: 'A' },
  seed: { type: 'string', default: '1' },
  epochs: { type: 'string', default: '15' },
  schedule: { type: 'string', default: 'one-cycle' },
  lr: { type: 'string' },
  subset: { type: 'string', default: '50000' },
  precision: { type: 'string', default: 'float32' },
  paper: { type: 'boolean', default: false },
  restart: { type: 'boolean', default: false },
  again: { type: 'boolean', default: false },
  kills: { type: 'string', default: '20' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (!found) throw new Error(`--${name} must be one of ${allowed.join(', ')}, got ${value}.`);
  return found;
}

function count(name: string, value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`--${name} must be a whole number from 1, got ${value}.`);
  return number;
}

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

function configurations(values: Values, backbone: boolean): RunConfiguration[] {
  const schedule = oneOf('schedule', values.schedule, ['one-cycle', 'steps']);
  const lr = Number(values.lr ?? (schedule === 'one-cycle' ? 0.2 : 0.1));
  if (!(lr > 0)) throw new Error(`--lr must be a positive number, got ${values.lr}.`);
  const kinds = values.kind
    ? [oneOf('kind', values.kind, ['plain', 'resnet'])]
    : backbone
      ? (['resnet'] as const)
      : (['plain', 'resnet'] as const);
  const depths = (values.depth ?? (backbone ? '20' : '20,56')).split(',').map((text) => count('depth', text));
  const shortcut = oneOf('shortcut', values.shortcut, ['A', 'B', 'C']);
  return kinds.flatMap((kind) =>
    depths.map((depth) => ({
      kind,
      depth,
      shortcut: kind === 'plain' ? 'none' : shortcut,
      seed: count('seed', values.seed),
      epochs: count('epochs', values.epochs),
      schedule,
      lr,
      momentum: 0.9,
      weightDecay: 1e-4, // both as in the paper's section 3.4
      batchSize: 128,
      subset: count('subset', values.subset),
      precision: oneOf('precision', values.precision, ['float32', 'bfloat16']),
      ...(values.paper ? PAPER : {}),
    })),
  );
}

/** Writes the weights that the workbook ships, in half precision, and a card that says what they are. */
function shipBackbone(record: RunRecord, weights: StateDict): void {
  const folder = join(projectRoot(), 'src', 'models', 'pretrained');
  mkdirSync(folder, { recursive: true });
  const name = `resnet${record.configuration.depth}_cifar`;
  const last = record.history[record.history.length - 1];
  const card = {
    ...record,
    inside: undefined, // for the record alone
    name,
    description: `A residual network of ${record.configuration.depth} layers for 32x32 pictures (shortcut option A).`,
    data: 'CIFAR-10, all 50,000 training images; tested on its 10,000 test images.',
    preprocessing: "pixels from 0 to 1, normalized by ImageNet's mean and standard deviation",
    classes: 'airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck',
    precision: 'float16 in the file, float32 in use',
    testAccuracyOfTheRun: last.valAcc,
    repeatWith: record.command,
  };
  saveSafetensors(join(folder, `${name}.safetensors`), weights, { dtype: 'float16', metadata: { name } });
  writeRecord(name, card, join(folder, `${name}.json`));
  console.log(
    `${name}: test accuracy ${(100 * last.valAcc).toFixed(2)} %, written into src/models/pretrained.`,
  );
}

async function killedAndResumed(values: Values): Promise<void> {
  const kills = count('kills', values.kills);
  const { killAndResume } = await import('./experiments/killAndResume'); // starts TensorFlow
  const { whole, lives, equal } = await killAndResume(kills, count('seed', values.seed), console.log);
  const again = lives.slice(1).reduce((sum, { from }, i) => sum + lives[i].to - from + 1, 0);
  const hash = (life: Life): string => life.outcome?.weights.slice(0, 16) ?? 'none';
  console.log(`Killed ${lives.length - 1} times; ${again} steps were made again, none was lost.`);
  console.log(
    `Final weights (SHA-256): ${hash(whole)} without a break, ${hash(lives[lives.length - 1])} killed.`,
  );
  if (!equal) throw new Error('The two runs differ: the run was not taken up to the same bits.');
  console.log('Weights and curves are the same to the bit.');
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  const [experiment] = positionals;
  if (values.help || positionals.length !== 1 || !EXPERIMENTS.includes(experiment)) {
    console.log(HELP);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  if (experiment === 'kill-and-resume') return killedAndResumed(values);
  if (experiment === 'picture') return console.log(drawPicture());
  const { completeRecords, restart, runOnCifar } = await import('./experiments/cifarRun'); // starts TensorFlow
  const cifar10 = values.cifar10 ?? cifar10Folder();
  if (experiment === 'inside') {
    const completed = await completeRecords(cifar10);
    return console.log(
      `Measured: ${completed.join(', ') || 'nothing; no record lacks it, or its weights are gone'}.`,
    );
  }
  const backbone = experiment === 'backbone';
  for (const configuration of configurations(values, backbone)) {
    const name = runName(configuration);
    if (!values.again && !backbone && recordOf(configuration)) {
      console.log(`${name}: a record of this run is there (--again makes it once more).`);
      continue;
    }
    if (values.restart || values.again) restart(configuration);
    console.log(`${name}: ${configuration.epochs} epochs of ${configuration.subset} images.`);
    const { kind, depth, shortcut, seed, epochs, schedule, lr, subset, precision } = configuration;
    const option = kind === 'plain' ? '' : ` --shortcut ${shortcut}`;
    const command =
      `npm run experiment -- ${experiment} --kind ${kind} --depth ${depth}${option} --seed ${seed} ` +
      `--epochs ${epochs} --schedule ${schedule} --lr ${lr} --subset ${subset} --precision ${precision}`;
    const result = await runOnCifar(configuration, cifar10, command);
    if (!result) return; // stopped by the reader; the next call goes on
    drawPicture();
    if (backbone) shipBackbone(result.record, result.weights);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
