import { Conv2d } from '../nn/conv';
import { Linear } from '../nn/layers';
import type { Module } from '../nn/module';
import { convLabel } from './blocks';
import { showHtmlFigure } from './figure';
import { COLORS, TEXT_COLOR } from './style';
import { svgDrawing, svgText } from './svg';
import { type BlockTrace, type Step, traceNetwork } from './trace';

// Three stand side by side in a page's column of 768 pixels.
const WIDTH = 132;
const HEIGHT = 18;
const GAP = 9;
const LEFT = 74; // room for the sizes
const MIDDLE = LEFT + WIDTH / 2;
const ARC = 36; // how far a shortcut swings out

/**
 * Draws whole networks side by side, as the paper's figure 3 does, from what ran when zeros went through them: layers with
 * weights and poolings, identity shortcuts as lines, shortcuts with layers of their own dashed.
 *
 * @param networks - `input` is the shape of what goes in, [N, H, W, C].
 */
export function showNetwork(
  networks: readonly { title: string; model: Module; input: readonly number[] }[],
  { caption }: { caption?: string } = {},
): void {
  const drawn = networks.map(({ title, model, input }) => drawNetwork(title, traceNetwork(model, input)));
  showHtmlFigure(
    `<div style="display:flex;flex-wrap:wrap;gap:8px">${drawn.map(({ svg }) => svg).join('')}</div>`,
    drawn.map(({ words }) => words).join(' '),
    caption,
  );
}

/** What the paper's figure 3 writes into a layer's box; nothing for layers that have none. */
function labelOf(layer: Module): string | undefined {
  if (layer instanceof Conv2d) return convLabel(layer, String(layer.outChannels));
  if (layer instanceof Linear) return `fc, ${layer.outFeatures}`;
  const pools: Record<string, string> = { MaxPool2d: 'max pool', AdaptiveAvgPool2d: 'average pool' };
  return pools[layer.constructor.name];
}

function drawNetwork(title: string, found: readonly (Step | BlockTrace)[]): { svg: string; words: string } {
  const parts = [svgText(LEFT, 16, title, 'font-weight="bold"')];
  const widths: number[] = []; // channels that have occurred; each gets a colour
  const count = { layers: 0, identity: 0, projection: 0 };
  let y = 28;
  let size = '';
  const box = (label: string, shape: readonly number[]) => {
    const channels = shape[shape.length - 1];
    if (!widths.includes(channels)) widths.push(channels);
    const color = COLORS[widths.indexOf(channels) % COLORS.length];
    const sides = shape.length === 4 ? `${shape[1]} × ${shape[2]}` : '';
    if (sides && sides !== size)
      parts.push(svgText(LEFT - 10, y + 13, sides, 'text-anchor="end" font-size="11"'));
    size = sides;
    parts.push(
      `<rect x="${LEFT}" y="${y}" width="${WIDTH}" height="${HEIGHT}" rx="4" fill="${color}" fill-opacity="0.08" stroke="${color}"/>`,
      svgText(MIDDLE, y + 13, label, 'text-anchor="middle" font-size="11"'),
      `<path d="M${MIDDLE} ${y + HEIGHT}v${GAP}" stroke="${TEXT_COLOR}"/>`,
    );
    y += HEIGHT + GAP;
    count.layers += 1;
  };
  for (const each of found) {
    const top = y - GAP / 2;
    const steps = 'main' in each ? each.main.filter(({ layer }) => layer instanceof Conv2d) : [each];
    for (const { layer, shape } of steps) {
      const label = labelOf(layer);
      if (label) box(label, shape);
    }
    if (!('main' in each && each.shortcut)) continue;
    const kind = each.shortcut.length > 0 ? 'projection' : 'identity';
    const [right, bottom] = [LEFT + WIDTH, y - GAP / 2];
    const dashes = kind === 'projection' ? ' stroke-dasharray="4 3"' : '';
    parts.push(
      `<path d="M${MIDDLE} ${top}H${right}C${right + ARC} ${top} ${right + ARC} ${bottom} ${right} ${bottom}H${MIDDLE}" fill="none" stroke="${TEXT_COLOR}"${dashes}/>`,
      `<circle cx="${MIDDLE}" cy="${bottom}" r="3" fill="${TEXT_COLOR}"/>`,
    );
    count[kind] += 1;
  }
  const words =
    `${title}: ${count.layers} layers one after the other, ${count.identity} shortcuts that are the identity, ` +
    `${count.projection} with layers of their own.`;
  return { svg: svgDrawing(LEFT + WIDTH + ARC, y + 4, words, parts), words };
}
