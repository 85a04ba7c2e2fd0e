import type { Random } from '../../src/random';
import type { Context } from './brush';
import { anyColour, css, lighter, pick, type Colour } from './colours';

type Background = (ctx: Context, width: number, height: number, random: Random) => void;

/** Paints one of nine kinds of background, the same nine for every class. */
export function drawBackground(ctx: Context, width: number, height: number, random: Random): void {
  pick(random, [meadow, lawn, tiles, planks, room, pebbles, dots, foliage, dusk])(ctx, width, height, random);
}

function gradient(
  ctx: Context,
  width: number,
  height: number,
  from: Colour,
  to: Colour,
  random: Random,
): void {
  const angle = random.uniform(0, 2 * Math.PI);
  const [dx, dy] = [(Math.cos(angle) * width) / 2, (Math.sin(angle) * height) / 2];
  const fill = ctx.createLinearGradient(width / 2 - dx, height / 2 - dy, width / 2 + dx, height / 2 + dy);
  fill.addColorStop(0, css(from));
  fill.addColorStop(1, css(to));
  ctx.fillStyle = fill;
  ctx.fillRect(0, 0, width, height);
}

const green = (random: Random): Colour => [
  random.uniform(70, 150),
  random.uniform(0.25, 0.6),
  random.uniform(0.28, 0.6),
];

/** Sky above hills. */
const meadow: Background = (ctx, width, height, random) => {
  const sky: Colour = [random.uniform(180, 230), random.uniform(0.3, 0.7), random.uniform(0.6, 0.85)];
  ctx.fillStyle = css(sky);
  ctx.fillRect(0, 0, width, height);
  for (let i = random.integer(4); i > 0; i--) {
    const [x, y] = [random.uniform(0, width), random.uniform(0, height * 0.3)];
    ctx.fillStyle = css(lighter(sky, 0.15), 0.8);
    for (let puff = 0; puff < 4; puff++)
      disc(ctx, x + puff * width * 0.05, y + random.uniform(-4, 4), width * random.uniform(0.04, 0.07));
  }
  let horizon = random.uniform(0.25, 0.6) * height;
  for (let hill = 0; hill < 3; hill++) {
    ctx.fillStyle = css(green(random));
    ctx.beginPath();
    ctx.moveTo(0, height);
    const phase = random.uniform(0, 7);
    for (let x = 0; x < width + 8; x += 8)
      ctx.lineTo(x, horizon + 0.06 * height * Math.sin((3 * x) / width + phase));
    ctx.lineTo(width + 8, height);
    ctx.fill();
    horizon += random.uniform(0.08, 0.2) * height;
  }
  blades(ctx, width, height, random, 60, horizon - 0.2 * height);
};

/** Grass seen from above. */
const lawn: Background = (ctx, width, height, random) => {
  gradient(ctx, width, height, green(random), green(random), random);
  blades(ctx, width, height, random, 260, 0);
};

function blades(
  ctx: Context,
  width: number,
  height: number,
  random: Random,
  count: number,
  top: number,
): void {
  const hue = random.uniform(70, 150);
  for (let i = 0; i < count; i++) {
    const [x, y] = [random.uniform(0, width), random.uniform(top, height * 1.05)];
    const tall = height * random.uniform(0.03, 0.09);
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.quadraticCurveTo(x, y - tall / 2, x + random.uniform(-0.5, 0.5) * tall, y - tall);
    ctx.lineWidth = random.uniform(0.8, 2.2);
    ctx.strokeStyle = css([
      hue + random.uniform(-15, 15),
      random.uniform(0.3, 0.6),
      random.uniform(0.25, 0.6),
    ]);
    ctx.stroke();
  }
}

/** A tiled or checked floor, turned. */
const tiles: Background = (ctx, width, height, random) => {
  const colours = [anyColour(random), anyColour(random)];
  const side = Math.min(width, height) * random.uniform(0.1, 0.3);
  ctx.fillStyle = css(lighter(colours[0], -0.15));
  ctx.fillRect(0, 0, width, height);
  ctx.save();
  ctx.translate(width / 2, height / 2);
  ctx.rotate(random.uniform(0, Math.PI / 2));
  const reach = Math.ceil(Math.hypot(width, height) / 2 / side) + 1;
  for (let i = -reach; i < reach; i++)
    for (let j = -reach; j < reach; j++) {
      ctx.fillStyle = css(lighter(colours[(i + j) & 1], random.uniform(-0.03, 0.03)));
      ctx.fillRect(i * side, j * side, side * 0.95, side * 0.95);
    }
  ctx.restore();
};

/** Floor boards. */
const planks: Background = (ctx, width, height, random) => {
  const wood: Colour = [random.uniform(18, 42), random.uniform(0.2, 0.55), random.uniform(0.3, 0.65)];
  const board = Math.min(width, height) * random.uniform(0.1, 0.25);
  ctx.fillStyle = css(lighter(wood, -0.2)); // shows in the gaps
  ctx.fillRect(0, 0, width, height);
  ctx.save();
  ctx.translate(width / 2, height / 2);
  ctx.rotate(random.uniform(0, Math.PI));
  const reach = Math.hypot(width, height) / 2 + board;
  for (let y = -reach; y < reach; y += board) {
    ctx.fillStyle = css(lighter(wood, random.uniform(-0.06, 0.06)));
    ctx.fillRect(-reach, y, 2 * reach, board - 1.5);
    ctx.strokeStyle = css(lighter(wood, -0.12), 0.5);
    ctx.lineWidth = 1;
    for (let grain = 0; grain < 3; grain++) {
      const at = y + random.uniform(0.15, 0.85) * board;
      ctx.beginPath();
      ctx.moveTo(-reach, at);
      ctx.bezierCurveTo(
        -reach / 3,
        at + random.uniform(-5, 5),
        reach / 3,
        at + random.uniform(-5, 5),
        reach,
        at,
      );
      ctx.stroke();
    }
  }
  ctx.restore();
};

/** A wall, a floor, a window or a picture, a rug. */
const room: Background = (ctx, width, height, random) => {
  const wall = anyColour(random, [0.55, 0.88]);
  ctx.fillStyle = css(wall);
  ctx.fillRect(0, 0, width, height);
  ctx.fillStyle = css(lighter(wall, -0.06));
  const stripe = width * random.uniform(0.04, 0.12);
  if (random.next() < 0.5) for (let x = 0; x < width; x += 2 * stripe) ctx.fillRect(x, 0, stripe, height);
  const floor = random.uniform(0.55, 0.8) * height;
  ctx.fillStyle = css(anyColour(random, [0.3, 0.6]));
  ctx.fillRect(0, floor, width, height - floor);
  ctx.fillStyle = css(lighter(wall, 0.12));
  ctx.fillRect(0, floor - height * 0.03, width, height * 0.03);
  for (let i = random.integer(3); i > 0; i--) {
    const [x, y] = [random.uniform(-0.1, 0.8) * width, random.uniform(0.02, 0.25) * height];
    const [w, h] = [width * random.uniform(0.15, 0.35), height * random.uniform(0.15, 0.3)];
    ctx.fillStyle = css([28, 0.4, random.uniform(0.25, 0.8)]);
    ctx.fillRect(x - 4, y - 4, w + 8, h + 8);
    ctx.fillStyle = css(anyColour(random, [0.5, 0.9]));
    ctx.fillRect(x, y, w, h);
    ctx.fillStyle = css(anyColour(random));
    disc(ctx, x + w * random.uniform(0.2, 0.8), y + h * random.uniform(0.2, 0.8), h * 0.18);
  }
  if (random.next() < 0.6) {
    ctx.fillStyle = css(anyColour(random));
    ctx.beginPath();
    ctx.ellipse(
      width * random.uniform(0.3, 0.7),
      height * 0.92,
      width * 0.4,
      height * 0.1,
      0,
      0,
      2 * Math.PI,
    );
    ctx.fill();
  }
};

/** Sand or soil with stones. */
const pebbles: Background = (ctx, width, height, random) => {
  const soil: Colour = [random.uniform(20, 50), random.uniform(0.15, 0.5), random.uniform(0.3, 0.75)];
  gradient(ctx, width, height, soil, lighter(soil, random.uniform(-0.15, 0.1)), random);
  for (let i = 0; i < 90; i++) {
    ctx.fillStyle = css(
      [soil[0] + random.uniform(-15, 15), soil[1] * 0.6, soil[2] + random.uniform(-0.18, 0.15)],
      0.9,
    );
    const r = Math.min(width, height) * 0.03 * random.next() ** 2 + 1;
    ctx.beginPath();
    ctx.ellipse(random.uniform(0, width), random.uniform(0, height), 1.4 * r, r, random.uniform(0, 3), 0, 7);
    ctx.fill();
  }
};

/** Out-of-focus discs of light, or a dotted wallpaper. */
const dots: Background = (ctx, width, height, random) => {
  const [from, to] = [anyColour(random), anyColour(random)];
  gradient(ctx, width, height, from, to, random);
  const size = Math.min(width, height);
  if (random.next() < 0.5) {
    for (let i = 0; i < 25; i++) {
      ctx.fillStyle = css(lighter(pick(random, [from, to]), 0.15), random.uniform(0.2, 0.5));
      disc(ctx, random.uniform(0, width), random.uniform(0, height), size * random.uniform(0.02, 0.12));
    }
  } else {
    const gap = size * random.uniform(0.1, 0.2);
    ctx.fillStyle = css(anyColour(random));
    for (let i = 0; i * gap < width + gap; i++)
      for (let j = 0; j * gap < height + gap; j++) disc(ctx, (i + 0.5 * (j & 1)) * gap, j * gap, gap * 0.18);
  }
};

/** Large leaves one over another. */
const foliage: Background = (ctx, width, height, random) => {
  gradient(ctx, width, height, green(random), green(random), random);
  for (let i = 0; i < 28; i++) {
    ctx.save();
    ctx.translate(random.uniform(0, width), random.uniform(0, height));
    ctx.rotate(random.uniform(0, 2 * Math.PI));
    leaf(ctx, Math.min(width, height) * random.uniform(0.12, 0.28), green(random));
    ctx.restore();
  }
};

/** An evening or night sky over dark ground. */
const dusk: Background = (ctx, width, height, random) => {
  const high: Colour = [random.uniform(220, 280), random.uniform(0.3, 0.6), random.uniform(0.2, 0.45)];
  const low: Colour = [random.uniform(-20, 50), random.uniform(0.4, 0.7), random.uniform(0.45, 0.7)];
  const sky = ctx.createLinearGradient(0, 0, 0, height);
  sky.addColorStop(0, css(high));
  sky.addColorStop(1, css(low));
  ctx.fillStyle = sky;
  ctx.fillRect(0, 0, width, height);
  ctx.fillStyle = css([50, 0.6, 0.9], 0.9);
  for (let i = 0; i < 30; i++)
    disc(ctx, random.uniform(0, width), random.uniform(0, height * 0.5), random.uniform(0.5, 1.5));
  disc(ctx, random.uniform(0, width), random.uniform(0, height * 0.3), height * random.uniform(0.04, 0.09));
  const ground = height * random.uniform(0.6, 0.85);
  ctx.fillStyle = css([high[0], 0.2, random.uniform(0.15, 0.4)]);
  ctx.fillRect(0, ground, width, height);
};

/** A leaf from the origin to the right, `length` long. */
export function leaf(ctx: Context, length: number, colour: Colour): void {
  ctx.beginPath();
  ctx.moveTo(0, 0);
  ctx.quadraticCurveTo(length / 2, -length * 0.45, length, 0);
  ctx.quadraticCurveTo(length / 2, length * 0.45, 0, 0);
  ctx.fillStyle = css(colour);
  ctx.fill();
  ctx.lineWidth = Math.max(1, length * 0.02);
  ctx.strokeStyle = css(lighter(colour, -0.12));
  ctx.stroke();
  ctx.beginPath();
  ctx.moveTo(0, 0);
  ctx.lineTo(length * 0.92, 0);
  for (const t of [0.3, 0.5, 0.7]) {
    ctx.moveTo(length * t, 0);
    ctx.lineTo(length * (t + 0.12), -length * 0.13);
    ctx.moveTo(length * t, 0);
    ctx.lineTo(length * (t + 0.12), length * 0.13);
  }
  ctx.stroke();
}

export function disc(ctx: Context, x: number, y: number, r: number): void {
  ctx.beginPath();
  ctx.arc(x, y, r, 0, 2 * Math.PI);
  ctx.fill();
}
