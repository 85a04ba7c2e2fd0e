import type { Random } from '../../src/random';
import { Brush, ring, type Context, type Point } from './brush';
import { css, INK, lighter, pick, WHITE, type Coat, type Colour } from './colours';

/** Draws a bee (plump striped body, clear wings, feelers, sting) in the box of 1 by 1 about the origin. */
export function drawBee(ctx: Context, coat: Coat, random: Random): void {
  pick(random, [fromAbove, fromTheSide])(new Brush(ctx, coat.outline, random), coat, random);
}

function fromAbove(brush: Brush, coat: Coat, random: Random): void {
  const spread = random.uniform(-0.25, 0.25);
  for (const side of [-1, 1]) {
    for (const [root, foot] of [
      [-0.16, -0.24],
      [-0.08, -0.05],
      [0.0, 0.16],
    ])
      brush.curve(
        [
          [root, side * 0.08],
          [(root + foot) / 2, side * 0.17],
          [foot, side * random.uniform(0.21, 0.25)],
        ],
        0.024,
        coat.outline,
      );
    feeler(brush, coat, [
      [-0.3, side * 0.04],
      [-0.38, side * 0.09],
      [-0.46, side * random.uniform(0.09, 0.16)],
    ]);
  }
  brush.polygon([[0.4, -0.03], [0.49, 0], [0.4, 0.03]], coat.outline); // prettier-ignore
  abdomen(brush, coat, 0.19, 0, 0.24, random.uniform(0.15, 0.18), random);
  for (const side of [-1, 1]) {
    wing(brush, 0, side * 0.06, side * (0.75 + spread), 0.27, 0.085);
    wing(brush, -0.06, side * 0.07, side * (1.25 + spread), 0.4, 0.105);
  }
  fuzzy(brush, coat, -0.09, 0, 0.13, random);
  brush.ellipse(-0.27, 0, 0.085, 0.1, { shaded: lighter(coat.base, -0.05) });
  for (const side of [-1, 1]) eye(brush, -0.29, side * 0.07, 0.036);
}

function fromTheSide(brush: Brush, coat: Coat, random: Random): void {
  const flap = random.uniform(-0.3, 0.3);
  wing(brush, 0.03, -0.1, -1.0 + flap, 0.36, 0.11);
  brush.polygon([[0.36, 0.08], [0.47, 0.13], [0.36, 0.16]], coat.outline); // prettier-ignore
  for (const x of [-0.14, -0.04, 0.06]) {
    const swing = random.uniform(-0.02, 0.03);
    brush.curve(
      [
        [x, 0.2],
        [x - 0.02 + swing, 0.28],
        [x + 0.03 + swing, 0.33],
      ],
      0.024,
      coat.outline,
    );
  }
  abdomen(brush, coat, 0.12, 0.09, 0.28, random.uniform(0.17, 0.2), random);
  fuzzy(brush, coat, -0.12, 0.03, 0.15, random);
  for (const dx of [0, 0.07])
    feeler(brush, coat, [
      [-0.31 + dx, -0.1],
      [-0.35 + dx, -0.21],
      [-0.43 + dx, -0.26 + random.uniform(-0.03, 0.03)],
    ]);
  brush.ellipse(-0.29, 0.02, 0.125, 0.13, { shaded: lighter(coat.base, -0.04) });
  eye(brush, -0.33, -0.02, 0.045);
  brush.curve([[-0.38, 0.07], [-0.34, 0.105], [-0.28, 0.09]], 0.014, coat.outline); // prettier-ignore
  wing(brush, -0.06, -0.07, -1.35 + flap, 0.4, 0.12);
}

/** The striped abdomen. */
function abdomen(
  brush: Brush,
  coat: Coat,
  x: number,
  y: number,
  rx: number,
  ry: number,
  random: Random,
): void {
  const outline: Point[] = ring(x, y, rx, ry);
  brush.blob(outline, { shaded: coat.base });
  const stripes = 3 + random.integer(2);
  brush.inside(outline, () => {
    for (let i = 0; i < stripes; i++) {
      const at = x - 0.55 * rx + (i * 1.5 * rx) / stripes;
      brush.curve([[at, y - ry], [at + 0.05, y], [at, y + ry]], (0.75 * rx) / stripes, coat.marking); // prettier-ignore
    }
  });
  brush.ctx.beginPath();
  brush.ctx.ellipse(x, y, rx, ry, 0, 0, 2 * Math.PI);
  brush.ctx.lineWidth = brush.lineWidth;
  brush.ctx.strokeStyle = css(coat.outline);
  brush.ctx.stroke();
}

/** The thorax: a ball of short hairs. */
function fuzzy(brush: Brush, coat: Coat, x: number, y: number, r: number, random: Random): void {
  const tufts = Array.from({ length: 36 }, (_, i): Point => {
    const angle = (2 * Math.PI * i) / 36;
    const reach = r * (i % 2 ? 1.1 : 0.92) * random.uniform(0.96, 1.04);
    return [x + reach * Math.cos(angle), y + reach * Math.sin(angle)];
  });
  brush.polygon(tufts, { shaded: lighter(coat.base, 0.05) });
}

/** A clear wing from (x, y), `length` long in the direction `angle` (0: to the right, positive: down). */
function wing(brush: Brush, x: number, y: number, angle: number, length: number, width: number): void {
  const { ctx } = brush;
  const glass: Colour = [205, 0.5, 0.93];
  brush.at(x, y, angle, 1, () => {
    ctx.beginPath();
    ctx.moveTo(0, 0);
    ctx.bezierCurveTo(0.3 * length, -1.2 * width, length, -1.3 * width, length, 0);
    ctx.bezierCurveTo(length, 1.1 * width, 0.4 * length, 0.9 * width, 0, 0);
    ctx.fillStyle = css(glass, 0.72);
    ctx.fill();
    ctx.lineWidth = 0.8 * brush.lineWidth;
    ctx.strokeStyle = css(brush.outline, 0.85);
    ctx.stroke();
    for (const bend of [-0.35, 0.25])
      brush.curve([[0.05, 0], [0.5 * length, bend * width], [0.85 * length, bend * width]], 0.006, brush.outline, 0.5); // prettier-ignore
  });
}

function feeler(brush: Brush, coat: Coat, points: readonly Point[]): void {
  brush.curve(points, 0.02, coat.outline);
  const [x, y] = points[points.length - 1];
  brush.ellipse(x, y, 0.02, 0.02, coat.outline, 0, false);
}

function eye(brush: Brush, x: number, y: number, r: number): void {
  brush.ellipse(x, y, r, r, WHITE);
  brush.ellipse(x - 0.2 * r, y, 0.6 * r, 0.6 * r, INK, 0, false);
}
