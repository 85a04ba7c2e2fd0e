import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { compileFunction } from 'node:vm';
import ts from 'typescript';
import { withInterrupt } from '../../../src/interrupt';
import { projectRoot } from '../../../src/locations';
import type { CifarResNet } from '../../../src/models/cifar';
import { tensorflowVersion } from '../../../src/ops/execute';
import { reported, startProgress } from '../../../src/progress';
import { dateAndMachine, writeRecord } from '../records';

/** How one network of section 1.4 came out with one seed and one learning rate. */
interface ShapesRun {
  seed: number;
  lr: number;
  /** "plain-44" */
  network: string;
  /** Of training, the mean of the last ten steps. */
  loss: number;
}

/** What the chapter's cells define. */
interface Chapter {
  DEPTHS: number[];
  KINDS: readonly string[];
  STEPS: number;
  makeNet(depth: number, kind: string): CifarResNet;
  train(net: CifarResNet, signal: AbortSignal): AsyncGenerator<{ loss: number }>;
  allPictures: { dispose(): void };
}

/** The cells of chapter 1 that section 1.4 trains with. */
const CELLS = ['imports', 'outline', 'draw', 'dataset', 'make-networks', 'train-function'];
const LAST = 10; // steps

/** Runs the chapter's own cells, so that nothing is written twice, with another seed and rate. */
export function chapterWith(seed: number, lr: number): Chapter {
  const folder = join(projectRoot(), 'notebooks');
  const { cells } = JSON.parse(readFileSync(join(folder, '1-degradation.ipynb'), 'utf8')) as {
    cells: { id: string; source: string[] }[];
  };
  let source = CELLS.map((id) => cells.find((cell) => cell.id === id)?.source.join('') ?? '').join('\n');
  for (const [name, value] of Object.entries({ SEED: seed, LR: lr })) {
    const changed = source.replace(new RegExp(`^const ${name} = .*;$`, 'm'), `const ${name} = ${value};`);
    if (!changed.includes(`const ${name} = ${value};`))
      throw new Error(`Chapter 1 has no line "const ${name} = ...;" any more.`);
    source = changed;
  }
  source = source.replace('showVersions();', '');
  source += '\nexport { DEPTHS, KINDS, STEPS, makeNet, train, allPictures };';
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      esModuleInterop: true,
    },
  });
  const chapter = {} as Chapter;
  const run = compileFunction(outputText, ['exports', 'require']) as (...args: unknown[]) => void;
  run(chapter, createRequire(join(folder, 'cells.js')));
  return chapter;
}

/** Trains the networks of section 1.4 with each seed and each learning rate, and writes a record of their losses. */
export async function trainShapes(seeds: readonly number[], rates: readonly number[]): Promise<string> {
  const runs: ShapesRun[] = [];
  let done = 0;
  let steps = 0;
  const bar = startProgress(seeds.length * rates.length, { label: 'Training on shapes', unit: 'draws' });
  const work = async (signal: AbortSignal): Promise<void> => {
    for (const seed of seeds) {
      for (const lr of rates) {
        const { DEPTHS, KINDS, STEPS, makeNet, train, allPictures } = chapterWith(seed, lr);
        steps = STEPS;
        for (const depth of DEPTHS) {
          for (const kind of KINDS) {
            const net = makeNet(depth, kind);
            const losses: number[] = [];
            for await (const { loss } of train(net, signal)) losses.push(loss);
            net.dispose();
            const loss = losses.slice(-LAST).reduce((sum, each) => sum + each / LAST, 0);
            runs.push({ seed, lr, network: `${kind}-${depth}`, loss });
            bar.update(++done / (DEPTHS.length * KINDS.length), { network: `${kind}-${depth}`, loss });
          }
        }
        allPictures.dispose();
      }
    }
  };
  await reported(bar, () => withInterrupt(work));
  return writeRecord('shapes', {
    command: 'npm run experiment -- shapes',
    ...dateAndMachine(),
    versions: { node: process.version, tensorflow: tensorflowVersion() },
    steps,
    runs,
  });
}
