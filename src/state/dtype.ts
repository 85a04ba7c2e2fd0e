import type { DType, DTypeArrays, StateTensor } from './stateDict';
import { quote, refuse } from './error';

type ArrayClass<D extends DType> = {
  new (buffer: ArrayBuffer, byteOffset?: number, length?: number): DTypeArrays[D];
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
};

interface DTypeInfo<D extends DType> {
  readonly array: ArrayClass<D>;
  /** The class of torch's storages of this type, as pickles name it. */
  readonly storage: string;
  /** The name in safetensors. */
  readonly safetensors: string;
}

/** Each type's array, its storage in torch, and its name in safetensors. */
export const DTYPES: { readonly [D in DType]: DTypeInfo<D> } = {
  float64: { array: Float64Array, storage: 'DoubleStorage', safetensors: 'F64' },
  float32: { array: Float32Array, storage: 'FloatStorage', safetensors: 'F32' },
  float16: { array: Uint16Array, storage: 'HalfStorage', safetensors: 'F16' },
  bfloat16: { array: Uint16Array, storage: 'BFloat16Storage', safetensors: 'BF16' },
  int64: { array: BigInt64Array, storage: 'LongStorage', safetensors: 'I64' },
  int32: { array: Int32Array, storage: 'IntStorage', safetensors: 'I32' },
  int16: { array: Int16Array, storage: 'ShortStorage', safetensors: 'I16' },
  int8: { array: Int8Array, storage: 'CharStorage', safetensors: 'I8' },
  uint8: { array: Uint8Array, storage: 'ByteStorage', safetensors: 'U8' },
  bool: { array: Uint8Array, storage: 'BoolStorage', safetensors: 'BOOL' },
};

export function elementSize(dtype: DType): number {
  return DTYPES[dtype].array.BYTES_PER_ELEMENT;
}

export function isFloating(dtype: DType): boolean {
  return dtype.includes('float');
}

/** Whether it is a size or an offset: an integer, not negative. */
export function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Whether it is a tensor's shape or its strides; torch has at most 64 dimensions. */
export function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= 64 && value.every(isSize);
}

/** The bytes of a tensor's elements, without a copy. */
export function bytesOf(tensor: StateTensor): Uint8Array {
  return new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
}

/** The number of elements of a shape: the product of its sizes, 1 for a scalar's []. */
export function numel(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Complains about a tensor whose array is not of its dtype and shape; `name` is its key. */
export function checkTensor(name: string, { dtype, shape, data }: StateTensor): void {
  if (!Object.hasOwn(DTYPES, dtype))
    refuse(
      `${quote(name)} has ${quote(`dtype ${dtype}`)}; expected one of ${Object.keys(DTYPES).join(', ')}`,
    );
  if (!(data instanceof DTYPES[dtype].array))
    refuse(
      `${quote(name)} is ${dtype}, expected its data in a ${DTYPES[dtype].array.name}, found ${Object.prototype.toString.call(data).slice(8, -1)}`,
    );
  if (!isSizes(shape) || numel(shape) !== data.length)
    refuse(`${quote(name)} has shape [${shape.join(', ')}], which does not fit its ${data.length} elements`);
}
