/**
 * The lowest and the highest finite value, or undefined where there is none. A loop, because `Math.min(...values)`
 * overflows the stack beyond some 100,000 values.
 */
export function valueRange(...lists: readonly ArrayLike<number>[]): [number, number] | undefined {
  let [low, high] = [Infinity, -Infinity];
  for (const values of lists) {
    for (const value of Array.from(values)) {
      if (!Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : undefined;
}
