import * as tf from '@tensorflow/tfjs-node';
import { onForward } from '../models/summary';
import { Conv2d } from '../nn/conv';
import { evalForNow } from '../nn/mode';
import { BatchNorm2d } from '../nn/norm';
import { Module } from '../nn/module';
import { escapeHtml, show } from './display';
import { COLORS, TEXT_COLOR } from './house';
import { svgDrawing, svgText } from './svg';

/** A block to draw. */
export interface DrawnBlock {
  title: string;
  block: Module;
  /** The shape of what goes in, [N, H, W, C]. */
  input: readonly number[];
}

/** One layer that ran. */
export interface BlockStep {
  name: string;
  layer: Module;
  /** What it is, in words: "3×3 conv, 64 → 128, /2" (the paper's way to write a stride). */
  label: string;
  /** What came out of it, [N, H, W, C]. */
  shape: readonly number[];
  /** Identify the numbers that went in and came out. */
  from: object;
  to: object;
}

/** What a block did with an input: layers one after the other, and beside them, where an addition was seen, a shortcut. */
export interface BlockTrace {
  input: readonly number[];
  /** The layers of F(x), or all layers where nothing is added. */
  main: BlockStep[];
  /** The layers of W_s x; empty for the identity; null where nothing is added. */
  shortcut: BlockStep[] | null;
  /** The layers after the addition. */
  after: BlockStep[];
  output: readonly number[];
}

function layerLabel(layer: Module): string {
  if (layer instanceof Conv2d) {
    const { kernelSize: k, inChannels, outChannels, stride, groups, dilation } = layer;
    const more = [
      stride > 1 && `/${stride}`,
      groups > 1 && `${groups} groups`,
      dilation > 1 && `dilation ${dilation}`,
    ];
    return [`${k}×${k} conv, ${inChannels} → ${outChannels}`, ...more.filter(Boolean)].join(', ');
  }
  const known: Record<string, string> = { ReLU: 'relu', PaddedShortcut: 'subsample, zero-pad' };
  return layer instanceof BatchNorm2d
    ? 'batch norm'
    : (known[layer.constructor.name] ?? layer.constructor.name);
}

/** Runs zeros through a module in evaluation mode, and writes down each layer that works on them. */
function record(module: Module, shape: readonly number[]) {
  const steps: BlockStep[] = [];
  const takeOff = onForward(module, (name, layer, x, y) => {
    if (layer === module || layer.children().length > 0) return;
    steps.push({ name, layer, label: layerLabel(layer), from: x.dataId, to: y.dataId, shape: y.shape });
  });
  const restore = evalForNow(module);
  try {
    const x = tf.zeros([...shape]);
    const y = tf.tidy(() => module.forward(x));
    tf.dispose([x, y]);
    return { steps, input: x.dataId, output: y.dataId, shape: y.shape };
  } finally {
    takeOff();
    restore();
  }
}

/**
 * Finds out what a block is made of by running it: a tensor that no layer made is taken for the sum, and the layers
 * whose results nobody took up end its summands. Blocks with one addition at most.
 */
export function traceBlock(block: Module, input: readonly number[]): BlockTrace {
  const run = record(block, input);
  const made = new Set(run.steps.map(({ to }) => to));
  const sum = [...run.steps.map(({ from }) => from), run.output].find(
    (data) => data !== run.input && !made.has(data),
  );
  if (sum === undefined) return { input, main: run.steps, shortcut: null, after: [], output: run.shape };
  const back = (end: object): BlockStep[] => {
    const step = run.steps.find(({ to }) => to === end);
    return step ? [...back(step.from), step] : [];
  };
  const after = back(run.output);
  const taken = new Set(run.steps.map(({ from }) => from));
  const [main = [], shortcut = []] = run.steps
    .filter(({ to }) => !taken.has(to) && to !== run.output)
    .map(({ to }) => back(to));
  return { input, main, shortcut, after, output: run.shape };
}

const BOX = { width: 172, height: 30, gap: 22 };
const CENTER = 92; // of the main column, in pixels
const MIDDLE = 'text-anchor="middle"';
const IDENTITY = 250; // where an empty shortcut runs down
const PROJECTION = 262; // the middle of a shortcut with layers, which has narrower boxes
const NARROW = 152;

/**
 * Draws residual blocks side by side, as the paper's figures 2 and 5 do, from what their layers did with an input:
 * nothing is drawn that was not run.
 */
export function showBlocks(
  blocks: readonly DrawnBlock[],
  { caption, alt }: { caption?: string; alt?: string } = {},
): void {
  const drawn = blocks.map(({ title, block, input }) => drawBlock(title, traceBlock(block, input)));
  const words = alt ?? drawn.map(({ words }) => words).join(' ');
  const height = Math.max(...drawn.map((one) => one.height));
  const figures = drawn.map(({ parts, width, words }) => svgDrawing(width, height, words, parts));
  const below = caption ? `<figcaption>${escapeHtml(caption)}</figcaption>` : '';
  show(
    {
      'text/html': `<figure style="margin:0"><div style="display:flex;flex-wrap:wrap;gap:4px">${figures.join('')}</div>${below}</figure>`,
      'text/plain': words,
    },
    { figure: { caption: caption ?? '' } },
  );
}

function drawBlock(title: string, trace: BlockTrace) {
  const { main, shortcut, after } = trace;
  const parts = [svgText(6, 16, title, 'font-weight="bold"')];
  let y = 52;
  const start = y;
  parts.push(svgText(CENTER, y - 8, `x: ${sides(trace.input)}`, MIDDLE));
  let shape = trace.input;
  const column = (steps: readonly BlockStep[], x: number, color: string, wide = BOX.width) => {
    for (const step of steps) {
      parts.push(arrow(x, y, y + BOX.gap), box(x, y + BOX.gap, wide, step.label, color));
      y += BOX.gap + BOX.height;
      // The shortcut ends in F(x)'s shape, which stands beside F(x).
      if (x === CENTER && sides(step.shape) !== sides(shape))
        parts.push(svgText(x + 6, y + 15, sides(step.shape), 'font-size="11"'));
      shape = step.shape;
    }
  };
  column(main, CENTER, COLORS[0]);
  if (shortcut) {
    const side = shortcut.length > 0 ? PROJECTION : IDENTITY;
    const end = y + BOX.gap + 4;
    const middle = (start + end) / 2;
    // x leaves the main column, goes down beside it, and comes back into the sum.
    const fork = start + 6;
    const rows = shortcut.length * (BOX.height + BOX.gap) + (shortcut.length > 0 ? BOX.gap : 0);
    parts.push(svgText(CENTER - 10, end - 12, 'F(x)', 'text-anchor="end" font-style="italic"'));
    parts.push(line(`M${CENTER} ${fork}H${side}V${shortcut.length > 0 ? middle - rows / 2 : end + 9}`));
    if (shortcut.length > 0) {
      [y, shape] = [middle - rows / 2, trace.input];
      column(shortcut, side, COLORS[1], NARROW);
      parts.push(line(`M${side} ${y}V${end + 9}`));
    } else {
      parts.push(svgText(side - 8, middle, 'identity', 'text-anchor="end"'));
    }
    parts.push(line(`M${side} ${end + 9}H${CENTER + 16}`));
    parts.push(`<path d="M${CENTER + 10} ${end + 9}l8 -4v8z" fill="${TEXT_COLOR}"/>`);
    parts.push(
      svgText(side - 8, end + 3, shortcut.length > 0 ? 'Wₛ x' : 'x', 'text-anchor="end" font-style="italic"'),
    );
    parts.push(arrow(CENTER, end - BOX.gap - 4, end), plus(CENTER, end + 9));
    [y, shape] = [end + 18, trace.output];
    column(after, CENTER, COLORS[0]);
  }
  parts.push(
    arrow(CENTER, y, y + BOX.gap + 4),
    svgText(CENTER, y + BOX.gap + 20, `y: ${sides(trace.output)}`, MIDDLE),
  );
  const names = (steps: readonly BlockStep[]) => steps.map(({ label }) => label).join('; ');
  const beside = shortcut && (shortcut.length > 0 ? names(shortcut) : 'the input itself');
  const words =
    `${title}: ${names(main)}` +
    (beside ? `; to this is added: ${beside}; then ${names(after) || 'nothing'}.` : '.');
  const width = shortcut === null ? 200 : shortcut.length > 0 ? PROJECTION + NARROW / 2 + 4 : IDENTITY + 10;
  return { parts, width, height: y + BOX.gap + 30, words };
}

/** [N, 56, 56, 64] as "56 × 56 × 64". */
const sides = (shape: readonly number[]): string => shape.slice(1).join(' × ');

function box(x: number, y: number, width: number, label: string, color: string): string {
  const [left, { height }] = [x - width / 2, BOX];
  const size = label.length > width / 7.6 ? 'font-size="11"' : ''; // 13 pixels high, a letter is about 7 wide
  return (
    `<rect x="${left}" y="${y}" width="${width}" height="${height}" rx="5" fill="${color}" fill-opacity="0.06" stroke="${color}" stroke-width="1.5"/>` +
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
