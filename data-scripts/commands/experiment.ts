import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { saveSafetensors } from '../../src/checkpoint/safetensors';
import { Interrupted } from '../../src/interrupt';
import { cacheRoot, cifar100Folder, cifar10Folder, projectRoot } from '../../src/locations';
import type { CifarResult } from './experiments/cifarRun';
import type { Life } from './experiments/killAndResume';
import {
  TRAINING_OPTIONS,
  argumentsOf,
  configurations,
  count,
  counts,
  oneOf,
  runName,
} from './experiments/configuration';
import { drawPictures } from './experiments/picture';
import { placesOf, recordOf } from './experiments/runRecord';
import { simulateStudy } from './experiments/simulationRecord';
import { sweep } from './experiments/sweep';
import { writeRecord } from './records';

const HELP = `npm run experiment -- degradation [options]
npm run experiment -- sweep [options] [-- Snakemake's options]
npm run experiment -- backbone [options]
npm run experiment -- inside [--cifar10 DIR] [--folder DIR]
npm run experiment -- picture [--folder DIR]
npm run experiment -- simulate
npm run experiment -- shapes
npm run experiment -- which-way [--cifar10 DIR] [--restart]
npm run experiment -- kill-and-resume [--kills N] [--seed N]

degradation  trains plain-20, plain-56, resnet-20 and resnet-56 on CIFAR-10 and writes a record of each run
             into notebooks/records
sweep        makes many runs, two at a time or on a cluster; says first how many there are, how many are done, and how
             long the others take. Goes on where it was, whatever was stopped or killed
backbone     trains a residual net that the workbook ships, or takes one that degradation has trained, and writes its
             weights, in half precision, and its card into src/models/pretrained
inside       measures the trained networks of records that lack it: responses, residual branches, gradients, loss surface
picture      draws the README's pictures from the records, or a sweep's beside its records, and says whether kinds of
             networks differ by more than seeds do; a new record in notebooks/records does the same
simulate     how long a sweep of 1,000 runs takes on 10 to 500 nodes that fail, into notebooks/records
shapes       trains the networks of chapter 1's section 1.4 with three seeds and three learning rates, into notebooks/records
which-way    few or many pictures, like the ones that the network was trained on or unlike them: fine-tuning, new last layers on
             features and training from scratch, three times each, into notebooks/records; goes on where it was stopped
kill-and-resume
             trains a small network that saves itself, kills it at N random moments (default 20), starts it anew each
             time, and compares the result with a run without a break: the same bits, or it fails

The first three can be stopped at any moment and go on where they were. Options:
  --cifar10 DIR        folder of CIFAR-10's binary files (default: where npm run data -- cifar10 puts them)
  --cifar100 DIR       the same of CIFAR-100
  --kind KIND          plain, resnet or preact (default: plain and resnet)
  --depth N[,N]        6n + 2 (default: 20,56; backbone: 20)
  --data NAME          cifar10 or cifar100 (default: cifar10)
  --shortcut OPTION    A, B or C (default: A, the paper's)
  --width N            times the paper's channels (default: 1)
  --seed N             default 1
  --epochs N           default 15
  --schedule NAME      one-cycle or steps (default: one-cycle)
  --lr X               peak of one-cycle, first rate of steps (default: 0.2 and 0.1)
  --batch N            default 128
  --precision NAME     float32 or bfloat16, where the processor has it (default: float32)
  --subset N           only the first N training images, and of the test images no more
  --paper              the paper's 64,000 iterations: steps, 164 epochs, lr 0.1
  --threads N          of TensorFlow, for one run (default: one a core; in a sweep 1)
  --folder DIR         where records and what runs save go, instead of notebooks/records and .cache (sweep: .data/sweep)
  --restart            forget what a stopped run had saved
  --again              make runs that have a record already once more
And of a sweep, in place of --kind, --depth and --seed:
  --kinds KIND[,KIND]  default plain,resnet,preact
  --depths N[,N]       default 20,32,44,56
  --seeds N[-N][,N]    default 1-3
  --jobs N             runs at a time (default: as many as there are cores for; on Slurm 50)
  --on NAME            local or slurm (default: local). The folder, the data and this project must be where all nodes see them
  --dry-run            only say what would be done
  --manifest FILE      write an Indexed Job for Kubernetes instead of running anything (--image, --claim)
  --image NAME         the container that its runs start in, made from data-scripts/commands/experiments/Containerfile
  --claim NAME         the volume claim with the data (default: resnet-workbook)
`;

const EXPERIMENTS = [
  'degradation',
  'sweep',
  'backbone',
  'inside',
  'picture',
  'simulate',
  'shapes',
  'which-way',
  'kill-and-resume',
];

const OPTIONS = {
  ...TRAINING_OPTIONS,
  cifar10: { type: 'string' },
  cifar100: { type: 'string' },
  kind: { type: 'string' },
  depth: { type: 'string' },
  seed: { type: 'string', default: '1' },
  threads: { type: 'string' },
  folder: { type: 'string' },
  restart: { type: 'boolean', default: false },
  again: { type: 'boolean', default: false },
  kinds: { type: 'string', default: 'plain,resnet,preact' },
  depths: { type: 'string', default: '20,32,44,56' },
  seeds: { type: 'string', default: '1-3' },
  jobs: { type: 'string' },
  on: { type: 'string', default: 'local' },
  'dry-run': { type: 'boolean', default: false },
  manifest: { type: 'string' },
  image: { type: 'string' },
  claim: { type: 'string', default: 'resnet-workbook' },
  kills: { type: 'string', default: '20' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

/** npm changes into the project's folder; what the reader typed counts from where they are. */
const whereTyped = (path: string): string => resolve(process.env.INIT_CWD ?? '.', path);

/** Writes the weights that the workbook ships, in half precision, and a card that says what they are. */
function shipBackbone({ record, weights, classes }: CifarResult): void {
  const folder = join(projectRoot(), 'src', 'models', 'pretrained');
  mkdirSync(folder, { recursive: true });
  const { data, depth, width, shortcut } = record.configuration;
  const name = `resnet${depth}${width === 1 ? '' : `x${width}`}_${data === 'cifar10' ? 'cifar' : data}`;
  const title = data === 'cifar10' ? 'CIFAR-10' : 'CIFAR-100';
  const wide = width === 1 ? '' : `, ${width} times the paper's channels`;
  const last = record.history[record.history.length - 1];
  const card = {
    ...record,
    inside: undefined, // for the record alone
    name,
    description: `A residual network of ${depth} layers${wide} for 32x32 pictures (shortcut option ${shortcut}).`,
    data: `${title}, all 50,000 training images; tested on its 10,000 test images.`,
    preprocessing: "pixels from 0 to 1, normalized by ImageNet's mean and standard deviation",
    classes: classes.join(', '),
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

async function trained(values: Values, data: string, backbone: boolean): Promise<void> {
  const kinds = values.kind ? [values.kind] : backbone ? ['resnet'] : ['plain', 'resnet'];
  const depths = counts('depth', values.depth ?? (backbone ? '20' : '20,56'));
  // The pages draw runs on CIFAR-10 alone.
  const apart = values.data === 'cifar10' ? undefined : join(cacheRoot(), values.data);
  const places = placesOf(values.folder ? whereTyped(values.folder) : apart);
  for (const configuration of configurations(values, kinds, depths, [count('seed', values.seed)])) {
    const name = runName(configuration);
    if (!values.again && !backbone && recordOf(configuration, places.records)) {
      console.log(`${name}: a record of this run is there (--again makes it once more).`);
      continue;
    }
    console.log(`${name}: ${configuration.epochs} epochs of ${configuration.subset} images.`);
    const experiment = backbone ? 'backbone' : 'degradation';
    const command = ['npm run experiment --', experiment, ...argumentsOf(configuration)].join(' ');
    const { runOnCifar } = await import('./experiments/cifarRun'); // starts TensorFlow
    const anew = values.restart || values.again;
    const result = await runOnCifar(configuration, data, command, { places, anew });
    if (typeof result === 'string') {
      process.exitCode = result === 'SIGINT' ? 130 : 143; // stopped; the next call goes on
      return;
    }
    if (values.folder === undefined && !apart) drawPictures();
    if (backbone) shipBackbone(result);
  }
}

async function main(): Promise<void> {
  const own = process.argv.slice(2);
  const end = own.indexOf('--');
  const forEngine = end < 0 ? [] : own.splice(end).slice(1);
  const { values, positionals } = parseArgs({ args: own, options: OPTIONS, allowPositionals: true });
  const [experiment] = positionals;
  const known = positionals.length === 1 && EXPERIMENTS.includes(experiment);
  if (values.help || !known || (forEngine.length > 0 && experiment !== 'sweep')) {
    console.log(HELP);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  if (values.threads) process.env.TF_NUM_INTRAOP_THREADS = `${count('threads', values.threads)}`; // before it is loaded
  const cifar10 = values.cifar10 ? whereTyped(values.cifar10) : cifar10Folder();
  if (experiment === 'kill-and-resume') return killedAndResumed(values);
  if (experiment === 'simulate') return console.log(simulateStudy());
  if (experiment === 'shapes') {
    const { trainShapes } = await import('./experiments/shapes'); // starts TensorFlow
    return console.log(`Written: ${await trainShapes([1, 2, 3], [0.0025, 0.005, 0.01])}`);
  }
  if (experiment === 'which-way') {
    const { whichWay } = await import('./experiments/whichWay'); // starts TensorFlow
    return console.log(`Written: ${await whichWay(cifar10, { restart: values.restart })}`);
  }
  if (experiment === 'picture') {
    const { records } = placesOf(values.folder && whereTyped(values.folder));
    return console.log(drawPictures(records).join('\n'));
  }
  if (experiment === 'sweep') {
    if (values.data !== 'cifar10')
      throw new Error('--data: a sweep is of CIFAR-10; degradation takes others.');
    const seeds = counts('seeds', values.seeds);
    const depths = counts('depths', values.depths);
    process.exitCode = await sweep(configurations(values, values.kinds.split(','), depths, seeds), {
      cifar10,
      folder: whereTyped(values.folder ?? join(projectRoot(), '.data', 'sweep')),
      threads: count('threads', values.threads ?? '1'),
      jobs: values.jobs === undefined ? undefined : count('jobs', values.jobs),
      on: oneOf('on', values.on, ['local', 'slurm']),
      dryRun: values['dry-run'],
      forEngine,
      kubernetes: values.manifest
        ? { file: whereTyped(values.manifest), image: values.image, claim: values.claim }
        : undefined,
    });
    return;
  }
  if (experiment === 'inside') {
    const { completeRecords } = await import('./experiments/cifarRun'); // starts TensorFlow
    const completed = await completeRecords(cifar10, placesOf(values.folder && whereTyped(values.folder)));
    return console.log(
      `Measured: ${completed.join(', ') || 'nothing; no record lacks it, or its weights are gone'}.`,
    );
  }
  const cifar100 = values.cifar100 ? whereTyped(values.cifar100) : cifar100Folder();
  return trained(values, values.data === 'cifar100' ? cifar100 : cifar10, experiment === 'backbone');
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = error instanceof Interrupted ? 130 : 1;
});
