import { Conv2d } from '../nn/conv';
import { onForward } from '../nn/hooks';
import type { Module } from '../nn/module';
import { resnet101, resnet152, resnet18, resnet34, resnet50 } from './builders';
import { Bottleneck, type ResNet } from './resnet';
import { type Summary, summarize } from './summarize';

/** The depths that the paper's Table 1 has. */
export type Depth = 18 | 34 | 50 | 101 | 152;

/** Its columns: the networks, and their FLOPs as the paper states them. */
const NETWORKS: Readonly<Record<Depth, { build: () => ResNet; paperFlops: number }>> = {
  18: { build: () => resnet18(), paperFlops: 1.8e9 },
  34: { build: () => resnet34(), paperFlops: 3.6e9 },
  50: { build: () => resnet50(), paperFlops: 3.8e9 },
  101: { build: () => resnet101(), paperFlops: 7.6e9 },
  152: { build: () => resnet152(), paperFlops: 11.3e9 },
};

/** A row for `showTable`: what is in it, the size of the output, and a cell for each network ("18-layer"). */
export type StageRow = { [column: string]: string };

/**
 * Moves the stride of 2 of each Bottleneck from its 3x3 convolution, where torchvision has it, to its first 1x1, where the
 * paper has it. The weights fit both, but a network trained one way is no good the other way.
 *
 * @returns the same model.
 */
export function usePaperStrides(model: ResNet): ResNet {
  for (const block of model.modules()) {
    if (!(block instanceof Bottleneck) || block.conv2.stride === 1) continue;
    block.conv1.stride = block.conv2.stride;
    block.conv2.stride = 1;
  }
  return model;
}

function convolution(conv: Conv2d): string {
  const groups = conv.groups === 1 ? '' : `, C=${conv.groups}`;
  return `${conv.kernelSize}×${conv.kernelSize}, ${conv.outChannels}${groups}`;
}

/** "[3×3, 64; 3×3, 64] × 2" */
function blocks(stage: Module): string {
  const all = stage.children();
  const convolutions = all[0].children().filter((each): each is Conv2d => each instanceof Conv2d);
  return `[${convolutions.map(convolution).join('; ')}] × ${all.length}`;
}

type InputShape = readonly [number, number, number, number];

/** {@link summarize}, and the height and width of each named module's output. */
function measure(model: ResNet, inputShape: InputShape): Summary & { sides: Map<string, string> } {
  const sides = new Map<string, string>();
  const takeOff = onForward(model, (name, _module, _input, { shape }) => {
    if (shape.length === 4) sides.set(name, `${shape[1]}×${shape[2]}`);
  });
  try {
    return { ...summarize(model, inputShape), sides };
  } finally {
    takeOff();
  }
}

const billions = (flops: number, digits = 2): string => `${(flops / 1e9).toFixed(digits)} × 10⁹`;

/**
 * The paper's Table 1, read off the models themselves: each is built, run once, and asked for its convolutions, output
 * sizes and multiply-adds.
 *
 * The bottleneck nets count more here than in the paper (ResNet-50: 4.09 against 3.8 billion), because torchvision moved
 * the stride from the 1x1 to the 3x3 convolution; a row of its own shows them with the paper's strides. What is left then
 * is rounding.
 *
 * @param depths - which networks; default all five (some seconds, 200 MB at most at a time).
 * @param inputSize - side of the pictures in pixels; default 224.
 */
export function stageTable(
  depths: readonly Depth[] = [18, 34, 50, 101, 152],
  inputSize = 224,
): { rows: StageRow[]; footer: StageRow[] } {
  const layers = ['conv1', 'conv2_x', 'conv3_x', 'conv4_x', 'conv5_x', 'classifier'];
  const rows = layers.map((layer): StageRow => ({ layer, output: '' }));
  const titles = ['Parameters', 'FLOPs', 'FLOPs with the paper’s strides', 'FLOPs in the paper'];
  const footer = titles.map((layer): StageRow => ({ layer, output: '' }));
  for (const depth of depths) {
    const { build, paperFlops } = NETWORKS[depth];
    const model = build();
    try {
      const column = `${depth}-layer`;
      const stages = [model.layer1, model.layer2, model.layer3, model.layer4];
      const cells = [
        `${convolution(model.conv1)}, stride ${model.conv1.stride}`,
        ...stages.map(blocks),
        `average pool, ${model.fc.outFeatures}-d fc, softmax`,
      ];
      const pool = model.maxpool;
      cells[1] = `${pool.kernelSize}×${pool.kernelSize} max pool, stride ${pool.stride}; ${cells[1]}`;
      const shape: InputShape = [1, inputSize, inputSize, 3];
      const { parameters, flops, sides } = measure(model, shape);
      ['conv1', 'layer1', 'layer2', 'layer3', 'layer4', 'avgpool'].forEach((name, i) => {
        rows[i].output = sides.get(name) ?? '';
        rows[i][column] = cells[i];
      });
      const numbers = [
        parameters.toLocaleString('en'),
        billions(flops),
        billions(summarize(usePaperStrides(model), shape).flops),
        billions(paperFlops, 1),
      ];
      numbers.forEach((number, i) => (footer[i][column] = number));
    } finally {
      model.dispose();
    }
  }
  return { rows, footer };
}
