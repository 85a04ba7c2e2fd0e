import { quote, refuse } from '../state/error';
import { InputFile, MAX_HEADER_BYTES } from './file';
import { StorageTable, storageBytes, type TorchArchive } from './torchArchive';
import { unpickle } from './unpickler';
import { openZip } from './zip';

/**
 * Opens what torch.save writes since 1.6: a zip with FOLDER/data.pkl, and each storage in FOLDER/data/KEY.
 * (torch/serialization.py, caffe2/serialize/inline_container.cc)
 */
export function openTorchZip(input: InputFile): TorchArchive {
  const zip = openZip(input);
  const pickles = [...zip].filter(([name]) => /^[^/]*\/data\.pkl$/.test(name));
  if (pickles.length !== 1)
    refuse(
      `it is a zip with ${pickles.length} entries FOLDER/data.pkl, expected the one that torch.save writes; pass a file made by torch.save`,
    );
  const [[name, pickle]] = pickles;
  const folder = name.slice(0, -'data.pkl'.length);
  // Written since torch 2.1; files from before are little-endian but for a few from mainframes.
  const byteOrder = zip.get(`${folder}byteorder`);
  const order = byteOrder && (byteOrder.size > 16 ? '?' : Buffer.from(byteOrder.read()).toString('latin1'));
  if (order !== undefined && order !== 'little')
    refuse(
      `its byte order is ${quote(order)}, expected "little"; save it on a little-endian machine (x86, ARM)`,
    );
  if (pickle.size > MAX_HEADER_BYTES)
    refuse(`its data.pkl is larger than ${MAX_HEADER_BYTES} bytes; look for a file with the weights alone`);
  const storages = new StorageTable();
  const { value: root } = unpickle(Buffer.from(pickle.read()), 0, storages.load);
  return {
    root,
    readStorage(storage) {
      const stored = `${folder}data/${storage.key}`;
      const entry = zip.get(stored);
      if (!entry)
        refuse(`not a valid zip of torch.save: it has no entry ${quote(stored)}; download or save it again`);
      storageBytes(storage, entry.size);
      return entry.read();
    },
  };
}
