// What stands in the place of Node's own modules in a page. What the library reads from disk there is in the bundle: the loops
// of Resize. Nothing else of Node is used by what pages run.
import resample from '../../../.build/src/data/resample.wasm';

export function readFileSync(path: string): Uint8Array {
  if (path.endsWith('resample.wasm')) return resample;
  throw new Error(`A page has no file ${path}.`);
}

export const join = (...parts: string[]): string => parts.join('/');

/** Of node:timers/promises: lets waiting messages in. */
export const setImmediate = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** Of node:util. */
export const inspect = { custom: Symbol('inspect') };

export default {};
