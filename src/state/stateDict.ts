/** The element types that a checkpoint can hold, by torch's names. */
export type DType =
  'float64' | 'float32' | 'float16' | 'bfloat16' | 'int64' | 'int32' | 'int16' | 'int8' | 'uint8' | 'bool';

/** The array that holds each type; half precisions are kept as their raw 16 bits. */
export interface DTypeArrays {
  float64: Float64Array;
  float32: Float32Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  int64: BigInt64Array;
  int32: Int32Array;
  int16: Int16Array;
  int8: Int8Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}

/** One entry of a state dict: plain numbers on the host, row-major, in **torch's** layout (filters are OIHW). */
export interface StateTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: DTypeArrays[DType];
}

/**
 * What `stateDict()` returns and `loadStateDict()` takes: torch's names ("layer1.0.conv1.weight") in torch's order.
 * It holds no tensors of TensorFlow, so it need not be disposed of.
 */
export type StateDict = Map<string, StateTensor>;
