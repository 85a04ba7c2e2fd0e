import type { StateDict } from '../state/stateDict';
import { quote, refuse } from '../state/error';
import { InputFile, withPath } from './file';
import { findTensors } from './findTensors';
import { materialize } from './materialize';
import { isSafetensors, readSafetensors } from './safetensors';
import { isPickle, openTorchLegacy } from './torchLegacy';
import { openTorchZip } from './torchZip';
import { isZip } from './zip';

export interface LoadCheckpointOptions {
  /**
   * Which entry of the file holds the state dict, such as "model_state_dict"; "a.b" is the entry b of the entry a. Needed
   * only where several could be meant.
   */
  readonly key?: string;
}

/**
 * Reads a state dict from a file of torch.save (`.pth`, `.pt`, `.th`; the zip and the format from before
 * torch 1.6) or from safetensors. What it is, its content says, not its name. Where training scripts saved more than
 * the state dict (`{'epoch': ..., 'model_state_dict': ...}`), the one entry that is a state dict is opened.
 *
 * Nothing in the file is executed, and no array is larger than the file. The tensors are on the host, in torch's
 * layout and order, contiguous; tensors that share a storage in torch share their data here.
 * @param path - the file's path.
 * @throws CheckpointError where the file is missing, damaged, of another kind or asks for more than
 *   a state dict does, or where several of its entries are state dicts: then it names their keys.
 */
export function loadCheckpoint(path: string, { key }: LoadCheckpointOptions = {}): StateDict {
  return withPath(path, 'read', () => InputFile.with(path, (input) => readStateDict(input, key)));
}

function readStateDict(input: InputFile, key?: string): StateDict {
  if (isSafetensors(input)) {
    if (key !== undefined) refuse('safetensors hold one state dict; leave the key out');
    return readSafetensors(input);
  }
  const open = isZip(input) ? openTorchZip : isPickle(input) ? openTorchLegacy : undefined;
  if (open) {
    const archive = open(input);
    return materialize(findTensors(archive.root, key), archive, input.size);
  }
  const start = input.buffer(0, Math.min(input.size, 12)).toString('latin1');
  refuse(
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
