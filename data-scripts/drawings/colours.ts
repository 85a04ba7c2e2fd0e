import type { Random } from '../../src/random';

/** Hue in degrees, saturation and lightness from 0 to 1. */
export type Colour = readonly [hue: number, saturation: number, lightness: number];

/** The colours of one animal. */
export interface Coat {
  /** The main colour. */
  base: Colour;
  /** Stripes, patches, tips: well apart from the base. */
  marking: Colour;
  /** Chest, muzzle, belly: paler than the base. */
  pale: Colour;
  /** Outlines. */
  outline: Colour;
}

/**
 * One list for cats, dogs, ants and bees, so that colour says nothing about the class.
 * Ginger, honey, russet, chestnut, brown, charcoal, grey, blue grey, cream, white.
 */
const COATS: readonly Colour[] = [
  [28, 0.8, 0.55],
  [44, 0.85, 0.55],
  [14, 0.65, 0.42],
  [22, 0.5, 0.35],
  [26, 0.4, 0.27],
  [30, 0.06, 0.2],
  [40, 0.05, 0.5],
  [212, 0.14, 0.48],
  [38, 0.55, 0.76],
  [36, 0.2, 0.9],
];

export const WHITE: Colour = [45, 0.4, 0.97];
export const INK: Colour = [25, 0.3, 0.1];
export const PINK: Colour = [352, 0.6, 0.74];

export const css = ([h, s, l]: Colour, alpha = 1): string =>
  `hsla(${h.toFixed(1)}, ${(100 * s).toFixed(1)}%, ${(100 * l).toFixed(1)}%, ${alpha})`;

/** The colour made lighter (or, with a negative amount, darker). */
export const lighter = ([h, s, l]: Colour, amount: number): Colour => [
  h,
  s,
  Math.max(0.03, Math.min(0.98, l + amount)),
];

/** A coat for an animal of any class. */
export function coat(random: Random): Coat {
  const [h, s, l] = COATS[random.integer(COATS.length)];
  const base: Colour = [
    h + random.uniform(-6, 6),
    Math.max(0, Math.min(1, s + random.uniform(-0.1, 0.1))),
    Math.max(0.12, Math.min(0.93, l + random.uniform(-0.05, 0.05))),
  ];
  const dark = base[2] < 0.4;
  return {
    base,
    marking: dark
      ? [base[0] + 12, base[1] * 0.9 + 0.1, base[2] + 0.38]
      : [base[0] - 8, base[1] * 0.6, Math.max(0.1, base[2] * 0.42)],
    pale: [base[0] + 5, base[1] * 0.5, Math.min(0.95, base[2] + (dark ? 0.4 : 0.3))],
    outline: [base[0], base[1] * 0.5, Math.max(0.05, base[2] * 0.28)],
  };
}

/** A colour for backgrounds and things: any hue, neither black nor white. */
export function anyColour(random: Random, lightness: readonly [number, number] = [0.35, 0.8]): Colour {
  return [random.uniform(0, 360), random.uniform(0.15, 0.65), random.uniform(...lightness)];
}

/** One of the list. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.integer(list.length)];
}
