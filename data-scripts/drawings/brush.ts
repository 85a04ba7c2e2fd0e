import type { CanvasRenderingContext2D } from 'canvas';
import type { Random } from '../../src/random';
import { css, lighter, type Colour } from './colours';

export type Context = CanvasRenderingContext2D;
export type Point = readonly [x: number, y: number];
/** A colour, or a colour that is shaded from light (above) to dark (below). */
export type Paint = Colour | { shaded: Colour };

/**
 * What the animals are drawn with: outlined shapes with slightly unsteady edges, as by hand.
 * Lengths are in the animal's own units: it fills a box of 1 by 1 about the origin, y pointing down.
 */
export class Brush {
  /**
   * @param ctx - canvas context, already moved, turned and scaled to the animal's place.
   * @param outline - colour of outlines.
   * @param random - decides how the hand trembles.
   * @param lineWidth - width of outlines, in the animal's units.
   */
  constructor(
    readonly ctx: Context,
    readonly outline: Colour,
    readonly random: Random,
    readonly lineWidth = 0.014,
  ) {
    ctx.lineJoin = 'round';
    ctx.lineCap = 'round';
  }

  /** A closed, smooth shape through the points. */
  blob(points: readonly Point[], paint: Paint, outlined = true): void {
    const { ctx } = this;
    ctx.beginPath();
    smooth(ctx, points.map(this.tremble), true);
    this.paint(paint, points);
    if (outlined) this.strokeOutline();
  }

  /** A closed shape with straight sides and rounded corners. */
  polygon(points: readonly Point[], paint: Paint, outlined = true): void {
    const { ctx } = this;
    ctx.beginPath();
    for (const [x, y] of points.map(this.tremble)) ctx.lineTo(x, y);
    ctx.closePath();
    this.paint(paint, points);
    if (outlined) this.strokeOutline();
  }

  ellipse(x: number, y: number, rx: number, ry: number, paint: Paint, angle = 0, outlined = true): void {
    const { ctx } = this;
    ctx.beginPath();
    ctx.ellipse(x, y, rx, ry, angle, 0, 2 * Math.PI);
    this.paint(paint, [
      [x - rx, y - ry],
      [x + rx, y + ry],
    ]);
    if (outlined) this.strokeOutline();
  }

  /** A limb: a thick, round-ended curve with an outline. */
  limb(points: readonly Point[], width: number, colour: Colour): void {
    const path = points.map(this.tremble);
    this.curve(path, width + this.lineWidth, this.outline);
    this.curve(path, width - this.lineWidth, colour);
  }

  /** A bare curve without an outline. */
  curve(points: readonly Point[], width: number, colour: Colour, alpha = 1): void {
    const { ctx } = this;
    ctx.beginPath();
    smooth(ctx, points, false);
    ctx.lineWidth = width;
    ctx.strokeStyle = css(colour, alpha);
    ctx.stroke();
  }

  /** Runs `draw` with everything outside the closed curve through `points` masked: for stripes and patches. */
  inside(points: readonly Point[], draw: () => void): void {
    const { ctx } = this;
    ctx.save();
    ctx.beginPath();
    smooth(ctx, points, true);
    ctx.clip();
    draw();
    ctx.restore();
  }

  /** Runs `draw` in a frame moved to (x, y), turned and scaled. */
  at(x: number, y: number, angle: number, scale: number, draw: () => void): void {
    const { ctx } = this;
    ctx.save();
    ctx.translate(x, y);
    ctx.rotate(angle);
    ctx.scale(scale, scale);
    draw();
    ctx.restore();
  }

  private readonly tremble = ([x, y]: Point): Point => [
    x + this.random.uniform(-0.005, 0.005),
    y + this.random.uniform(-0.005, 0.005),
  ];

  private strokeOutline(): void {
    this.ctx.lineWidth = this.lineWidth;
    this.ctx.strokeStyle = css(this.outline);
    this.ctx.stroke();
  }

  private paint(paint: Paint, extent: readonly Point[]): void {
    const { ctx } = this;
    if ('shaded' in paint) {
      const ys = extent.map(([, y]) => y);
      const gradient = ctx.createLinearGradient(0, Math.min(...ys), 0, Math.max(...ys));
      gradient.addColorStop(0, css(lighter(paint.shaded, 0.06)));
      gradient.addColorStop(0.55, css(paint.shaded));
      gradient.addColorStop(1, css(lighter(paint.shaded, -0.08)));
      ctx.fillStyle = gradient;
    } else ctx.fillStyle = css(paint);
    ctx.fill();
  }
}

/** Adds a Catmull-Rom spline through the points to the current path. */
export function smooth(ctx: Context, points: readonly Point[], closed: boolean): void {
  const n = points.length;
  const at = (i: number): Point => (closed ? points[(i + n) % n] : points[Math.max(0, Math.min(n - 1, i))]);
  ctx.moveTo(points[0][0], points[0][1]);
  for (let i = 0; i < (closed ? n : n - 1); i++) {
    const [before, from, to, after] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    ctx.bezierCurveTo(
      from[0] + (to[0] - before[0]) / 6,
      from[1] + (to[1] - before[1]) / 6,
      to[0] - (after[0] - from[0]) / 6,
      to[1] - (after[1] - from[1]) / 6,
      to[0],
      to[1],
    );
  }
  if (closed) ctx.closePath();
}

/** Points that outline an ellipse, for shapes that are bent, masked or tufted. */
export function ring(x: number, y: number, rx: number, ry: number, n = 12): Point[] {
  return Array.from({ length: n }, (_, i) => {
    const angle = (2 * Math.PI * i) / n;
    return [x + rx * Math.cos(angle), y + ry * Math.sin(angle)] as const;
  });
}

/** The points with x mirrored. */
export function mirrored(points: readonly Point[]): Point[] {
  return points.map(([x, y]) => [-x, y] as const);
}

/** The left half of a symmetric outline, from top to bottom, completed by its mirror image. */
export function symmetric(half: readonly Point[]): Point[] {
  const inner = half.filter(([x]) => x !== 0);
  return [...half, ...mirrored(inner).reverse()];
}

/** The points, each scaled by `r` and moved to (x, y). */
export function placed(points: readonly Point[], x: number, y: number, r: number): Point[] {
  return points.map(([px, py]) => [x + r * px, y + r * py] as const);
}
