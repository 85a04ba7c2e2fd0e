/** Grey that is read on white (4.5:1) as well as on the dark themes' near-black (4.2:1): figures have no background of their own. */
export const TEXT_COLOR = '#767676';

/**
 * Series colours after Okabe and Ito ("Color Universal Design", 2008), told apart with any colour vision; yellow and
 * the light ones are darkened until they stand out at 3:1 from white and from near-black alike.
 */
export const COLORS = ['#0072B2', '#D55E00', '#009E73', '#B8659A', '#A87A00', '#6B7FD7'] as const;

/** Viridis (van der Walt and Smith, 2015) at nine even steps: even in lightness, so it is read in grey too. */
export const VIRIDIS = [
  '#440154', '#472d7b', '#3b528b', '#2c728e', '#21918c', '#28ae80', '#5ec962', '#addc30', '#fde725',
] as const; // prettier-ignore

/** Blue over white to red, even on both sides (ColorBrewer's RdBu, reversed): for numbers around 0. */
export const BLUE_RED = ['#2166ac', '#92c5de', '#f7f7f7', '#f4a582', '#b2182b'] as const;
