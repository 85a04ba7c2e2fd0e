import type { Random } from '../../src/random';
import { Brush, type Context, type Point } from './brush';
import { INK, lighter, pick, WHITE, type Coat } from './colours';

/** Draws an ant (three segments with a thin waist, six legs, bent feelers) in the box of 1 by 1 about the origin. */
export function drawAnt(ctx: Context, coat: Coat, random: Random): void {
  pick(random, [fromAbove, fromTheSide])(new Brush(ctx, coat.outline, random), coat, random);
}

function fromAbove(brush: Brush, coat: Coat, random: Random): void {
  const plump = random.uniform(0.9, 1.15);
  for (const side of [-1, 1]) {
    // A walking ant's legs point forward, sideways and back; `step` is where in its stride each one is.
    for (const [root, knee, foot] of [
      [-0.11, -0.2, -0.3],
      [-0.06, -0.04, -0.02],
      [-0.01, 0.12, 0.26],
    ]) {
      const step = random.uniform(-0.05, 0.05);
      leg(brush, coat, [
        [root, side * 0.04],
        [knee + step, side * 0.19],
        [foot + 1.5 * step, side * random.uniform(0.33, 0.4)],
      ]);
    }
    const tip = random.uniform(-0.04, 0.04);
    feeler(brush, coat, [
      [-0.33, side * 0.05],
      [-0.39, side * 0.17],
      [-0.49, side * (0.15 + tip)],
    ]);
    brush.curve([[-0.37, side * 0.05], [-0.43, side * 0.05], [-0.44, side * 0.01]], 0.022, coat.outline); // prettier-ignore
  }
  brush.ellipse(0.28, 0, 0.19, 0.13 * plump, { shaded: coat.base });
  bands(brush, coat, 0.28, 0, 0.19, 0.13 * plump, random);
  brush.ellipse(0.075, 0, 0.035, 0.035, { shaded: coat.base });
  brush.ellipse(-0.07, 0, 0.115, 0.07, { shaded: coat.base });
  brush.ellipse(-0.28, 0, 0.115, 0.105 * plump, { shaded: coat.base });
  for (const side of [-1, 1]) eye(brush, -0.31, side * 0.065, 0.038);
}

function fromTheSide(brush: Brush, coat: Coat, random: Random): void {
  const ground = 0.3;
  const far: Coat = { ...coat, outline: lighter(coat.outline, 0.08) };
  for (const [shade, shift] of [
    [far, 0.04],
    [coat, 0],
  ] as const)
    for (const [root, knee, foot] of [
      [-0.13, -0.23, -0.27],
      [-0.07, -0.06, -0.03],
      [-0.02, 0.1, 0.18],
    ]) {
      const step = random.uniform(-0.03, 0.03) + shift;
      leg(brush, shade, [
        [root, 0.04],
        [knee + step, 0.1],
        [foot + step, ground],
      ]);
    }
  const lift = random.uniform(-0.06, 0.04);
  brush.at(0.08, 0.02, lift * 3, 1, () => {
    brush.ellipse(0.19, -0.02, 0.19, 0.14, { shaded: coat.base }, -0.15);
    bands(brush, coat, 0.19, -0.02, 0.19, 0.14, random);
  });
  brush.ellipse(0.06, 0.02, 0.04, 0.05, { shaded: coat.base });
  brush.ellipse(-0.08, 0.0, 0.12, 0.08, { shaded: coat.base }, 0.1);
  for (const dx of [0, 0.07]) {
    const tip = random.uniform(-0.03, 0.03);
    feeler(brush, coat, [
      [-0.32 + dx, -0.13],
      [-0.36 + dx, -0.27],
      [-0.46 + dx + tip, -0.29 + tip],
    ]);
  }
  brush.ellipse(-0.29, -0.05, 0.125, 0.115, { shaded: coat.base }, 0.2);
  eye(brush, -0.33, -0.08, 0.045);
  brush.curve([[-0.38, 0.0], [-0.34, 0.03], [-0.28, 0.02]], 0.014, coat.outline); // prettier-ignore
}

function leg(brush: Brush, coat: Coat, points: readonly Point[]): void {
  const colour = coat.base[2] > 0.45 ? lighter(coat.base, -0.25) : coat.outline;
  for (const part of [points.slice(0, 2), points.slice(1)]) brush.curve(part, 0.028, colour);
  const [x, y] = points[2];
  brush.curve([[x, y], [x + Math.sign(x + 0.06) * 0.03, y]], 0.022, colour); // prettier-ignore
}

function feeler(brush: Brush, coat: Coat, points: readonly Point[]): void {
  const colour = coat.base[2] > 0.45 ? lighter(coat.base, -0.25) : coat.outline;
  for (const part of [points.slice(0, 2), points.slice(1)]) brush.curve(part, 0.022, colour);
}

/** Faint rings on the abdomen of some ants, so that a ringed abdomen does not make a bee. */
function bands(brush: Brush, coat: Coat, x: number, y: number, rx: number, ry: number, random: Random): void {
  if (random.next() < 0.4) return;
  for (const t of [-0.35, 0.1, 0.5]) {
    const half = 0.93 * ry * Math.sqrt(1 - t * t);
    brush.curve(
      [
        [x + t * rx, y - half],
        [x + (t + 0.12) * rx, y],
        [x + t * rx, y + half],
      ],
      0.022,
      coat.marking,
      0.8,
    );
  }
}

function eye(brush: Brush, x: number, y: number, r: number): void {
  brush.ellipse(x, y, r, r, WHITE);
  brush.ellipse(x - 0.2 * r, y, 0.6 * r, 0.6 * r, INK, 0, false);
}
