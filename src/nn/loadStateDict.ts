import { convert, toFloat32 } from '../state/convert';
import { checkTensor } from '../state/dtype';
import { CheckpointError } from '../state/error';
import { type Parameter, StateBuffer } from './parameter';
import type { StateDict } from '../state/stateDict';

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

/** torch's DataParallel puts this before every name of the network that it runs. */
const PARALLEL = 'module.';

/** Takes "module." off all names, unless the network has one of them as it is. */
function withoutParallel(dict: StateDict, names: ReadonlySet<string>): StateDict {
  const keys = [...dict.keys()];
  if (keys.some((key) => names.has(key) || !key.startsWith(PARALLEL))) return dict;
  return new Map([...dict].map(([key, tensor]) => [key.slice(PARALLEL.length), tensor]));
}

/**
 * {@link Module.loadStateDict}: checks every key, shape and type first, and changes nothing if one does not fit.
 *
 * @param tolerated - names that may be missing or unexpected; neither is reported.
 */
export function loadStateDict(
  tensors: [string, Parameter | StateBuffer][],
  given: StateDict,
  { strict = true }: LoadOptions,
  tolerated: ReadonlySet<string> = new Set(),
): LoadResult {
  const names = new Set(tensors.map(([name]) => name));
  const dict = withoutParallel(given, names);
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
  const values: Float32Array[] = [];
  const unusable = found.flatMap(({ name, tensor, state }) => {
    try {
      checkTensor(name, state);
      // As torch does, a counter takes a float without its fraction; NaN can be none.
      values.push(toFloat32(tensor instanceof StateBuffer ? convert(state, tensor.dtype) : state));
      return [];
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      return [error.message];
    }
  });
  const problems = [
    ...(strict ? list('missing', missingKeys) : []),
    ...(strict ? list('unexpected', unexpectedKeys) : []),
    ...list('wrong shape', wrongShapes),
    ...list('unusable', unusable),
  ];
  if (problems.length > 0) {
    throw new Error(`The state dict does not fit the module; nothing was loaded.\n${problems.join('\n')}`);
  }
  found.forEach(({ tensor }, i) => tensor.fromTorch(values[i]));
  return { missingKeys, unexpectedKeys };
}
