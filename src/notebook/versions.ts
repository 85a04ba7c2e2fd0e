import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-node';
import { projectRoot } from '../locations';
import { tensorflowVersion } from '../ops/execute';
import { showTable } from './table';

/** What this run ran on, by name. */
export function versions(): Record<string, string> {
  const manifest = readFileSync(join(projectRoot(), 'package.json'), 'utf8');
  return {
    'resnet-workbook': (JSON.parse(manifest) as { version: string }).version,
    'Node.js': process.versions.node,
    '@tensorflow/tfjs-node': tf.version['tfjs-node'],
    TensorFlow: tensorflowVersion(),
    processor: cpus()[0]?.model.trim() || process.arch,
    threads: String(availableParallelism()),
    memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    date: new Date().toISOString().slice(0, 10),
  };
}

/** Opens a notebook: what it runs on. @param more - further lines: `{ seed: 0, data: 'drawings' }`. */
export function showVersions(more: Readonly<Record<string, string | number>> = {}): void {
  const rows = Object.entries({ ...versions(), ...more }).map(([what, value]) => ({
    what,
    value: String(value),
  }));
  showTable(rows, { columns: { what: 'This run', value: '' } });
}
