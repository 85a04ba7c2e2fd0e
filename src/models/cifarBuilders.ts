import { type Built, _ovewriteNamedParam, buildAndLoad } from './build';
import { type CifarOptions, CifarResNet } from './cifar';
import {
  ResNet110_Cifar_Weights,
  ResNet20_Cifar_Weights,
  ResNet32_Cifar_Weights,
  ResNet44_Cifar_Weights,
  ResNet56_Cifar_Weights,
} from './cifarWeights';
import { disposeIfFails } from '../nn/parameter';
import { type WeightsChoice, type WeightsEnum, verifyWeights } from './weights';

/** Options of the builders: those of {@link CifarResNet}, and which weights to start from. */
export type CifarBuilderOptions<W> = CifarOptions & {
  /** Pretrained weights: a member of the model's enumeration or its name; default null, random ones. */
  weights?: W;
  /** Show how far a download has got; default true. */
  progress?: boolean;
};

function cifar<Enum extends string, W extends WeightsChoice<Enum>>(
  depth: number,
  weightsEnum: WeightsEnum<Enum>,
  { weights, progress, ...kwargs }: CifarBuilderOptions<W>,
): Built<W, CifarResNet> {
  const chosen = verifyWeights(weightsEnum, weights);
  if (chosen !== null) {
    kwargs.numClasses = _ovewriteNamedParam(kwargs.numClasses, 'num_classes', chosen.meta.categories.length);
    kwargs.shortcut = _ovewriteNamedParam(kwargs.shortcut, 'shortcut', 'A');
  }
  return buildAndLoad(() => new CifarResNet(depth, kwargs), chosen, progress) as Built<W, CifarResNet>;
}

/** What a plain twin takes: it has no shortcuts to choose. */
export type PlainOptions = Omit<CifarOptions, 'shortcut'>;

function plain(depth: number, options: PlainOptions): CifarResNet {
  return disposeIfFails(() => new CifarResNet(depth, { ...options, shortcut: 'none' }));
}

/** The paper's ResNet-20 for CIFAR-10 (section 4.2). */
export function resnet20_cifar<W extends WeightsChoice<'ResNet20_Cifar_Weights'> = null>(
  options: CifarBuilderOptions<W> = {},
): Built<W, CifarResNet> {
  return cifar(20, ResNet20_Cifar_Weights, options);
}

/** The paper's ResNet-32 for CIFAR-10 (section 4.2). */
export function resnet32_cifar<W extends WeightsChoice<'ResNet32_Cifar_Weights'> = null>(
  options: CifarBuilderOptions<W> = {},
): Built<W, CifarResNet> {
  return cifar(32, ResNet32_Cifar_Weights, options);
}

/** The paper's ResNet-44 for CIFAR-10 (section 4.2). */
export function resnet44_cifar<W extends WeightsChoice<'ResNet44_Cifar_Weights'> = null>(
  options: CifarBuilderOptions<W> = {},
): Built<W, CifarResNet> {
  return cifar(44, ResNet44_Cifar_Weights, options);
}

/** The paper's ResNet-56 for CIFAR-10 (section 4.2). */
export function resnet56_cifar<W extends WeightsChoice<'ResNet56_Cifar_Weights'> = null>(
  options: CifarBuilderOptions<W> = {},
): Built<W, CifarResNet> {
  return cifar(56, ResNet56_Cifar_Weights, options);
}

/** The paper's ResNet-110 for CIFAR-10 (section 4.2). */
export function resnet110_cifar<W extends WeightsChoice<'ResNet110_Cifar_Weights'> = null>(
  options: CifarBuilderOptions<W> = {},
): Built<W, CifarResNet> {
  return cifar(110, ResNet110_Cifar_Weights, options);
}

/** The plain twin of {@link resnet20_cifar}: the same layers without shortcuts. */
export function plain20_cifar(options: PlainOptions = {}): CifarResNet {
  return plain(20, options);
}

/** The plain twin of {@link resnet32_cifar}: the same layers without shortcuts. */
export function plain32_cifar(options: PlainOptions = {}): CifarResNet {
  return plain(32, options);
}

/** The plain twin of {@link resnet44_cifar}: the same layers without shortcuts. */
export function plain44_cifar(options: PlainOptions = {}): CifarResNet {
  return plain(44, options);
}

/** The plain twin of {@link resnet56_cifar}: the same layers without shortcuts. */
export function plain56_cifar(options: PlainOptions = {}): CifarResNet {
  return plain(56, options);
}

/** The plain twin of {@link resnet110_cifar}: the same layers without shortcuts. */
export function plain110_cifar(options: PlainOptions = {}): CifarResNet {
  return plain(110, options);
}
