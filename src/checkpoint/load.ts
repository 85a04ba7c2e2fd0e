import type { StateDict } from '../nn/stateDict';
import { CheckpointError, quote, withPath } from './error';
import { InputFile } from './file';
import { Opaque, TensorRef } from './globals';
import { materialize } from './materialize';
import { isSafetensors, readSafetensors } from './safetensors';
import type { TorchArchive } from './torchArchive';
import { isPickle, openTorchLegacy } from './torchLegacy';
import { openTorchZip } from './torchZip';
import { isZip } from './zip';

/**
 * Reads a state dict from a file of torch.save (`.pth`, `.pt`, `.th`; the zip and the format from before
 * torch 1.6) or from safetensors. What it is, its content says, not its name. As in training scripts' checkpoints, the
 * state dict may be wrapped in `{'state_dict': ...}` or `{'model': ...}`, and all of its keys may start with "module."
 * (from DataParallel), which is left out.
 *
 * Nothing in the file is executed, and no array is larger than the file. The tensors are on the host, in torch's
 * layout and order, contiguous; tensors that share a storage in torch share their data here.
 * @param path - the file's path.
 * @throws CheckpointError where the file is missing, damaged, of another kind or asks for more than
 *   a state dict does.
 */
export function loadCheckpoint(path: string): StateDict {
  return withPath(path, 'read', () => InputFile.with(path, (input) => stripModule(readStateDict(input))));
}

function readStateDict(input: InputFile): StateDict {
  if (isZip(input)) return select(openTorchZip(input), input.size);
  if (isPickle(input)) return select(openTorchLegacy(input), input.size);
  if (isSafetensors(input)) return readSafetensors(input);
  const start = input.buffer(0, Math.min(input.size, 12)).toString('latin1');
  throw new CheckpointError(
    `expected a .pth of torch.save or safetensors, found ${input.size} bytes that start with ${quote(start)}` +
      `${hint(start)}; download or save it again`,
  );
}

/** What often comes in the place of a checkpoint. */
function hint(start: string): string {
  if (start.startsWith('version http'))
    return " (Git LFS's placeholder: fetch the real file with git lfs pull)";
  return /^\s*</.test(start) ? ' (a web page)' : '';
}

function select(archive: TorchArchive, limit: number): StateDict {
  return materialize(findTensors(archive.root), archive, limit);
}

/** The state dict in what was saved. */
function findTensors(root: unknown): ReadonlyMap<string, TensorRef> {
  const wrapper =
    root instanceof Map ? ['state_dict', 'model'].find((key) => root.get(key) instanceof Map) : undefined;
  const dict: unknown = wrapper === undefined ? root : (root as Map<unknown, unknown>).get(wrapper);
  if (!(dict instanceof Map)) {
    throw new CheckpointError(`expected a state dict, found ${describe(dict)}; save model.state_dict()`);
  }
  for (const [name, value] of dict as Map<unknown, unknown>) {
    if (typeof name !== 'string' || !(value instanceof TensorRef)) {
      const shown = typeof name === 'string' ? quote(name) : describe(name);
      throw new CheckpointError(
        `expected names with tensors, found ${shown} with ${describe(value)}; save model.state_dict()`,
      );
    }
  }
  return dict as ReadonlyMap<string, TensorRef>;
}

function describe(value: unknown): string {
  if (value === null) return 'None';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Map) return 'a dict';
  if (value instanceof TensorRef) return 'a tensor';
  if (value instanceof Opaque) return `a ${value.name}`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function stripModule(dict: StateDict): StateDict {
  const prefix = 'module.';
  const keys = [...dict.keys()];
  if (!keys.every((key) => key.startsWith(prefix))) return dict;
  return new Map([...dict].map(([key, tensor]) => [key.slice(prefix.length), tensor]));
}
