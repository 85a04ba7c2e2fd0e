import type { Random } from '../../src/random';
import { disc, leaf } from './backgrounds';
import { smooth, type Context, type Point } from './brush';
import { anyColour, css, lighter, pick, type Colour } from './colours';

type Thing = (ctx: Context, size: number, colour: Colour, random: Random) => void;

/** Draws one thing (a leaf, ball, flower, stone, stick, mushroom or block) about (x, y), `size` pixels large. */
export function drawThing(ctx: Context, x: number, y: number, size: number, random: Random): void {
  const thing = pick(random, [leafAt, ball, flower, stone, stick, mushroom, block]);
  ctx.save();
  ctx.translate(x, y);
  ctx.rotate(random.uniform(-0.6, 0.6));
  thing(ctx, size, anyColour(random), random);
  ctx.restore();
}

function outlined(ctx: Context, colour: Colour, size: number): void {
  ctx.fillStyle = css(colour);
  ctx.fill();
  ctx.lineWidth = Math.max(1, size * 0.03);
  ctx.strokeStyle = css(lighter(colour, -0.28));
  ctx.stroke();
}

const leafAt: Thing = (ctx, size, _colour, random) => {
  ctx.rotate(random.uniform(0, 2 * Math.PI));
  leaf(ctx, size, [random.uniform(20, 140), random.uniform(0.35, 0.7), random.uniform(0.3, 0.6)]);
};

const ball: Thing = (ctx, size, colour, random) => {
  ctx.beginPath();
  ctx.arc(0, 0, size / 2, 0, 2 * Math.PI);
  outlined(ctx, colour, size);
  ctx.beginPath();
  const bulge = random.uniform(-0.4, 0.4) * size;
  ctx.moveTo(0, -size / 2);
  ctx.quadraticCurveTo(bulge, 0, 0, size / 2);
  ctx.moveTo(-size / 2, 0);
  ctx.quadraticCurveTo(0, bulge, size / 2, 0);
  ctx.stroke();
};

const flower: Thing = (ctx, size, colour, random) => {
  const petals = 5 + random.integer(4);
  for (let i = 0; i < petals; i++) {
    ctx.rotate((2 * Math.PI) / petals);
    ctx.beginPath();
    ctx.ellipse(size * 0.3, 0, size * 0.24, size * 0.13, 0, 0, 2 * Math.PI);
    outlined(ctx, lighter(colour, 0.12), size);
  }
  ctx.beginPath();
  ctx.arc(0, 0, size * 0.16, 0, 2 * Math.PI);
  outlined(ctx, anyColour(random), size);
};

const stone: Thing = (ctx, size, [hue, , light], random) => {
  const points = Array.from({ length: 7 }, (_, i): Point => {
    const angle = (2 * Math.PI * i) / 7;
    const r = (size / 2) * random.uniform(0.75, 1);
    return [r * Math.cos(angle), 0.7 * r * Math.sin(angle)];
  });
  ctx.beginPath();
  smooth(ctx, points, true);
  outlined(ctx, [hue, 0.08, light], size);
};

const stick: Thing = (ctx, size, _colour, random) => {
  ctx.rotate(random.uniform(0, Math.PI));
  ctx.lineCap = 'round';
  ctx.strokeStyle = css([28, random.uniform(0.2, 0.5), random.uniform(0.2, 0.45)]);
  ctx.lineWidth = size * 0.07;
  ctx.beginPath();
  ctx.moveTo(-size * 0.6, 0);
  ctx.quadraticCurveTo(0, random.uniform(-0.2, 0.2) * size, size * 0.6, 0);
  ctx.moveTo(0, 0);
  ctx.lineTo(size * 0.25, -size * 0.25);
  ctx.stroke();
};

const mushroom: Thing = (ctx, size, colour, random) => {
  ctx.beginPath();
  ctx.rect(-size * 0.11, 0, size * 0.22, size * 0.42);
  outlined(ctx, [40, 0.3, random.uniform(0.75, 0.92)], size);
  ctx.beginPath();
  ctx.arc(0, size * 0.05, size * 0.42, Math.PI, 0);
  ctx.closePath();
  outlined(ctx, colour, size);
  ctx.fillStyle = css(lighter(colour, 0.25));
  for (const [x, y] of [
    [-0.18, -0.12],
    [0.05, -0.22],
    [0.2, -0.06],
  ])
    disc(ctx, x * size, y * size, size * 0.06);
};

const block: Thing = (ctx, size, colour) => {
  ctx.beginPath();
  ctx.rect(-size * 0.4, -size * 0.4, size * 0.8, size * 0.8);
  outlined(ctx, colour, size);
  ctx.beginPath();
  ctx.rect(-size * 0.22, -size * 0.22, size * 0.44, size * 0.44);
  outlined(ctx, lighter(colour, 0.15), size);
};
