import { toFloat32 } from '../checkpoint/convert';
import type { Parameter, StateBuffer } from './parameter';
import type { StateDict } from './stateDict';

export interface LoadOptions {
  /** Demand that the names agree exactly; default true. With false, what has no counterpart is left alone and reported. */
  strict?: boolean;
}

/** Names without a counterpart; both empty after a strict load. */
export interface LoadResult {
  /** In the module, not in the state dict. */
  missingKeys: string[];
  /** In the state dict, not in the module. */
  unexpectedKeys: string[];
}

function list(title: string, names: string[]): string[] {
  return names.length === 0 ? [] : [`  ${title} (${names.length}): ${names.join(', ')}`];
}

/**
 * {@link Module.loadStateDict}: looks at every key and shape first, and changes nothing unless all is well.
 *
 * @param tolerated - names that may be missing or in excess without a word.
 */
export function loadStateDict(
  tensors: [string, Parameter | StateBuffer][],
  dict: StateDict,
  { strict = true }: LoadOptions,
  tolerated: ReadonlySet<string> = new Set(),
): LoadResult {
  const names = new Set(tensors.map(([name]) => name));
  const found = tensors.flatMap(([name, tensor]) => {
    const state = dict.get(name);
    return state ? [{ name, tensor, state }] : [];
  });
  const missingKeys = [...names].filter((name) => !dict.has(name) && !tolerated.has(name));
  const unexpectedKeys = [...dict.keys()].filter((name) => !names.has(name) && !tolerated.has(name));
  const wrongShapes = found.flatMap(({ name, tensor, state }) => {
    const [expected, came] = [tensor.torchShape.join(', '), state.shape.join(', ')];
    return expected === came ? [] : [`${name} expects [${expected}], the state dict has [${came}]`];
  });
  const problems = [
    ...(strict ? list('missing', missingKeys) : []),
    ...(strict ? list('unexpected', unexpectedKeys) : []),
    ...list('wrong shape', wrongShapes),
  ];
  if (problems.length > 0) {
    throw new Error(`The state dict does not fit the module; nothing was loaded.\n${problems.join('\n')}`);
  }
  found.forEach(({ tensor, state }) => tensor.fromTorch(toFloat32(state)));
  return { missingKeys, unexpectedKeys };
}
