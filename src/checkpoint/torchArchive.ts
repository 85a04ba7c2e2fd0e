import { elementSize, isSize } from '../state/dtype';
import { quote, refuse } from '../state/error';
import { PickleGlobal, Storage } from './globals';

/** What both of torch's formats come down to: a pickle, and the arrays that its tensors are views of. */
export interface TorchArchive {
  /** What was saved: usually a Map; its tensors are TensorRefs. */
  readonly root: unknown;
  /** The bytes of a whole stored array (of `storage.numel` elements). */
  readStorage(storage: Storage): ArrayBuffer;
}

/**
 * The storages of one archive, made from the references in its pickle:
 * ('storage', class, key, device, number of elements), in the old format with a sixth, a view's (key, start, length).
 */
export class StorageTable {
  private readonly storages = new Map<string, Storage>();

  readonly load = (id: unknown): Storage => {
    const [kind, type, key, , count, view] = Array.isArray(id) ? (id as unknown[]) : [];
    if (kind === 'module')
      refuse('it holds a whole model, expected its weights alone; look for a state dict, or safetensors');
    const dtype = type instanceof PickleGlobal ? type.dtype : undefined;
    if (kind !== 'storage' || !dtype || typeof key !== 'string' || !isSize(count))
      refuse('its pickle has a reference that is not to a storage of torch; save it again');
    const known = this.storages.get(key);
    if (known && (known.dtype !== dtype || known.numel !== count))
      refuse(
        `its pickle describes storage ${quote(key)} twice, as ${known.numel} ${known.dtype} and ${count} ${dtype}; download or save it again`,
      );
    const storage = known ?? new Storage(key, dtype, count, 0, count);
    this.storages.set(key, storage);
    return view === undefined || view === null ? storage : viewOf(storage, view);
  };

  get(key: string): Storage | undefined {
    return this.storages.get(key);
  }

  get size(): number {
    return this.storages.size;
  }
}

function viewOf({ key, dtype, numel }: Storage, view: unknown): Storage {
  const [, start, length] = Array.isArray(view) ? (view as unknown[]) : [];
  if (!isSize(start) || !isSize(length) || start + length > numel)
    refuse(`its pickle has a view past the end of storage ${quote(key)}; save it again`);
  return new Storage(key, dtype, numel, start, length);
}

/** The bytes of a storage, given what place the file has for it; a size in the pickle is never believed alone. */
export function storageBytes({ key, dtype, numel }: Storage, found: number): number {
  const expected = numel * elementSize(dtype);
  if (expected !== found)
    refuse(
      `its pickle says that storage ${quote(key)} has ${numel} ${dtype} (${expected} bytes), the file has ${found} bytes; download or save it again`,
    );
  return expected;
}
