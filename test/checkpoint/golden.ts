import fs from 'node:fs';
import path from 'node:path';
import os from 'node:os';
import type { StateDict, StateTensor } from '../../src/state/stateDict';

/** The project's root: this file is compiled to .build/test/checkpoint. */
const root = path.resolve(__dirname, '..', '..', '..');

/** The path of a golden file of test/golden/checkpoint.py. */
export function golden(name: string): string {
  return path.join(root, 'test', 'golden', 'checkpoint', name);
}

export function goldenJson(name: string): unknown {
  return JSON.parse(fs.readFileSync(golden(name), 'utf8'));
}

/** The folder with the real checkpoints, or undefined where it is not there. */
export function sharedCheckpoints(): string | undefined {
  const folder = path.resolve(root, process.env.RESNET_WORKBOOK_SHARED ?? '../shared', 'data', 'checkpoints');
  return fs.existsSync(folder) ? folder : undefined;
}

/** An empty folder that is removed when the tests end. */
export function temporaryFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'checkpoint-'));
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The tensor of this name, which must be there. */
export function entry(dict: StateDict, name: string): StateTensor {
  const tensor = dict.get(name);
  if (!tensor) throw new Error(`there is no ${name}`);
  return tensor;
}
