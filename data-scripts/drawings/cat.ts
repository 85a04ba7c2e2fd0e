import type { Random } from '../../src/random';
import { Brush, mirrored, placed, symmetric, type Context, type Point } from './brush';
import { INK, lighter, pick, PINK, WHITE, type Coat, type Colour } from './colours';

const EYES: readonly Colour[] = [
  [95, 0.5, 0.55],
  [50, 0.85, 0.58],
  [200, 0.55, 0.62],
  [32, 0.85, 0.52],
];

/** What one cat looks like. */
interface Look {
  coat: Coat;
  eyes: Colour;
  tabby: boolean;
  bib: boolean;
  asleep: boolean;
}

/** Draws a cat (pointed ears, whiskers, slit eyes, curling tail) in the box of 1 by 1 about the origin. */
export function drawCat(ctx: Context, coat: Coat, random: Random): void {
  const brush = new Brush(ctx, coat.outline, random);
  const look: Look = {
    coat,
    eyes: pick(random, EYES),
    tabby: random.next() < 0.5,
    bib: random.next() < 0.5,
    asleep: random.next() < 0.12,
  };
  pick(random, [sitting, sitting, walking, walking, portrait])(brush, look, random);
}

function sitting(brush: Brush, look: Look, random: Random): void {
  const { coat } = look;
  const swing = random.uniform(-0.05, 0.05);
  tail(brush, coat, [
    [0.12, 0.4],
    [0.34, 0.41],
    [0.45 + swing, 0.27],
    [0.36 + swing, 0.1],
    [0.3 + swing, 0.0],
    [0.37 + swing, -0.07],
  ]);
  const body = symmetric([
    [0, -0.14],
    [-0.13, -0.02],
    [-0.21, 0.2],
    [-0.23, 0.38],
    [0, 0.46],
  ]);
  brush.blob(body, { shaded: coat.base });
  if (look.tabby)
    brush.inside(body, () => {
      for (const y of [0.06, 0.15, 0.24])
        for (const side of [-1, 1])
          brush.curve(
            [
              [side * 0.26, y],
              [side * 0.12, y + 0.03],
            ],
            0.03,
            coat.marking,
          );
    });
  if (look.bib) brush.ellipse(0, 0.1, 0.08, 0.13, coat.pale, 0, false);
  for (const side of [-1, 1]) brush.ellipse(side * 0.18, 0.38, 0.085, 0.09, { shaded: coat.base });
  for (const side of [-1, 1]) leg(brush, look, side * 0.065, 0.17, 0.43);
  head(brush, look, random.uniform(-0.03, 0.03), -0.2, 0.23, random);
}

function walking(brush: Brush, look: Look, random: Random): void {
  const { coat } = look;
  const stride = random.uniform(-0.06, 0.06);
  tail(brush, coat, [
    [0.24, 0.06],
    [0.38, 0.0],
    [0.44, -0.16],
    [0.36, -0.27],
    [0.29, -0.22],
    [0.33, -0.15],
  ]);
  for (const [x, dx] of [
    [-0.12, -stride],
    [0.16, stride],
  ])
    leg(brush, { ...look, coat: { ...coat, base: lighter(coat.base, -0.07) } }, x + dx, 0.15, 0.37);
  const body: Point[] = [
    [-0.26, 0.02],
    [-0.12, -0.06],
    [0.08, -0.05],
    [0.25, -0.02],
    [0.31, 0.1],
    [0.24, 0.22],
    [0.02, 0.2],
    [-0.2, 0.22],
    [-0.3, 0.12],
  ];
  for (const [x, dx] of [
    [-0.2, stride],
    [0.24, -stride],
  ])
    leg(brush, look, x + dx, 0.14, 0.4);
  brush.blob(body, { shaded: coat.base });
  if (look.tabby)
    brush.inside(body, () => {
      for (const x of [-0.06, 0.03, 0.12, 0.21])
        brush.curve(
          [
            [x, -0.1],
            [x + 0.02, 0.0],
            [x, 0.08],
          ],
          0.03,
          coat.marking,
        );
    });
  head(brush, look, -0.27, -0.1, 0.19, random);
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
  if (look.bib) brush.ellipse(0, 0.38, 0.13, 0.14, look.coat.pale, 0, false);
  head(brush, look, 0, -0.02, 0.36, random);
}

/** A tail that curls, with a tip in the marking's colour. */
function tail(brush: Brush, coat: Coat, points: readonly Point[]): void {
  brush.limb(points, 0.075, coat.base);
  brush.curve(points.slice(-2), 0.058, coat.marking);
}

function leg(brush: Brush, look: Look, x: number, top: number, bottom: number): void {
  brush.limb(
    [
      [x, top],
      [x, bottom],
    ],
    0.09,
    look.coat.base,
  );
  brush.ellipse(x - 0.01, bottom + 0.02, 0.06, 0.038, look.bib ? look.coat.pale : look.coat.base);
  for (const dx of [-0.03, 0.005])
    brush.curve(
      [
        [x + dx, bottom + 0.02],
        [x + dx, bottom + 0.05],
      ],
      0.007,
      look.coat.outline,
    );
}

/** The head at (x, y); r is about half its width. */
function head(brush: Brush, look: Look, x: number, y: number, r: number, random: Random): void {
  const { coat } = look;
  brush.at(x, y, random.uniform(-0.15, 0.15), 1, () => {
    const at = (points: readonly Point[]): Point[] => placed(points, 0, 0, r);
    const ear: Point[] = [
      [-0.95, -0.15],
      [-0.86, -1.28],
      [-0.12, -0.74],
    ];
    const inner: Point[] = [
      [-0.8, -0.4],
      [-0.77, -1.0],
      [-0.36, -0.72],
    ];
    for (const flip of [(p: readonly Point[]) => [...p], mirrored]) {
      brush.polygon(at(flip(ear)), { shaded: coat.base });
      brush.polygon(at(flip(inner)), PINK, false);
    }
    const face = at(
      symmetric([
        [0, -0.82],
        [-0.6, -0.74],
        [-0.96, -0.25],
        [-1.08, 0.28],
        [-0.68, 0.68],
        [0, 0.82],
      ]),
    );
    brush.blob(face, { shaded: coat.base });
    if (look.tabby)
      brush.inside(face, () => {
        for (const dx of [-0.25, 0, 0.25])
          brush.curve(at([[dx, -0.85], [dx * 0.8, -0.48]]), 0.1 * r, coat.marking); // prettier-ignore
        for (const side of [-1, 1])
          for (const dy of [0.05, 0.3])
            brush.curve(at([[side * 1.1, dy], [side * 0.78, dy + 0.04]]), 0.09 * r, coat.marking); // prettier-ignore
      });
    for (const side of [-1, 1]) {
      brush.ellipse(side * 0.21 * r, 0.4 * r, 0.27 * r, 0.2 * r, coat.pale, 0, false);
      eye(brush, look, side * 0.44 * r, -0.06 * r, r);
    }
    brush.polygon(at([[-0.13, 0.17], [0.13, 0.17], [0, 0.31]]), [350, 0.5, 0.58]); // prettier-ignore
    brush.curve(at([[-0.24, 0.46], [-0.1, 0.5], [0, 0.32], [0.1, 0.5], [0.24, 0.46]]), 0.045 * r, coat.outline); // prettier-ignore
    for (const side of [-1, 1])
      for (const dy of [-0.14, 0.02, 0.18])
        brush.curve(
          at([[side * 0.36, 0.4 + dy * 0.5], [side * 1.0, 0.36 + dy], [side * 1.5, 0.4 + 1.7 * dy]]), // prettier-ignore
          0.035 * r,
          coat.base[2] > 0.45 ? coat.outline : WHITE,
        );
  });
}

/** An almond eye with an upright slit; closed in sleep. */
function eye(brush: Brush, look: Look, x: number, y: number, r: number): void {
  const slant = x < 0 ? 0.18 : -0.18;
  if (look.asleep) {
    brush.curve(placed([[-0.24, -0.02], [0, 0.12], [0.24, -0.02]], x, y, r), 0.06 * r, INK); // prettier-ignore
    return;
  }
  brush.ellipse(x, y, 0.25 * r, 0.21 * r, look.eyes, slant);
  brush.ellipse(x, y, 0.075 * r, 0.185 * r, INK, 0, false);
  brush.ellipse(x - 0.06 * r, y - 0.09 * r, 0.045 * r, 0.045 * r, WHITE, 0, false);
}
