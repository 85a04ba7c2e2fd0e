import { refuse } from './error';
import type { StateTensor } from './stateDict';

/*
 * Conversions as torch's `tensor.to(dtype)` makes them: to nearest, ties to even; half precisions by way of float32
 * (c10/util/Half.h, BFloat16.h), so a float64 rounds twice on its way to float16, there as here.
 */

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer); // the same four bytes, seen as an integer

/**
 * float32's bits to float16's. float16 has 1 sign, 5 exponent (bias 15) and 10 fraction bits; float32 has 1, 8 (bias 127)
 * and 23.
 */
function float16FromBits(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65520 and more round to infinity
  if (magnitude >= 0x38800000) {
    // 2^-14 and more is normal in float16: shift the exponent by 127 - 15 = 112, drop 13 fraction bits.
    return sign | roundShift(magnitude - (112 << 23), 13);
  }
  // Below, a multiple of 2^-24: the fraction with its hidden bit, shifted by as much as the exponent is too small.
  const exponent = magnitude >>> 23;
  if (exponent < 102) return sign; // under 2^-25, half of the smallest
  return sign | roundShift((magnitude & 0x7fffff) | 0x800000, 126 - exponent);
}

/** float32's bits to bfloat16's, which are their upper half. */
function bfloat16FromBits(word: number): number {
  if ((word & 0x7fffffff) > 0x7f800000) return 0x7fc0; // NaN
  const sign = (word >>> 16) & 0x8000;
  return sign | roundShift(word & 0x7fffffff, 16);
}

/** value / 2^shift, to the nearest integer, ties to the even one (value < 2^31, 1 <= shift <= 24). */
function roundShift(value: number, shift: number): number {
  const half = 1 << (shift - 1);
  const odd = (value >>> shift) & 1;
  return (value + half - 1 + odd) >>> shift;
}

function float16ToBits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13);
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  float[0] = fraction * 2 ** -24; // zero or subnormal; exact in float32
  return sign | bits[0];
}

/** The nearest float32 to a 64-bit integer. By way of a double it would be rounded twice. */
function float32FromInt64(value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return Math.fround(number);
  // Drop 10 bits, but remember in the last one kept whether any was set; what is left is exact in a double.
  const kept = (value >> 10n) | (value & 1023n ? 1n : 0n);
  return Math.fround(Number(kept)) * 1024;
}

/**
 * A tensor's elements as float32, in the same order. float32 comes back as it is, **without a copy**.
 * @throws never: values too large for float32 become infinite, as in torch.
 */
export function toFloat32(tensor: StateTensor): Float32Array {
  const { dtype, data } = tensor;
  if (data instanceof Float32Array) return data;
  const result = new Float32Array(data.length);
  if (data instanceof BigInt64Array) {
    data.forEach((value, i) => (result[i] = float32FromInt64(value)));
  } else if (dtype === 'float16' || dtype === 'bfloat16') {
    const words = new Uint32Array(result.buffer); // written as bits, so that a NaN keeps its own
    for (let i = 0; i < data.length; i++) {
      words[i] = dtype === 'float16' ? float16ToBits(data[i]) : data[i] << 16;
    }
  } else if (dtype === 'bool') {
    for (let i = 0; i < data.length; i++) result[i] = data[i] ? 1 : 0;
  } else {
    result.set(data);
  }
  return result;
}

/**
 * The tensor with its elements as `dtype`; the tensor itself where it has that type already.
 * @throws CheckpointError where a float that becomes an integer, which drops its fraction, is NaN or outside int64's range
 *   (undefined in torch).
 */
export function convert(
  tensor: StateTensor,
  dtype: 'float32' | 'float16' | 'bfloat16' | 'int64',
): StateTensor {
  if (tensor.dtype === dtype) return tensor;
  const data =
    dtype === 'float32' ? toFloat32(tensor) : dtype === 'int64' ? toInt64(tensor) : toHalf(tensor, dtype);
  return { dtype, shape: tensor.shape, data };
}

function toHalf(tensor: StateTensor, dtype: 'float16' | 'bfloat16'): Uint16Array {
  const source = toFloat32(tensor);
  const words = new Uint32Array(source.buffer, source.byteOffset, source.length);
  const result = new Uint16Array(words.length); // a loop: Uint16Array.from takes ten times as long
  const round = dtype === 'float16' ? float16FromBits : bfloat16FromBits;
  for (let i = 0; i < words.length; i++) result[i] = round(words[i]);
  return result;
}

function toInt64(tensor: StateTensor): BigInt64Array {
  // float64 and int32 hold more than a float32 does; all other types fit into one
  const { data } = tensor;
  const numbers = data instanceof Float64Array || data instanceof Int32Array ? data : toFloat32(tensor);
  const result = new BigInt64Array(numbers.length);
  numbers.forEach((value, i) => {
    if (!(value >= -(2 ** 63) && value < 2 ** 63))
      refuse(`element ${i} is ${value}, which is not in int64's range; clip it first`);
    result[i] = BigInt(Math.trunc(value));
  });
  return result;
}
