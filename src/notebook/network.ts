import * as tf from '@tensorflow/tfjs-node';
import { onForward } from '../models/summary';
import { Conv2d } from '../nn/conv';
import { Linear } from '../nn/layers';
import { evalForNow } from '../nn/mode';
import type { Module } from '../nn/module';
import { type BlockTrace, traceBlock } from './blocks';
import { escapeHtml, show } from './display';
import { COLORS, TEXT_COLOR } from './house';
import { svgDrawing, svgText } from './svg';

/** A box: a layer with weights or a pooling, with the shape of what came out of it. */
interface Box {
  label: string;
  shape: readonly number[];
}

/** Boxes one below the other, and the shortcut around them. */
interface Group {
  boxes: Box[];
  /** 'none' for layers outside of blocks, and for plain blocks. */
  shortcut: 'none' | 'identity' | 'projection';
}

/** "3×3 conv, 128, /2", as the paper's figure 3 writes it. */
function labelOf(layer: Module): string | undefined {
  if (layer instanceof Conv2d) {
    const { kernelSize: k, outChannels, stride } = layer;
    return `${k}×${k} conv, ${outChannels}${stride > 1 ? `, /${stride}` : ''}`;
  }
  if (layer instanceof Linear) return `fc, ${layer.outFeatures}`;
  const pools: Record<string, string> = { MaxPool2d: 'max pool', AdaptiveAvgPool2d: 'average pool' };
  return pools[layer.constructor.name];
}

/** A residual block, or a plain one: a module that itself holds convolutions and is not the whole network. */
function isBlock(module: Module): boolean {
  const layers = module.children();
  return layers.some((child) => child instanceof Conv2d) && !layers.some((child) => child instanceof Linear);
}

function groupOf(trace: BlockTrace): Group {
  const boxes = trace.main.flatMap(({ layer, shape }): Box[] =>
    layer instanceof Conv2d ? [{ label: labelOf(layer) ?? '', shape }] : [],
  );
  const { shortcut } = trace;
  return { boxes, shortcut: shortcut === null ? 'none' : shortcut.length > 0 ? 'projection' : 'identity' };
}

/** Runs zeros through a network and writes down its layers, those of each block together. */
export function traceNetwork(model: Module, input: readonly number[]): Group[] {
  const found: (Group | { block: Module; input: readonly number[] })[] = [];
  const candidates = model.modules().filter((module) => module !== model && isBlock(module));
  const within = new Set(candidates.flatMap((block) => block.modules().filter((module) => module !== block)));
  const blocks = candidates.filter((block) => !within.has(block)); // without the shortcuts' own sequences
  const inside = new Set(blocks.flatMap((block) => block.modules()));
  const takeOff = onForward(model, (_name, module, x, y) => {
    if (blocks.includes(module)) found.push({ block: module, input: x.shape });
    else if (!inside.has(module)) {
      const label = labelOf(module);
      if (label) found.push({ boxes: [{ label, shape: y.shape }], shortcut: 'none' });
    }
  });
  const restore = evalForNow(model);
  try {
    tf.tidy(() => void model.forward(tf.zeros([...input])));
  } finally {
    takeOff();
    restore();
  }
  return found.map((each) => ('block' in each ? groupOf(traceBlock(each.block, each.input)) : each));
}

const WIDTH = 180;
const HEIGHT = 18;
const GAP = 9;
const LEFT = 96; // room for the sizes
const ARC = 44; // how far a shortcut swings out

/**
 * Draws whole networks side by side, as the paper's figure 3 does, from what ran when zeros went through them: layers with
 * weights and poolings, identity shortcuts as lines, shortcuts with layers of their own dashed.
 *
 * @param input - what goes in, [N, H, W, C].
 */
export function showNetwork(
  networks: readonly { title: string; model: Module; input: readonly number[] }[],
  { caption }: { caption?: string } = {},
): void {
  const drawn = networks.map(({ title, model, input }) => drawNetwork(title, traceNetwork(model, input)));
  const words = drawn.map((one) => one.words).join(' ');
  const below = caption ? `<figcaption>${escapeHtml(caption)}</figcaption>` : '';
  show(
    {
      'text/html': `<figure style="margin:0"><div style="display:flex;flex-wrap:wrap;gap:8px">${drawn.map((one) => one.svg).join('')}</div>${below}</figure>`,
      'text/plain': words,
    },
    { figure: { caption: caption ?? '' } },
  );
}

function drawNetwork(title: string, groups: readonly Group[]): { svg: string; words: string } {
  const parts = [svgText(LEFT, 16, title, 'font-weight="bold"')];
  const widths: number[] = []; // channels that have occurred; each gets a colour
  const middle = LEFT + WIDTH / 2;
  let y = 28;
  let size = '';
  for (const { boxes, shortcut } of groups) {
    const top = y - GAP / 2;
    for (const { label, shape } of boxes) {
      const channels = shape[shape.length - 1];
      if (!widths.includes(channels)) widths.push(channels);
      const color = COLORS[widths.indexOf(channels) % COLORS.length];
      const sides = shape.length === 4 ? `${shape[1]} × ${shape[2]}` : '';
      if (sides !== size && sides)
        parts.push(svgText(LEFT - 10, y + 13, sides, 'text-anchor="end" font-size="11"'));
      size = sides;
      parts.push(
        `<rect x="${LEFT}" y="${y}" width="${WIDTH}" height="${HEIGHT}" rx="4" fill="${color}" fill-opacity="0.08" stroke="${color}"/>`,
        svgText(middle, y + 13, label, 'text-anchor="middle" font-size="11"'),
        `<path d="M${middle} ${y + HEIGHT}v${GAP}" stroke="${TEXT_COLOR}"/>`,
      );
      y += HEIGHT + GAP;
    }
    if (shortcut !== 'none') {
      const [right, bottom] = [LEFT + WIDTH, y - GAP / 2];
      const dashes = shortcut === 'projection' ? ' stroke-dasharray="4 3"' : '';
      parts.push(
        `<path d="M${middle} ${top}H${right}C${right + ARC} ${top} ${right + ARC} ${bottom} ${right} ${bottom}H${middle}" fill="none" stroke="${TEXT_COLOR}"${dashes}/>`,
        `<circle cx="${middle}" cy="${bottom}" r="3" fill="${TEXT_COLOR}"/>`,
      );
    }
  }
  const layers = groups.reduce((sum, { boxes }) => sum + boxes.length, 0);
  const count = (kind: Group['shortcut']) => groups.filter(({ shortcut }) => shortcut === kind).length;
  const words =
    `${title}: ${layers} layers one after the other, ${count('identity')} shortcuts that are the identity, ` +
    `${count('projection')} with layers of their own.`;
  const [width, height] = [LEFT + WIDTH + ARC, y + 4];
  return { svg: svgDrawing(width, height, words, parts), words };
}
