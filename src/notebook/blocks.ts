import { Conv2d } from '../nn/conv';
import type { Module } from '../nn/module';
import { BatchNorm2d } from '../nn/norm';
import { showHtmlFigure } from './figure';
import { COLORS, TEXT_COLOR } from './style';
import { svgDrawing, svgText } from './svg';
import { type BlockTrace, type Step, traceBlock } from './trace';

/** A block to draw. */
export interface DrawnBlock {
  title: string;
  block: Module;
  /** The shape of what goes in, [N, H, W, C]. */
  input: readonly number[];
}

const BOX = { width: 172, height: 30, gap: 22 };
const CENTER = 92; // of the main column, in pixels
const MIDDLE = 'text-anchor="middle"';
const END = 'text-anchor="end"';
const IDENTITY = 250; // where an empty shortcut runs down
const PROJECTION = 262; // the middle of a shortcut with layers, which has narrower boxes
const NARROW = 152;

/**
 * Draws residual blocks side by side, as the paper's figures 2 and 5 do, from what their layers did with an input:
 * nothing is drawn that was not run.
 */
export function showBlocks(blocks: readonly DrawnBlock[], { caption }: { caption?: string } = {}): void {
  const drawn = blocks.map(({ title, block, input }) => drawBlock(title, traceBlock(block, input)));
  const height = Math.max(...drawn.map((one) => one.height));
  const drawings = drawn.map(({ parts, width, words }) => svgDrawing(width, height, words, parts));
  showHtmlFigure(
    `<div style="display:flex;flex-wrap:wrap;gap:4px">${drawings.join('')}</div>`,
    drawn.map(({ words }) => words).join(' '),
    caption,
  );
}

/** What a layer is, in words: "3×3 conv, 64 → 128, /2" (the paper's way to write a stride). */
export function labelOf({ layer }: Step): string {
  if (layer instanceof BatchNorm2d) return 'batch norm';
  if (layer instanceof Conv2d) return convLabel(layer, `${layer.inChannels} → ${layer.outChannels}`);
  const known: Record<string, string> = { ReLU: 'relu', PaddedShortcut: 'subsample, zero-pad' };
  return known[layer.constructor.name] ?? layer.constructor.name;
}

/** "3×3 conv, 128, /2", and what else a convolution has that is out of the ordinary. */
export function convLabel({ kernelSize: k, stride, groups, dilation }: Conv2d, channels: string): string {
  const more = [
    stride > 1 && `/${stride}`,
    groups > 1 && `${groups} groups`,
    dilation > 1 && `dilation ${dilation}`,
  ];
  return [`${k}×${k} conv, ${channels}`, ...more.filter(Boolean)].join(', ');
}

/** [N, 56, 56, 64] as "56 × 56 × 64". */
const sides = (shape: readonly number[]): string => shape.slice(1).join(' × ');

function drawBlock(title: string, trace: BlockTrace) {
  const { input, main, shortcut, after, output } = trace;
  const parts = [svgText(6, 16, title, 'font-weight="bold"')];
  const start = 52;
  let y = start;
  parts.push(svgText(CENTER, y - 8, `x: ${sides(input)}`, MIDDLE));
  let shape = input;
  /** Draws layers one below the other, from y on. */
  const column = (steps: readonly Step[], x: number, color: string, width = BOX.width) => {
    for (const step of steps) {
      parts.push(arrow(x, y, y + BOX.gap), box(x, y + BOX.gap, width, labelOf(step), color));
      y += BOX.gap + BOX.height;
      // The shortcut ends in F(x)'s shape, which stands beside F(x).
      if (x === CENTER && sides(step.shape) !== sides(shape))
        parts.push(svgText(x + 6, y + 15, sides(step.shape), 'font-size="11"'));
      shape = step.shape;
    }
  };
  column(main, CENTER, COLORS[0]);
  if (shortcut) {
    const projects = shortcut.length > 0;
    const side = projects ? PROJECTION : IDENTITY;
    const end = y + BOX.gap + 4; // where the arrow into the sum ends
    const sum = end + 9;
    const middle = (start + end) / 2;
    const rows = shortcut.length * (BOX.height + BOX.gap) + BOX.gap;
    const top = projects ? middle - rows / 2 : sum;
    parts.push(svgText(CENTER - 10, end - 12, 'F(x)', `${END} font-style="italic"`));
    // x leaves the main column, goes down beside it, and comes back into the sum.
    parts.push(line(`M${CENTER} ${start + 6}H${side}V${top}`));
    if (projects) {
      [y, shape] = [top, input];
      column(shortcut, side, COLORS[1], NARROW);
      parts.push(line(`M${side} ${y}V${sum}`));
    } else parts.push(svgText(side - 8, middle, 'identity', END));
    parts.push(
      line(`M${side} ${sum}H${CENTER + 16}`),
      `<path d="M${CENTER + 10} ${sum}l8 -4v8z" fill="${TEXT_COLOR}"/>`,
      svgText(side - 8, end + 3, projects ? 'Wₛ x' : 'x', `${END} font-style="italic"`),
      arrow(CENTER, end - BOX.gap - 4, end),
      plus(CENTER, sum),
    );
    [y, shape] = [end + 18, output];
    column(after, CENTER, COLORS[0]);
  }
  parts.push(arrow(CENTER, y, y + BOX.gap + 4));
  parts.push(svgText(CENTER, y + BOX.gap + 20, `y: ${sides(output)}`, MIDDLE));

  const width = !shortcut ? 200 : shortcut.length > 0 ? PROJECTION + NARROW / 2 + 4 : IDENTITY + 10;
  return { parts, width, height: y + BOX.gap + 30, words: inWords(title, trace) };
}

function inWords(title: string, { main, shortcut, after }: BlockTrace): string {
  const names = (steps: readonly Step[]) => steps.map(labelOf).join('; ');
  if (!shortcut) return `${title}: ${names(main)}.`;
  const added = names(shortcut) || 'the input itself';
  return `${title}: ${names(main)}; to this is added: ${added}; then ${names(after) || 'nothing'}.`;
}

function box(x: number, y: number, width: number, label: string, color: string): string {
  const { height } = BOX;
  const size = label.length > width / 7.6 ? 'font-size="11"' : ''; // 13 pixels high, a letter is about 7 wide
  return (
    `<rect x="${x - width / 2}" y="${y}" width="${width}" height="${height}" rx="5" fill="${color}" fill-opacity="0.06" stroke="${color}" stroke-width="1.5"/>` +
    svgText(x, y + height / 2 + 4.5, label, `${MIDDLE} ${size}`)
  );
}

function line(path: string): string {
  return `<path d="${path}" fill="none" stroke="${TEXT_COLOR}" stroke-width="1.5"/>`;
}

function arrow(x: number, from: number, to: number): string {
  return `${line(`M${x} ${from}V${to - 6}`)}<path d="M${x} ${to}l-4 -8h8z" fill="${TEXT_COLOR}"/>`;
}

function plus(x: number, y: number): string {
  return `<circle cx="${x}" cy="${y}" r="9" fill="none" stroke="${TEXT_COLOR}" stroke-width="1.5"/>${line(`M${x - 5} ${y}h10M${x} ${y - 5}v10`)}`;
}
