import * as tf from '@tensorflow/tfjs-node';
import { CifarBlock, CifarResNet } from '../../../src/models/cifar';

/** The blocks of the three stages. */
export function stagesOf(model: CifarResNet): CifarBlock[][] {
  return [model.layer1, model.layer2, model.layer3].map((stage) =>
    stage.children().filter((block) => block instanceof CifarBlock),
  );
}

/**
 * A deeper plain network that computes what a shallower one does: its blocks, and after those of each stage new ones that
 * hand on what they get. Such a block is the identity because what reaches it went through a relu and is not negative.
 *
 * @returns a network of its own, in evaluation mode.
 */
export function grow(shallow: CifarResNet, depth: number): CifarResNet {
  const deep = new CifarResNet(depth, { shortcut: 'none' });
  const blocks = (depth - 2) / 6;
  const have = (shallow.depth - 2) / 6;
  const result = deep.loadStateDict(shallow.stateDict(), { strict: false });
  if (result.unexpectedKeys.length > 0 || blocks < have)
    throw new Error(
      `grow: ${depth} layers are not more than ${shallow.depth}, or the network has shortcuts.`,
    );
  for (const stage of stagesOf(deep)) stage.slice(have).forEach(makeIdentity);
  return deep.eval();
}

function makeIdentity(block: CifarBlock): void {
  for (const [conv, bn] of [
    [block.conv1, block.bn1],
    [block.conv2, block.bn2],
  ] as const) {
    const channels = conv.outChannels;
    const filter = tf.buffer([3, 3, channels, channels]);
    for (let c = 0; c < channels; c++) filter.set(1, 1, 1, c, c);
    conv.weight.assign(filter.toTensor());
    // y = (x - 0) / sqrt((1 - eps) + eps): exactly x, where a variance of 1 would shrink it a little in every layer
    bn.runningVar.assign(tf.fill([channels], 1 - bn.eps));
  }
}
