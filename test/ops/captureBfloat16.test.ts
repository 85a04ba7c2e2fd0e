import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CifarResNet } from '../../src/models/cifar';
import { BasicBlock, ResNet } from '../../src/models/resnet';
import { FrozenBatchNorm2d, GroupNorm } from '../../src/nn/norm';
import { withPrecision } from '../../src/ops/precision';
import { type Options, adam, bottlenecks, compare, first, small, steps, training } from './capturing';
import { pretendBfloat16 } from './pretendBfloat16';

pretendBfloat16();

const NETS: Record<string, Options> = {
  'a CIFAR net': { model: small, size: 16 },
  'projections, Adam': {
    model: () => new CifarResNet(8, { numClasses: 5, shortcut: 'B', widths: [4, 4, 8] }),
    optimizer: adam,
  },
  'basic blocks, max pooling': {
    model: () => new ResNet(BasicBlock, [1, 1, 1, 1], { numClasses: 5 }),
    size: 32,
  },
  'bottlenecks in groups': { model: bottlenecks({ groups: 4, widthPerGroup: 4 }), size: 32 },
  'group normalization': {
    model: () =>
      new ResNet(BasicBlock, [1, 1, 1, 1], {
        numClasses: 5,
        normLayer: (channels) => new GroupNorm(4, channels),
      }),
    size: 32,
  },
  'frozen normalization': {
    model: () =>
      new ResNet(BasicBlock, [1, 1, 1, 1], {
        numClasses: 5,
        normLayer: (channels) => new FrozenBatchNorm2d(channels),
      }),
    size: 32,
  },
};
for (const [name, options] of Object.entries(NETS)) {
  test(`a graph in bfloat16 gives the bits that op by op gives: ${name}`, () =>
    compare(
      { ...options, precision: 'bfloat16' },
      (side) => steps(side, first(4), { n: 2, size: options.size }),
      2,
    ));
}

test('each precision has its graph', () => {
  const [eager, captured] = [false, true].map((enabled) => {
    const side = training(enabled);
    const losses = (['float32', 'bfloat16', 'float32'] as const).map((precision) =>
      withPrecision(precision, () => steps(side, first(4))),
    );
    side.dispose();
    return losses;
  });
  assert.deepEqual(captured, eager);
  assert.notDeepEqual(eager[0], eager[1]);
});
