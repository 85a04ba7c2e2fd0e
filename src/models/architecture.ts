import type { Network } from './backbones';
import { CifarBlock, CifarResNet } from './cifar';
import { BasicBlock, Bottleneck, ResNet } from './resnet';

/**
 * What a network is built from, as plain data: with this and its weights, a page needs no list of the networks that there
 * are. Of the networks of `BACKBONE_NAMES` it says all.
 */
export type Architecture =
  | {
      kind: 'cifar';
      depth: number;
      /** Channels of the three stages. */
      widths: [number, number, number];
    }
  | {
      kind: 'torchvision';
      block: 'BasicBlock' | 'Bottleneck';
      /** How many blocks each of the four stages has. */
      layers: number[];
      groups: number;
      widthPerGroup: number;
    };

export function architectureOf(network: Network): Architecture {
  if (network instanceof CifarResNet) {
    const [a, b, c] = [network.layer1, network.layer2, network.layer3].map(([block]) =>
      block instanceof CifarBlock ? block.conv1.outChannels : NaN,
    );
    return { kind: 'cifar', depth: network.depth, widths: [a, b, c] };
  }
  const layers = [network.layer1, network.layer2, network.layer3, network.layer4].map(({ length }) => length);
  const [first] = network.layer1;
  if (!(first instanceof Bottleneck))
    return { kind: 'torchvision', block: 'BasicBlock', layers, groups: 1, widthPerGroup: 64 };
  const { groups, outChannels } = first.conv2; // in the first stage, a group's width is the one that is asked for
  return { kind: 'torchvision', block: 'Bottleneck', layers, groups, widthPerGroup: outChannels / groups };
}

/** The network, with weights that are to be loaded. */
export function buildArchitecture(architecture: Architecture, numClasses: number): Network {
  if (architecture.kind === 'cifar') {
    const { depth, widths } = architecture;
    return new CifarResNet(depth, { numClasses, widths });
  }
  const { block, layers, groups, widthPerGroup } = architecture;
  const type = block === 'Bottleneck' ? Bottleneck : BasicBlock;
  return new ResNet(type, layers, { numClasses, groups, widthPerGroup });
}
