import type { StateDict, StateTensor } from '../state/stateDict';
import { bytesOf, DTYPES, elementSize, isFloating, numel } from '../state/dtype';
import { quote, refuse } from '../state/error';
import { allocate } from './file';
import type { Storage, TensorRef } from './globals';
import type { TorchArchive } from './torchArchive';

/**
 * Reads the elements of the tensors that a state dict refers to. Each storage is read once, into the array
 * that its contiguous tensors are views of (they share it, as in torch); transposed, sliced, expanded and
 * negated tensors become contiguous copies.
 * @param limit - bytes that the copies may take together. The file's size, so that a lying shape
 *   (a stride of 0 needs one element for any size) gets no memory.
 */
export function materialize(
  tensors: ReadonlyMap<string, TensorRef>,
  archive: TorchArchive,
  limit: number,
): StateDict {
  const buffers = new Map<string, ArrayBuffer>();
  let budget = limit;
  const bufferOf = (storage: Storage) => {
    const buffer = buffers.get(storage.key) ?? archive.readStorage(storage);
    buffers.set(storage.key, buffer);
    return buffer;
  };
  const dict: StateDict = new Map();
  for (const [name, tensor] of tensors) {
    checkBounds(name, tensor);
    const { storage, offset, shape } = tensor;
    const { dtype } = storage;
    const count = numel(shape);
    if (isContiguous(tensor) && !tensor.negated) {
      const start = count === 0 ? 0 : (storage.start + offset) * elementSize(dtype);
      dict.set(name, { dtype, shape, data: new DTYPES[dtype].array(bufferOf(storage), start, count) });
      continue;
    }
    budget -= count * elementSize(dtype);
    if (!(budget >= 0))
      refuse(
        `tensor ${quote(name)} of ${count} elements, with those before it, is larger than the whole file; look for a file that holds all of its elements`,
      );
    const copy = copyStrided(tensor, bufferOf(storage));
    if (tensor.negated) negate(name, copy);
    dict.set(name, copy);
  }
  return dict;
}

/** The last element that the shape reaches must be in the storage. */
function checkBounds(name: string, { storage, offset, shape, stride }: TensorRef): void {
  if (shape.includes(0)) return;
  const last = shape.reduce((index, size, axis) => index + (size - 1) * stride[axis], offset);
  if (!(last < storage.length))
    refuse(
      `tensor ${quote(name)} reaches element ${last} of a storage of ${storage.length}; download or save it again`,
    );
}

/** Whether the elements lie one after the other in row-major order (axes of size 1 may have any stride). */
function isContiguous({ shape, stride }: TensorRef): boolean {
  if (shape.includes(0)) return true;
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] === 1) continue;
    if (stride[axis] !== expected) return false;
    expected *= shape[axis];
  }
  return true;
}

/** Integers of the element's size: copying floats could change a NaN's bits. */
const INTEGER_ARRAYS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array } as const;

function copyStrided({ storage, offset, shape, stride }: TensorRef, buffer: ArrayBuffer): StateTensor {
  const { dtype } = storage;
  const Integers = INTEGER_ARRAYS[elementSize(dtype) as keyof typeof INTEGER_ARRAYS];
  const count = numel(shape);
  const source = new Integers(buffer);
  const target = new Integers(allocate(count * elementSize(dtype)));
  // An odometer: the last axis turns fastest.
  const index = shape.map(() => 0);
  let from = storage.start + offset;
  for (let to = 0; to < count; to++) {
    target[to] = source[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += stride[axis];
      if (++index[axis] < shape[axis]) break;
      from -= stride[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return { dtype, shape, data: new DTYPES[dtype].array(target.buffer) };
}

/** Changes the sign of all elements; integers wrap around, and 0 becomes -0, as in torch. */
function negate(name: string, tensor: StateTensor): void {
  const { dtype, data } = tensor;
  if (dtype === 'bool') refuse(`tensor ${quote(name)} is a negated bool; look for another file`);
  if (isFloating(dtype)) {
    const bytes = bytesOf(tensor);
    const size = elementSize(dtype);
    for (let last = size - 1; last < bytes.length; last += size) bytes[last] ^= 0x80; // the sign is the highest bit
  } else if (data instanceof BigInt64Array) {
    for (let i = 0; i < data.length; i++) data[i] = -data[i];
  } else {
    for (let i = 0; i < data.length; i++) data[i] = -data[i];
  }
}
