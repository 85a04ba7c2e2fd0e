import { isFloating } from '../state/dtype';
import { quote, refuse } from '../state/error';
import { Opaque, TensorRef } from './globals';

type Dict = ReadonlyMap<unknown, unknown>;
type StateRefs = ReadonlyMap<string, TensorRef>;

/** How deep state dicts are looked for: {'checkpoint': {'model': {'state_dict': ...}}} has three levels. */
const MAX_LEVELS = 4;
/** How many keys an error names. */
const MAX_SHOWN = 6;

/**
 * The state dict in what was saved: all of it, or the one entry that is one, as training scripts write it
 * beside an optimizer's state.
 * @param key - which entry, where there are several; "a.b" is b in a.
 */
export function findTensors(root: unknown, key?: string): StateRefs {
  if (root instanceof Map && key === undefined && isStateDict(root)) return root;
  const within = root instanceof Map ? stateDictsIn(root) : [];
  const likely = within.filter(([dict]) => hasWeights(dict));
  const unasked = likely.length > 0 ? likely : within;
  const meant = key === undefined ? unasked : within.filter(([, keys]) => keys.includes(key));
  if (meant.length === 1 || (meant.length > 1 && key !== undefined)) return meant[0][0];
  const shown = list((key === undefined ? meant : within).flatMap(([, keys]) => keys.map(quote)));
  if (key !== undefined) {
    const advice = shown ? `choose from ${shown}` : 'leave the key out';
    refuse(`it has no state dict under the key ${quote(key)}; ${advice}`);
  }
  if (shown) refuse(`it holds several state dicts; choose one by its key, which may be ${shown}`);
  refuse(
    `expected a state dict (names with tensors), found ${describe(root)}; pass a file with a network's weights`,
  );
}

/** The state dicts within `root` that names lead to, from the outside to the inside, with all of their keys. */
function stateDictsIn(root: Dict): [StateRefs, string[]][] {
  const keysOf = new Map<Dict, string[]>();
  let level = [root];
  for (let depth = 0; depth < MAX_LEVELS; depth++) {
    // Each dict once: of dicts that hold each other many times over, a small pickle makes more paths than memory holds.
    const next: Dict[] = [];
    for (const dict of level) {
      if (dict.has('param_groups')) continue; // an optimizer's
      const [prefix] = keysOf.get(dict)?.map((key) => `${key}.`) ?? [''];
      for (const [name, value] of dict) {
        if (typeof name !== 'string' || !(value instanceof Map)) continue;
        const keys = keysOf.get(value) ?? [];
        if (keys.push(prefix + name) > 1) continue;
        keysOf.set(value, keys);
        next.push(value);
      }
    }
    level = next;
  }
  return [...keysOf].filter(
    (entry): entry is [StateRefs, string[]] => entry[0].size > 0 && isStateDict(entry[0]),
  );
}

function isStateDict(dict: Dict): dict is StateRefs {
  return [...dict].every(([name, value]) => typeof name === 'string' && value instanceof TensorRef);
}

/** Whether it is likely to be a network's: of metrics and counters, none is an array of floats. */
function hasWeights(dict: StateRefs): boolean {
  return [...dict.values()].some(({ shape, storage }) => shape.length > 0 && isFloating(storage.dtype));
}

function list(items: readonly string[]): string {
  const shown = items.slice(0, MAX_SHOWN).join(', ');
  return items.length > MAX_SHOWN ? `${shown} and ${items.length - MAX_SHOWN} more` : shown;
}

function describe(root: unknown): string {
  if (root instanceof TensorRef) return 'a tensor';
  if (root instanceof Opaque) return `a ${root.name}`;
  if (!(root instanceof Map))
    return Array.isArray(root) ? 'a list' : root === null ? 'None' : `a ${typeof root}`;
  const names = [...(root as Dict).keys()].map((name) =>
    typeof name === 'string' ? quote(name) : typeof name,
  );
  return `a dict with ${list(names) || 'nothing in it'}`;
}
