import { createHash } from 'node:crypto';
import { bytesOf } from '../../../src/state/dtype';
import { CheckpointError, quote } from '../../../src/state/error';
import { loadCheckpoint } from '../../../src/checkpoint/load';
import { projectRoot } from '../../../src/locations';
import type { StateDict } from '../../../src/state/stateDict';
import { Peer } from '../bench/peer';
import { filesIn, type Outcome, parseFolder, report } from './folder';

const KINDS = ['equal to the bit', 'refused by both', 'only Python', 'only ours', 'differing'] as const;
const [EQUAL, NEITHER, ONLY_PYTHON, ONLY_OURS, DIFFERING] = KINDS;

type Tensors = [name: string, dtype: string, shape: number[], sha256: string][];

/** What torch or safetensors makes of a file: each of its state dicts by its key ("" for the whole file), or why it refuses it. */
type Answer = { error: string } | { dicts: Record<string, Tensors> };

/** `npm run compare -- checkpoints`: returns the exit status. */
export async function compareCheckpoints(args: string[], help: string): Promise<number> {
  const asked = parseFolder(args, help);
  if (!asked) return 0;
  const { folder, python, verbose } = asked;
  const files = filesIn(folder);
  const peer = new Peer(python, [`${projectRoot()}/data-scripts/commands/compare/checkpoints_peer.py`]);
  const { versions } = (await peer.answer()) as { versions: string };
  console.log(`${files.length} files in ${folder}, against ${versions}\n`);
  const outcomes = new Map<string, Outcome>();
  for (const path of files) outcomes.set(path, compare(path, (await peer.ask({ path })) as Answer));
  peer.end();
  console.log(report(folder, KINDS, outcomes, verbose));
  return [...outcomes.values()].some(({ kind }) => kind === DIFFERING) ? 1 : 0;
}

function compare(path: string, answer: Answer): Outcome {
  const unasked = load(path);
  if ('error' in answer) {
    if (unasked instanceof Map) return { kind: ONLY_OURS, reason: `Python: ${answer.error}` };
    return { kind: NEITHER, reason: `${unasked}; Python: ${answer.error}` };
  }
  const keys = Object.keys(answer.dicts);
  if (keys.length === 0) {
    if (unasked instanceof Map) return { kind: DIFFERING, reason: 'Python finds no state dict in it' };
    return { kind: NEITHER, reason: `${unasked}; Python reads it, but finds no state dict in it` };
  }
  let refusal: string | undefined;
  for (const key of keys) {
    const ours = key === '' ? unasked : load(path, key);
    const where = key === '' ? '' : `${key}: `;
    if (!(ours instanceof Map)) {
      refusal ??= where + ours;
      continue;
    }
    const difference = firstDifference(ours, answer.dicts[key]);
    if (difference) return { kind: DIFFERING, reason: where + difference };
  }
  if (refusal) return { kind: ONLY_PYTHON, reason: refusal };
  // Without a key it is one of them, or there are several.
  if (unasked instanceof Map) {
    if (keys.every((key) => firstDifference(unasked, answer.dicts[key])))
      return { kind: DIFFERING, reason: 'without a key, it is none of those that Python finds' };
  } else if (!unasked.includes('several state dicts')) return { kind: ONLY_PYTHON, reason: unasked };
  return { kind: EQUAL };
}

/** The state dict, or in one line why there is none. */
function load(path: string, key?: string): StateDict | string {
  try {
    return loadCheckpoint(path, { key });
  } catch (error) {
    if (error instanceof CheckpointError) return error.message.replace(`cannot read ${path}: `, '');
    throw error; // a mistake in the library, which is not to pass for a refusal
  }
}

function firstDifference(ours: StateDict, theirs: Tensors): string | undefined {
  if (ours.size !== theirs.length) return `${ours.size} tensors here, ${theirs.length} there`;
  for (const [name, dtype, shape, sha256] of theirs) {
    const tensor = ours.get(name);
    if (!tensor) return `${quote(name)} is missing here`;
    const [here, there] = [`${tensor.dtype} [${tensor.shape.join(', ')}]`, `${dtype} [${shape.join(', ')}]`];
    if (here !== there) return `${quote(name)} is ${here} here, ${there} there`;
    if (createHash('sha256').update(bytesOf(tensor)).digest('hex') !== sha256)
      return `${quote(name)} has other numbers`;
  }
  return undefined;
}
