import { BasicBlock, Bottleneck, ResNet } from '../../../src/models/resnet';
import { summarize } from '../../../src/models/summarize';
import { disposeIfFails } from '../../../src/nn/parameter';
import type { BuiltBlock, Plan } from './messages';

/** Of all blocks together, and of groups times width: what a browser's memory holds. */
const MOST_BLOCKS = 36;
const MOST_WIDTH = 256;

/** Height, width and channels out of "[1, 56, 56, 64]". */
const sizesOf = (shape: string): string[] => shape.slice(1, -1).split(', ').slice(1);

/** Builds a network as torchvision's constructor does, four calls of `_make_layer`, and looks at each block. */
export function build({ block, layers, groups, width, dilate, side }: Plan): Promise<BuiltBlock[]> {
  if (layers.reduce((sum, count) => sum + count, 0) > MOST_BLOCKS)
    throw new Error(`More than ${MOST_BLOCKS} blocks take too long here.`);
  if (groups * width > MOST_WIDTH)
    throw new Error(`${groups} groups of width ${width} are too much for a browser's memory.`);
  const kind = block === 'Bottleneck' ? Bottleneck : BasicBlock;
  const options = { groups, widthPerGroup: width, replaceStrideWithDilation: dilate };
  const net = disposeIfFails(() => new ResNet(kind, layers, options));
  try {
    const rows = summarize(net, [1, side, side, 3]).layers;
    return Promise.resolve(
      [net.layer1, net.layer2, net.layer3, net.layer4].flatMap((stage, s) =>
        ([...stage] as (BasicBlock | Bottleneck)[]).map((each, b) => {
          const name = `layer${s + 1}.${b}`;
          const own = rows.filter((row) => row.name.startsWith(`${name}.`));
          const main = own.filter((row) => !row.name.includes('downsample'));
          return {
            name,
            inplanes: each.conv1.inChannels,
            output: sizesOf(main[main.length - 1].outputShape).join(' × '),
            stride: each.stride,
            dilation: each.conv2.dilation,
            projection: each.downsample !== null,
            convolutions: main
              .filter(({ type }) => type === 'Conv2d')
              .map((row) => sizesOf(row.outputShape)[2])
              .join(' → '),
            parameters: own.reduce((sum, row) => sum + row.parameters, 0),
            flops: own.reduce((sum, row) => sum + row.flops, 0),
          };
        }),
      ),
    );
  } finally {
    net.dispose();
  }
}
