/*
 * TensorFlow's generator of stateless random numbers, number for number: Philox4x32-10 (Salmon et al., "Parallel random numbers:
 * as easy as 1, 2, 3", 2011), as tensorflow/core/kernels/stateless_random_ops.cc seeds it and tensorflow/core/lib/random shapes
 * its words. For pages, where TensorFlow is not. Sine, cosine and logarithm round otherwise in their last bit.
 */

/** The upper 32 bits of a product of two words. */
function upper(x: number, y: number): number {
  const [lowX, highX] = [x & 0xffff, x >>> 16];
  const [lowY, highY] = [y & 0xffff, y >>> 16];
  const middle = highX * lowY + ((lowX * lowY) >>> 16); // below 2^32
  const carry = lowX * highY + (middle & 0xffff);
  return highX * highY + (middle >>> 16) + (carry >>> 16);
}

/** Ten rounds over a block of four words, in place. Written without arrays: millions of weights are drawn. */
function mix(block: Uint32Array, key0: number, key1: number): void {
  for (let round = 0; round < 10; round++) {
    const [a, b, c, d] = [block[0], block[1], block[2], block[3]];
    block[0] = upper(0xcd9e8d57, c) ^ b ^ key0;
    block[1] = Math.imul(0xcd9e8d57, c);
    block[2] = upper(0xd2511f53, a) ^ d ^ key1;
    block[3] = Math.imul(0xd2511f53, a);
    key0 = (key0 + 0x9e3779b9) | 0;
    key1 = (key1 + 0xbb67ae85) | 0;
  }
}

/** A word's lower 23 bits as a number in [0, 1). */
const fraction = (word: number): number => (word & 0x7fffff) / 2 ** 23;

/** What StatelessRandomUniform and StatelessRandomNormal draw from two seeds below 2^32. */
export function philox(kind: 'Uniform' | 'Normal', count: number, seeds: readonly number[]): Float32Array {
  const key = Uint32Array.of(seeds[0], 0, seeds[1], 0);
  mix(key, 0x3ec8f720, 0x02461e29);
  const words = new Uint32Array(4 * Math.ceil(count / 4));
  const block = new Uint32Array(4);
  for (let i = 0; i < words.length; i += 4) {
    block[0] = i / 4;
    block[1] = 0;
    block[2] = key[2];
    block[3] = key[3];
    mix(block, key[0], key[1]);
    words.set(block, i);
  }
  const result = new Float32Array(words.length);
  for (let i = 0; i < words.length; i += 2) {
    const [first, second] = [fraction(words[i]), fraction(words[i + 1])];
    if (kind === 'Uniform') {
      result[i] = first;
      result[i + 1] = second;
    } else {
      const radius = Math.sqrt(-2 * Math.log(Math.max(first, 1e-7))); // Box-Muller
      result[i] = radius * Math.sin(2 * Math.PI * second);
      result[i + 1] = radius * Math.cos(2 * Math.PI * second);
    }
  }
  return result.subarray(0, count);
}
