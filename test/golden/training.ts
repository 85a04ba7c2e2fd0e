import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/locations';

interface Golden {
  'one cycle': {
    options: { pctStart: number; divFactor: number; finalDivFactor: number };
    rates: number[];
  }[];
  'multi step': { milestones: number[]; gamma: number; rates: number[] }[];
  cosine: { minLr: number; rates: number[] }[];
  /** Of each parameter a letter a step: used, left out by the loss, or frozen. */
  optimizers: { method: string; lr: number; plan: string[]; values: number[][] }[];
}

/** What torch gave: see test/golden/training.py. */
export const golden = JSON.parse(
  readFileSync(join(projectRoot(), 'test/golden/training.json'), 'utf8'),
) as Golden;
