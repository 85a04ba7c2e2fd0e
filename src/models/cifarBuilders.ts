import { disposeIfFails } from '../nn/parameter';
import { type Builder, _ovewriteNamedParam, buildAndLoad, namedBuilder } from './build';
import { type CifarOptions, CifarResNet } from './cifar';
import {
  ResNet110_Cifar_Weights,
  ResNet20_Cifar_Weights,
  ResNet20x2_Cifar_Weights,
  ResNet32_Cifar_Weights,
  ResNet44_Cifar_Weights,
  ResNet56_Cifar_Weights,
} from './cifarWeights';
import { type WeightsEnum, verifyWeights } from './weights';

/** @param widths - of a net that is wider than the paper's. */
function cifar<Enum extends string>(
  depth: number,
  weightsEnum: WeightsEnum<Enum>,
  widths?: CifarOptions['widths'],
): Builder<Enum, CifarOptions, CifarResNet> {
  return namedBuilder(weightsEnum, ({ weights, progress, ...kwargs }) => {
    const chosen = verifyWeights(weightsEnum, weights);
    if (widths) kwargs.widths = widths;
    if (chosen !== null) {
      _ovewriteNamedParam(kwargs, 'numClasses', chosen.meta.categories.length);
      _ovewriteNamedParam(kwargs, 'shortcut', 'A');
    }
    return buildAndLoad(() => new CifarResNet(depth, kwargs), chosen, progress);
  });
}

/** What a plain twin takes: it has no shortcuts to choose. */
export type PlainOptions = Omit<CifarOptions, 'shortcut'>;

function plain(depth: number): (options?: PlainOptions) => CifarResNet {
  const build = (options?: PlainOptions) =>
    disposeIfFails(() => new CifarResNet(depth, { ...options, shortcut: 'none' }));
  return Object.defineProperty(build, 'name', { value: `plain${depth}_cifar` });
}

/** The paper's ResNet-20 for CIFAR-10 (section 4.2). */
export const resnet20_cifar = cifar(20, ResNet20_Cifar_Weights);

/** {@link resnet20_cifar} with twice the channels: 32, 64 and 128. */
export const resnet20x2_cifar = cifar(20, ResNet20x2_Cifar_Weights, [32, 64, 128]);

/** The paper's ResNet-32 for CIFAR-10 (section 4.2). */
export const resnet32_cifar = cifar(32, ResNet32_Cifar_Weights);

/** The paper's ResNet-44 for CIFAR-10 (section 4.2). */
export const resnet44_cifar = cifar(44, ResNet44_Cifar_Weights);

/** The paper's ResNet-56 for CIFAR-10 (section 4.2). */
export const resnet56_cifar = cifar(56, ResNet56_Cifar_Weights);

/** The paper's ResNet-110 for CIFAR-10 (section 4.2). */
export const resnet110_cifar = cifar(110, ResNet110_Cifar_Weights);

/** The plain twin of {@link resnet20_cifar}: the same layers without shortcuts. */
export const plain20_cifar = plain(20);

/** The plain twin of {@link resnet32_cifar}: the same layers without shortcuts. */
export const plain32_cifar = plain(32);

/** The plain twin of {@link resnet44_cifar}: the same layers without shortcuts. */
export const plain44_cifar = plain(44);

/** The plain twin of {@link resnet56_cifar}: the same layers without shortcuts. */
export const plain56_cifar = plain(56);

/** The plain twin of {@link resnet110_cifar}: the same layers without shortcuts. */
export const plain110_cifar = plain(110);
