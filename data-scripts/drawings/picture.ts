import { createCanvas, type Canvas } from 'canvas';
import type { Random } from '../../src/random';
import { drawAnt } from './ant';
import { drawBackground } from './backgrounds';
import { drawBee } from './bee';
import type { Context } from './brush';
import { drawCat } from './cat';
import { drawThing } from './clutter';
import { coat, css, INK, type Coat } from './colours';
import { drawDog } from './dog';
import { lightAndLens } from './light';

export type Animal = 'cat' | 'dog' | 'ant' | 'bee';

const DRAW: Record<Animal, (ctx: Context, coat: Coat, random: Random) => void> = {
  cat: drawCat,
  dog: drawDog,
  ant: drawAnt,
  bee: drawBee,
};

/**
 * Draws one picture: background, things, one to three animals of a kind, things in front, light.
 * Everything but the animal itself is drawn from the same distribution for every class, so only its shape tells.
 * Between 160 and 320 pixels on a side, upright or lying.
 */
export function drawPicture(animal: Animal, random: Random): Canvas {
  const long = 200 + random.integer(121);
  const short = Math.max(160, Math.round(long / random.uniform(1, 1.5)));
  const [width, height] = random.next() < 0.55 ? [long, short] : [short, long];
  const canvas = createCanvas(width, height);
  const ctx = canvas.getContext('2d');
  drawBackground(ctx, width, height, random);
  things(ctx, width, height, 2 + random.integer(5), [0.08, 0.25], random);
  for (const place of places(width, height, random)) {
    ctx.save();
    ctx.translate(place.x, place.y);
    castShadow(ctx, place.size, random);
    ctx.rotate(place.angle);
    ctx.scale(random.next() < 0.5 ? -place.size : place.size, place.size * random.uniform(0.9, 1.1));
    DRAW[animal](ctx, coat(random), random);
    ctx.restore();
    if (random.next() < 0.3) occlude(ctx, place, random);
  }
  lightAndLens(ctx, width, height, random);
  return canvas;
}

interface Place {
  x: number;
  y: number;
  /** Pixels a side of the animal's box. */
  size: number;
  angle: number;
}

/** Where the animals stand: mostly one, sometimes two or three side by side. */
function places(width: number, height: number, random: Random): Place[] {
  const draw = random.next();
  const count = draw < 0.75 ? 1 : draw < 0.92 ? 2 : 3;
  const [short, long] = [Math.min(width, height), Math.max(width, height)];
  const upright = random.next() < 0.5; // whether the animals keep their heads up or lie at any angle
  return Array.from({ length: count }, (_, i) => {
    const size =
      count === 1
        ? short * random.uniform(0.52, 1.0)
        : Math.min(0.7 * short, long / count) * random.uniform(0.8, 1.0);
    const margin = 0.4 * size;
    const along = (length: number, cell: number, cells: number): number => {
      const [low, high] = [margin, Math.max(margin, length - margin)];
      return low + (high - low) * ((cell + random.uniform(0.1, 0.9)) / cells);
    };
    return {
      x: along(width, width >= height ? i : 0, width >= height ? count : 1),
      y: along(height, width >= height ? 0 : i, width >= height ? 1 : count),
      size,
      angle: upright ? random.uniform(-0.3, 0.3) : random.uniform(-1, 1),
    };
  });
}

/** A soft shadow below an animal. */
function castShadow(ctx: Context, size: number, random: Random): void {
  const [x, y] = [random.uniform(-0.06, 0.06) * size, random.uniform(0.1, 0.4) * size];
  ctx.save();
  ctx.translate(x, y);
  ctx.scale(1, 0.35);
  const soft = ctx.createRadialGradient(0, 0, 0, 0, 0, 0.5 * size);
  soft.addColorStop(0, css(INK, random.uniform(0.1, 0.45)));
  soft.addColorStop(1, css(INK, 0));
  ctx.fillStyle = soft;
  ctx.fillRect(-size, -size, 2 * size, 2 * size);
  ctx.restore();
}

/** A thing that stands before the animal's edge. */
function occlude(ctx: Context, { x, y, size }: Place, random: Random): void {
  const angle = random.uniform(0, 2 * Math.PI);
  const reach = size * random.uniform(0.3, 0.45);
  const thing = size * random.uniform(0.15, 0.3);
  drawThing(ctx, x + reach * Math.cos(angle), y + reach * Math.sin(angle), thing, random);
}

function things(
  ctx: Context,
  width: number,
  height: number,
  count: number,
  sizes: readonly [number, number],
  random: Random,
): void {
  for (let i = 0; i < count; i++) {
    const size = Math.min(width, height) * random.uniform(...sizes);
    drawThing(ctx, random.uniform(0, width), random.uniform(0, height), size, random);
  }
}
