import type { Random } from '../../src/random';
import { Brush, mirrored, placed, symmetric, type Context, type Point } from './brush';
import { INK, lighter, pick, WHITE, type Coat, type Colour } from './colours';

const TONGUE: Colour = [352, 0.65, 0.66];
const EYES: Colour = [24, 0.5, 0.18];

/** What one dog looks like. */
interface Look {
  coat: Coat;
  ears: Colour;
  patch: boolean;
  bib: boolean;
  tongue: boolean;
  /** Length of the hanging ears, 1 being down to the muzzle. */
  earLength: number;
}

/** Draws a dog (hanging ears, snout, tongue, straight tail) in the box of 1 by 1 about the origin. */
export function drawDog(ctx: Context, coat: Coat, random: Random): void {
  const brush = new Brush(ctx, coat.outline, random);
  const look: Look = {
    coat,
    ears: random.next() < 0.5 ? coat.marking : lighter(coat.base, -0.06),
    patch: random.next() < 0.5,
    bib: random.next() < 0.5,
    tongue: random.next() < 0.6,
    earLength: random.uniform(0.8, 1.35),
  };
  pick(random, [sitting, sitting, walking, walking, portrait])(brush, look, random);
}

function sitting(brush: Brush, look: Look, random: Random): void {
  const { coat } = look;
  const wag = random.uniform(-0.06, 0.06);
  tail(brush, coat, [0.14, 0.36], [0.4 + wag, 0.12 + wag]);
  const body = symmetric([
    [0, -0.14],
    [-0.15, -0.02],
    [-0.2, 0.2],
    [-0.23, 0.38],
    [0, 0.46],
  ]);
  brush.blob(body, { shaded: coat.base });
  if (look.patch) brush.inside(body, () => brush.ellipse(0.18, 0.18, 0.11, 0.12, coat.marking, 0.4, false));
  if (look.bib) brush.ellipse(0, 0.1, 0.09, 0.14, coat.pale, 0, false);
  for (const side of [-1, 1]) brush.ellipse(side * 0.18, 0.38, 0.085, 0.09, { shaded: coat.base });
  for (const side of [-1, 1]) leg(brush, look, side * 0.07, 0.17, 0.43);
  face(brush, look, random.uniform(-0.03, 0.03), -0.2, 0.26, random);
}

function walking(brush: Brush, look: Look, random: Random): void {
  const { coat } = look;
  const stride = random.uniform(-0.06, 0.06);
  tail(brush, coat, [0.25, 0.03], [0.42 + stride, random.uniform(-0.26, -0.05)]);
  for (const [x, dx] of [
    [-0.1, -stride],
    [0.17, stride],
  ])
    leg(brush, { ...look, coat: { ...coat, base: lighter(coat.base, -0.07) } }, x + dx, 0.15, 0.38);
  const body: Point[] = [
    [-0.22, -0.06],
    [-0.06, -0.05],
    [0.12, -0.05],
    [0.26, -0.02],
    [0.31, 0.09],
    [0.25, 0.19],
    [0.05, 0.16],
    [-0.16, 0.22],
    [-0.27, 0.1],
  ];
  for (const [x, dx] of [
    [-0.18, stride],
    [0.25, -stride],
  ])
    leg(brush, look, x + dx, 0.12, 0.41);
  brush.blob(body, { shaded: coat.base });
  if (look.patch) brush.inside(body, () => brush.ellipse(0.1, -0.01, 0.1, 0.09, coat.marking, 0.2, false));
  profile(brush, look, -0.24, -0.16, 0.15, random);
}

function portrait(brush: Brush, look: Look, random: Random): void {
  const shoulders = symmetric([
    [0, 0.08],
    [-0.24, 0.2],
    [-0.35, 0.38],
    [-0.3, 0.5],
    [0, 0.53],
  ]);
  brush.blob(shoulders, { shaded: look.coat.base });
  if (look.bib) brush.ellipse(0, 0.42, 0.13, 0.1, look.coat.pale, 0, false);
  face(brush, look, 0, -0.04, 0.38, random);
}

/** A straight tail, thinner than a cat's, with a tip in the marking's colour. */
function tail(brush: Brush, coat: Coat, from: Point, to: Point): void {
  const between = (t: number): Point => [from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])];
  brush.limb([from, between(0.5), to], 0.065, coat.base);
  brush.curve([between(0.8), to], 0.048, coat.marking);
}

function leg(brush: Brush, look: Look, x: number, top: number, bottom: number): void {
  brush.limb(
    [
      [x, top],
      [x, bottom],
    ],
    0.095,
    look.coat.base,
  );
  brush.ellipse(x - 0.012, bottom + 0.02, 0.065, 0.038, look.bib ? look.coat.pale : look.coat.base);
  for (const dx of [-0.035, 0.005])
    brush.curve(
      [
        [x + dx, bottom + 0.02],
        [x + dx, bottom + 0.05],
      ],
      0.007,
      look.coat.outline,
    );
}

/** The head seen from the front at (x, y); r is about half its height. */
function face(brush: Brush, look: Look, x: number, y: number, r: number, random: Random): void {
  const { coat } = look;
  brush.at(x, y, random.uniform(-0.2, 0.2), 1, () => {
    const at = (points: readonly Point[]): Point[] => placed(points, 0, 0, r);
    const skull = at(
      symmetric([
        [0, -0.82],
        [-0.5, -0.74],
        [-0.74, -0.3],
        [-0.68, 0.15],
        [-0.55, 0.58],
        [0, 0.82],
      ]),
    );
    brush.blob(skull, { shaded: coat.base });
    if (look.patch)
      brush.inside(skull, () =>
        brush.ellipse(0.36 * r, -0.16 * r, 0.28 * r, 0.34 * r, coat.marking, 0.2, false),
      );
    for (const side of [-1, 1]) {
      brush.ellipse(side * 0.32 * r, -0.14 * r, 0.14 * r, 0.16 * r, WHITE);
      brush.ellipse(side * 0.31 * r, -0.12 * r, 0.105 * r, 0.12 * r, EYES, 0, false);
      brush.ellipse(side * 0.31 * r - 0.04 * r, -0.17 * r, 0.04 * r, 0.04 * r, WHITE, 0, false);
      brush.curve(at([[side * 0.2, -0.4], [side * 0.34, -0.44], [side * 0.46, -0.38]]), 0.05 * r, coat.outline); // prettier-ignore
    }
    if (look.tongue)
      brush.blob(at([[-0.13, 0.55], [0.13, 0.55], [0.16, 0.85], [0.02, 1.0], [-0.12, 0.86]]), TONGUE); // prettier-ignore
    brush.ellipse(0, 0.4 * r, 0.46 * r, 0.34 * r, coat.pale);
    brush.curve(at([[0, 0.28], [0, 0.5]]), 0.045 * r, coat.outline); // prettier-ignore
    brush.curve(at([[-0.28, 0.5], [-0.14, 0.6], [0, 0.5], [0.14, 0.6], [0.28, 0.5]]), 0.045 * r, coat.outline); // prettier-ignore
    brush.ellipse(0, 0.2 * r, 0.2 * r, 0.14 * r, INK);
    brush.ellipse(-0.06 * r, 0.15 * r, 0.05 * r, 0.03 * r, WHITE, 0, false);
    const l = look.earLength;
    const ear: Point[] = [
      [-0.4, -0.8],
      [-0.78, -0.76],
      [-1.06, -0.25 * l],
      [-1.08, 0.3 * l],
      [-0.88, 0.5 * l],
      [-0.7, 0.2 * l],
      [-0.64, -0.3],
    ];
    for (const side of [ear, mirrored(ear)]) brush.blob(at(side), { shaded: look.ears });
  });
}

/** The head seen from the side, looking left. */
function profile(brush: Brush, look: Look, x: number, y: number, r: number, random: Random): void {
  const { coat } = look;
  brush.at(x, y, random.uniform(-0.25, 0.2), 1, () => {
    const at = (points: readonly Point[]): Point[] => placed(points, 0, 0, r);
    brush.limb(at([[0.55, 1.1], [0.15, 0.3]]), 1.0 * r, coat.base); // prettier-ignore
    if (look.tongue)
      brush.blob(at([[-1.1, 0.5], [-0.8, 0.5], [-0.82, 0.95], [-1.0, 1.1], [-1.14, 0.9]]), TONGUE); // prettier-ignore
    brush.blob(
      at([
        [0.75, -0.35],
        [0.25, -0.85],
        [-0.4, -0.7],
        [-0.72, -0.22],
        [-1.45, -0.08],
        [-1.62, 0.22],
        [-1.35, 0.52],
        [-0.55, 0.62],
        [0.2, 0.8],
        [0.8, 0.4],
      ]),
      { shaded: coat.base },
    );
    brush.curve(at([[-1.45, 0.34], [-1.0, 0.4], [-0.62, 0.26]]), 0.07 * r, coat.outline); // prettier-ignore
    brush.ellipse(-1.5 * r, -0.02 * r, 0.24 * r, 0.19 * r, INK);
    brush.ellipse(-0.36 * r, -0.26 * r, 0.17 * r, 0.19 * r, WHITE);
    brush.ellipse(-0.4 * r, -0.24 * r, 0.11 * r, 0.13 * r, EYES, 0, false);
    const l = look.earLength;
    brush.blob(at([[0.1, -0.78], [0.62, -0.62], [0.9, 0.1 * l], [0.72, 0.85 * l], [0.36, 0.8 * l], [0.2, 0.1]]), { shaded: look.ears }); // prettier-ignore
  });
}
