/** 32-bit words of a generator's state, enough to go on from exactly where it was. */
export type RandomState = readonly [number, number, number, number];

/**
 * A seeded generator of pseudo-random numbers (sfc32, Chris Doty-Humphrey's Small Fast Counter, from PractRand).
 * Everything random in the workbook draws from one of these, so one seed gives one result on any machine;
 * its state is four integers, so that a training run can be resumed to the same bits.
 */
export class Random {
  private a = 0;
  private b = 0;
  private c = 0;
  private counter = 1;

  /**
   * @param seed - any integer; equal seeds give equal sequences.
   * @param keys - further integers (an epoch, a picture's index): each combination is a stream of its own.
   */
  constructor(seed: number, ...keys: number[]) {
    [seed, ...keys].forEach((key) => {
      this.a = (this.a ^ key) | 0;
      this.b = (this.b ^ Math.floor(key / 2 ** 32)) | 0;
      for (let i = 0; i < 12; i++) this.word(); // 12 rounds mix the key into every bit
    });
  }

  private word(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** A number in [0, 1) with 32 random bits. */
  next(): number {
    return this.word() / 2 ** 32;
  }

  /** A number in [low, high). */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** An integer in [0, n). */
  integer(n: number): number {
    return Math.floor(this.next() * n);
  }

  /** A draw from the normal distribution with mean 0 and standard deviation 1 (Box-Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }

  /** The integers 0 to n - 1 in random order (Fisher-Yates). */
  permutation(n: number): number[] {
    const order = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }

  /** The generator's state, to be kept in a checkpoint. */
  get state(): RandomState {
    return [this.a, this.b, this.c, this.counter];
  }

  set state(state: RandomState) {
    [this.a, this.b, this.c, this.counter] = state;
  }
}

let shared = new Random(0);

/** Seeds the generator that weight initialization draws from, as `torch.manual_seed` does. */
export function manualSeed(seed: number): void {
  shared = new Random(seed);
}

/** The generator that weight initialization draws from. */
export function defaultRandom(): Random {
  return shared;
}
