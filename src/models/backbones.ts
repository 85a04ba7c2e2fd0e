import { skipInit } from '../nn/init';
import * as builders from './builders';
import type { CifarResNet } from './cifar';
import * as cifarBuilders from './cifarBuilders';
import * as cifarWeights from './cifarWeights';
import type { ResNet } from './resnet';
import * as resnetWeights from './resnetWeights';
import type { Weights, WeightsEnum } from './weights';

/** A network that ends in average pooling and a last layer `fc`: torchvision's, or one for CIFAR-10. */
export type Network = ResNet | CifarResNet;

/** A builder by its name, and the weights there are for it. */
interface Backbone {
  /** "resnet34" */
  name: string;
  /** All of them, the default first. */
  weights: readonly Weights[];
  build(options: { numClasses: number }): Network;
}

const MEMBERS: WeightsEnum<string>[] = Object.values({ ...resnetWeights, ...cifarWeights });
const BACKBONES: readonly Backbone[] = Object.values({ ...builders, ...cifarBuilders }).flatMap((build) => {
  const members = MEMBERS.find(
    ({ DEFAULT }) => DEFAULT.enumName.replace(/_Weights$/, '').toLowerCase() === build.name,
  );
  // not `_resnet`, which makes builders, nor the plain twins, for which there are no weights
  return members
    ? [
        {
          name: build.name,
          weights: [...new Set([members.DEFAULT, ...Object.values(members)])],
          build: build as Backbone['build'],
        },
      ]
    : [];
});

/** Names of the builders that a model may have: torchvision's ten, and those of the CIFAR nets. */
export const BACKBONE_NAMES: readonly string[] = BACKBONES.map(({ name }) => name);

/** Whether it is the builder of a CIFAR net, and not one of torchvision's. */
export const isCifar = (name: string): boolean => name.endsWith('_cifar');

/** @throws Error that lists the names, when there is none of this one. */
function findBackbone(name: string): Backbone {
  const found = BACKBONES.find((each) => each.name === name);
  if (found) return found;
  throw new Error(
    `There is no network named ${JSON.stringify(name)}; there are ${BACKBONE_NAMES.join(', ')}.`,
  );
}

/**
 * A network by its builder's name, with an output for each of so many classes, whose weights are to be loaded: none is drawn.
 */
export function buildBackbone(name: string, numClasses: number): Network {
  const { build } = findBackbone(name);
  return skipInit(() => build({ numClasses }));
}

/** The weights to start from: the first that lie on this machine, the default before others; else the default. */
export function backboneWeights(name: string): Weights {
  const { weights } = findBackbone(name);
  return weights.find(({ available }) => available) ?? weights[0];
}

/** The network to start from where nobody names one: the article's, or a quicker one, if its weights are here; else our own. */
export function startingBackbone(): string {
  return ['resnet34', 'resnet18'].find((name) => backboneWeights(name).available) ?? 'resnet20x2_cifar';
}
