import { CheckpointError, quote } from './error';
import { InputFile, MAX_HEADER_BYTES } from './file';
import { StorageTable, storageBytes, type TorchArchive } from './torchArchive';
import { unpickle } from './unpickler';
import { ZipReader } from './zip';

/**
 * Opens what torch.save writes since 1.6: a zip with FOLDER/data.pkl, and each storage in FOLDER/data/KEY.
 * (torch/serialization.py, caffe2/serialize/inline_container.cc)
 */
export function openTorchZip(input: InputFile): TorchArchive {
  const zip = ZipReader.open(input);
  const pickles = zip.names().filter((name) => /^[^/]*\/data\.pkl$/.test(name));
  if (pickles.length !== 1) {
    throw new CheckpointError(
      `it is a zip with ${pickles.length} entries FOLDER/data.pkl, expected the one that torch.save writes; pass a file made by torch.save`,
    );
  }
  const folder = pickles[0].slice(0, -'data.pkl'.length);
  checkByteOrder(zip, `${folder}byteorder`);
  if (zip.size(pickles[0]) > MAX_HEADER_BYTES) {
    throw new CheckpointError(
      `its data.pkl is larger than ${MAX_HEADER_BYTES} bytes; look for a file with the weights alone`,
    );
  }
  const storages = new StorageTable();
  const { value: root } = unpickle(Buffer.from(zip.read(pickles[0])), { persistentLoad: storages.load });
  return {
    root,
    readStorage(storage) {
      const name = `${folder}data/${storage.key}`;
      storageBytes(storage, zip.size(name));
      return zip.read(name);
    },
  };
}

/** Written since torch 2.1; files from before are little-endian but for a few from mainframes. */
function checkByteOrder(zip: ZipReader, name: string): void {
  if (!zip.has(name)) return;
  const order = zip.size(name) > 16 ? '?' : Buffer.from(zip.read(name)).toString('latin1');
  if (order !== 'little') {
    throw new CheckpointError(
      `its byte order is ${quote(order)}, expected "little"; save it on a little-endian machine (x86, ARM)`,
    );
  }
}
