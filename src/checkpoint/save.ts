import { Zip, ZipPassThrough } from 'fflate';
import type { StateDict, StateTensor } from '../state/stateDict';
import { bytesOf, checkTensor } from '../state/dtype';
import { refuse } from '../state/error';
import { type Write, writeAtomically, withPath } from './file';
import { pickleStateDict } from './pickler';

/** torch aligns storages to 64 bytes (its `.storage_alignment`), so that they can be mapped from the file. */
const ALIGNMENT = 64;
/** Its id for the padding that does so. */
const PADDING_FIELD = 0x4246;
/** The format version that torch.save writes. */
const VERSION = '3\n';
/** Without zip64, which fflate does not write. resnet152's checkpoint has 242 MB. */
const MAX_BYTES = 2 ** 32 - 2 ** 26;

/**
 * Writes a state dict as torch.save does, so that `torch.load(path, weights_only=True)` gives an OrderedDict of the
 * same tensors, bit for bit. The file is written whole or not at all: one that was there before stays until the
 * new one is on the disk. The same tensors give the same bytes.
 * @param path - where to, usually ending in `.pth`.
 * @param dict - tensors that share their data array share their storage in the file.
 * @throws CheckpointError where a tensor's data does not fit its dtype and shape, or the file cannot be written.
 */
export function saveCheckpoint(path: string, dict: StateDict): void {
  withPath(path, 'write', () => {
    const storages: Uint8Array[] = [];
    const keys = new Map<StateTensor['data'], string>();
    const keyOf = (tensor: StateTensor) => {
      const key = keys.get(tensor.data) ?? String(storages.length);
      if (!keys.has(tensor.data)) storages.push(bytesOf(tensor));
      keys.set(tensor.data, key);
      return key;
    };
    dict.forEach((tensor, name) => checkTensor(name, tensor));
    const pickle = pickleStateDict(dict, keyOf);
    const total = storages.reduce((sum, { length }) => sum + length, 0);
    if (total > MAX_BYTES || storages.length > 65_000)
      refuse(
        `${storages.length} tensors of ${total} bytes are too many for a .pth (${MAX_BYTES} bytes); use saveSafetensors`,
      );
    writeAtomically(path, (write) => {
      const archive = new ArchiveWriter(write);
      archive.add('data.pkl', pickle);
      archive.add('byteorder', Buffer.from('little'));
      storages.forEach((bytes, key) => archive.add(`data/${key}`, bytes));
      archive.add('version', Buffer.from(VERSION));
      archive.end();
    });
  });
}

/** The zip: everything in one folder, stored as it is, each entry's bytes at a multiple of 64. */
class ArchiveWriter {
  private position = 0;
  private readonly zip: Zip;

  constructor(write: Write) {
    this.zip = new Zip((error, chunk) => {
      if (error) throw error;
      write(chunk);
      this.position += chunk.length;
    });
  }

  add(name: string, bytes: Uint8Array): void {
    const entry = new ZipPassThrough(`archive/${name}`);
    // A local header has 30 bytes, the name, and the extra field's 4 bytes and padding.
    const used = this.position + 30 + entry.filename.length + 4;
    entry.extra = { [PADDING_FIELD]: new Uint8Array((ALIGNMENT - (used % ALIGNMENT)) % ALIGNMENT) };
    entry.mtime = new Date(1980, 0, 1); // zip's earliest: the same weights give the same file at any time
    this.zip.add(entry);
    entry.push(bytes, true);
  }

  end(): void {
    this.zip.end();
  }
}
