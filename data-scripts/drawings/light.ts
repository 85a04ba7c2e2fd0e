import type { Random } from '../../src/random';
import type { Context } from './brush';
import { css } from './colours';

/** What the light, the lens and the sensor do to the finished picture: shadow, tint, vignette, blur, exposure, noise. */
export function lightAndLens(ctx: Context, width: number, height: number, random: Random): void {
  if (random.next() < 0.35) shadow(ctx, width, height, random);
  tint(ctx, width, height, random);
  const image = ctx.getImageData(0, 0, width, height);
  const radius = random.next() < 0.35 ? 1 : 0;
  if (radius) blur(image.data, width, height);
  expose(image.data, random);
  ctx.putImageData(image, 0, 0);
}

/** A slanting shadow, as of a tree or a window frame. */
function shadow(ctx: Context, width: number, height: number, random: Random): void {
  ctx.save();
  ctx.translate(random.uniform(0, width), random.uniform(0, height));
  ctx.rotate(random.uniform(0, 2 * Math.PI));
  ctx.fillStyle = css([240, 0.3, 0.08], random.uniform(0.12, 0.35));
  const band = Math.min(width, height) * random.uniform(0.1, 0.35);
  const far = width + height;
  for (let i = random.integer(3); i >= 0; i--) ctx.fillRect(-far, 2 * i * band, 2 * far, band);
  ctx.restore();
}

/** Warm or cool light from one side. */
function tint(ctx: Context, width: number, height: number, random: Random): void {
  const [x, y] = [random.uniform(0, width), random.uniform(0, height)];
  const reach = Math.hypot(width, height) * random.uniform(0.5, 1);
  const glow = ctx.createRadialGradient(x, y, 0, x, y, reach);
  const hue = random.next() < 0.5 ? random.uniform(20, 55) : random.uniform(190, 250);
  glow.addColorStop(0, css([hue, 0.8, 0.65], random.uniform(0, 0.25)));
  glow.addColorStop(1, css([hue + 180, 0.4, 0.1], random.uniform(0, 0.3)));
  ctx.fillStyle = glow;
  ctx.fillRect(0, 0, width, height);
}

/** A blur of 3 by 3 pixels, the middle one counting twice along each axis. */
function blur(data: Uint8ClampedArray, width: number, height: number): void {
  for (const [step, length, lines, stride] of [
    [4, width, height, 4 * width],
    [4 * width, height, width, 4],
  ])
    for (let line = 0; line < lines; line++)
      for (let channel = 0; channel < 3; channel++) {
        let at = line * stride + channel;
        let before = data[at];
        for (let i = 0; i < length - 1; i++, at += step) {
          const here = data[at];
          data[at] = (before + 2 * here + data[at + step]) / 4;
          before = here;
        }
      }
}

/** Brightness, contrast, and the grain of a sensor. */
function expose(data: Uint8ClampedArray, random: Random): void {
  const gain = random.uniform(0.75, 1.2);
  const offset = random.uniform(-18, 18);
  const noise = random.uniform(0, 10);
  for (let at = 0; at < data.length; at += 4) {
    // The sum of two uniform draws is close enough to a normal one, and far cheaper.
    const grain = noise * (random.next() + random.next() - 1);
    for (let channel = 0; channel < 3; channel++)
      data[at + channel] = gain * data[at + channel] + offset + grain;
  }
}
