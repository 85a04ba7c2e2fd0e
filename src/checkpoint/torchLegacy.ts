import { elementSize } from '../state/dtype';
import { quote, refuse } from '../state/error';
import { InputFile, MAX_HEADER_BYTES } from './file';
import { Storage } from './globals';
import { StorageTable, storageBytes, type TorchArchive } from './torchArchive';
import { unpickle } from './unpickler';

/** torch.serialization.MAGIC_NUMBER */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL_VERSION = 1001;

/** Whether the file starts with a pickle of protocol 2 or later. */
export function isPickle(input: InputFile): boolean {
  return input.size >= 2 && input.buffer(0, 1)[0] === 0x80;
}

/**
 * Opens what torch.save wrote before 1.6 (and with `_use_new_zipfile_serialization=False` since): five pickles (magic
 * number, version, the machine's properties, what was saved, the storages' keys), then for each key the number
 * of elements as a 64-bit integer and the elements.
 */
export function openTorchLegacy(input: InputFile): TorchArchive {
  const head = input.buffer(0, Math.min(input.size, MAX_HEADER_BYTES));
  const magic = unpickle(head);
  if (magic.value !== MAGIC)
    refuse(
      'it is a pickle, but does not start with the magic number of torch.save; pass a file made by torch.save',
    );
  const version = unpickle(head, magic.end);
  if (version.value !== PROTOCOL_VERSION)
    refuse(
      `its format is version ${quote(String(version.value))}, expected ${PROTOCOL_VERSION}; save it again with a newer torch`,
    );
  const machine = unpickle(head, version.end);
  if (!(machine.value instanceof Map) || machine.value.get('little_endian') !== true)
    refuse('its byte order is not little-endian; save it on a little-endian machine (x86, ARM)');
  const storages = new StorageTable();
  const root = unpickle(head, machine.end, storages.load);
  const keys = unpickle(head, root.end);
  const places = findStorages(input, keys.value, keys.end, storages);
  return {
    root: root.value,
    readStorage({ key, numel, dtype }) {
      const place = places.get(key);
      if (place === undefined) refuse(`it has no storage ${quote(key)}; save it again`);
      return input.read(place, numel * elementSize(dtype));
    },
  };
}

/** Where the elements of each storage start. */
function findStorages(
  input: InputFile,
  keys: unknown,
  start: number,
  storages: StorageTable,
): Map<string, number> {
  const places = new Map<string, number>();
  let position = start;
  for (const key of Array.isArray(keys) ? (keys as unknown[]) : []) {
    const storage: Storage | undefined = typeof key === 'string' ? storages.get(key) : undefined;
    if (!storage || places.has(storage.key))
      refuse(`it lists storage ${quote(String(key))} twice or without a tensor; download or save it again`);
    const count = input.buffer(position, 8).readBigInt64LE(0);
    const bytes = storageBytes(storage, Number(count) * elementSize(storage.dtype));
    if (position + 8 + bytes > input.size)
      refuse(
        `it ends too early: storage ${quote(storage.key)} needs ${bytes} bytes at ${position + 8}, but the file has ${input.size} bytes; download or save it again`,
      );
    places.set(storage.key, position + 8);
    position += 8 + bytes;
  }
  if (places.size !== storages.size)
    refuse(`it lists ${places.size} storages, its tensors need ${storages.size}; download or save it again`);
  return places;
}
