import { checkNumber } from './checkNumber';

/**
 * Wilson's interval for a share (1927): where the true share lies, in so many of a hundred draws, when `right` of `of` came
 * out. It stays within 0 and 1, and holds where few are wrong, which the standard error does not.
 *
 * @param z - how many standard deviations; default 1.96, for 95 %.
 * @returns the interval's ends, 0 to 1; all of it where `of` is 0.
 */
export function wilsonInterval(right: number, of: number, z = 1.96): [low: number, high: number] {
  checkNumber('wilsonInterval: of', of, { from: 0, integer: true });
  checkNumber('wilsonInterval: right', right, { from: 0, to: of, integer: true });
  if (of === 0) return [0, 1];
  const share = right / of;
  const middle = share + z ** 2 / (2 * of);
  const reach = z * Math.sqrt((share * (1 - share)) / of + z ** 2 / (4 * of ** 2));
  const scale = 1 + z ** 2 / of;
  // rounding may leave an end just outside
  return [right === 0 ? 0 : (middle - reach) / scale, right === of ? 1 : (middle + reach) / scale];
}
