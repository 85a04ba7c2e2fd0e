import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/locations';

type Summaries = Record<string, number[]>;

/** A few steps of an optimizer. */
interface Steps {
  losses: number[];
  /** How far parameters went. */
  moves: Summaries;
  buffers: Summaries;
}

/** What torch computed for one model. */
export interface ModelRecord {
  layout: { keys: number; sha256: string };
  evalLogits: number[][];
  trainLogits: number[][];
  loss: number;
  /** Running statistics after one batch. */
  buffers: Summaries;
  gradients: Summaries;
  gradientNorms: number[];
  adam?: Steps;
  sgd?: Steps;
  /** How far torch's single precision is from its double precision, as a part of the largest number. */
  rounding: Record<'logits' | 'training' | 'gradients' | 'losses' | 'moves', number>;
}

/** Reads what models.py or cifar.py wrote. */
export function readGolden(file: string): Record<string, ModelRecord> {
  return JSON.parse(readFileSync(join(projectRoot(), 'test', 'golden', file), 'utf8')) as Record<
    string,
    ModelRecord
  >;
}
