/** Writes the golden files that `test/golden/checkpoint.py check` reads back with torch. Run from the project's root. */
import fs from 'node:fs';
import { loadCheckpoint } from '../../src/checkpoint/load';
import { saveSafetensors } from '../../src/checkpoint/safetensors';
import { saveCheckpoint } from '../../src/checkpoint/save';
import { golden } from './golden';

export const FLOAT16_OPTIONS = { dtype: 'float16', metadata: { note: 'as float16' } } as const;

/** The files, by name, each with what writes it. */
export const WRITTEN: Readonly<Record<string, (path: string) => void>> = {
  'written-here.pth': (path) => saveCheckpoint(path, loadCheckpoint(golden('dtypes.pth'))),
  'written-here-views.pth': (path) => saveCheckpoint(path, loadCheckpoint(golden('views.pth'))),
  'written-here.safetensors': (path) => saveSafetensors(path, loadCheckpoint(golden('dtypes.pth'))),
  'written-here-float16.safetensors': (path) =>
    saveSafetensors(path, loadCheckpoint(golden('dtypes.pth')), FLOAT16_OPTIONS),
};

if (require.main === module) {
  for (const [name, write] of Object.entries(WRITTEN)) {
    write(golden(name));
    console.log(`${golden(name)}: ${fs.statSync(golden(name)).size} bytes`);
  }
}
