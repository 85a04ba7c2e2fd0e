import { type Built, _ovewriteNamedParam, buildAndLoad } from './build';
import { BasicBlock, type BlockType, Bottleneck, ResNet, type ResNetOptions } from './resnet';
import {
  ResNeXt101_32X8D_Weights,
  ResNeXt101_64X4D_Weights,
  ResNeXt50_32X4D_Weights,
  ResNet101_Weights,
  ResNet152_Weights,
  ResNet18_Weights,
  ResNet34_Weights,
  ResNet50_Weights,
  Wide_ResNet101_2_Weights,
  Wide_ResNet50_2_Weights,
} from './resnetWeights';
import { type WeightsChoice, type WeightsEnum, verifyWeights } from './weights';

/*
 * torchvision's model builders, by its names. Without weights each returns its model at once; with weights it returns a
 * promise, since they may have to be downloaded:
 *
 *     const net = resnet34({ numClasses: 4 });
 *     const net = await resnet34({ weights: ResNet34_Weights.IMAGENET1K_V1 });
 */

/** Options of the builders: those of {@link ResNet}, and which weights to start from. */
export type BuilderOptions<W> = ResNetOptions & {
  /** Pretrained weights: a member of the model's enumeration or its name; default null, random ones. */
  weights?: W;
  /** Show how far a download has got; default true. */
  progress?: boolean;
};

/** Builds a ResNet and loads its weights, which decide how many classes it has. */
export function _resnet<Enum extends string, W extends WeightsChoice<Enum>>(
  block: BlockType,
  layers: readonly number[],
  weightsEnum: WeightsEnum<Enum>,
  { weights, progress, ...kwargs }: BuilderOptions<W>,
): Built<W, ResNet> {
  const chosen = verifyWeights(weightsEnum, weights);
  if (chosen !== null) {
    const classes = chosen.meta.categories.length;
    kwargs.numClasses = _ovewriteNamedParam(kwargs.numClasses, 'num_classes', classes);
  }
  return buildAndLoad(() => new ResNet(block, layers, kwargs), chosen, progress) as Built<W, ResNet>;
}

/** ResNet-18 of arXiv:1512.03385. */
export function resnet18<W extends WeightsChoice<'ResNet18_Weights'> = null>(
  options: BuilderOptions<W> = {},
): Built<W, ResNet> {
  return _resnet(BasicBlock, [2, 2, 2, 2], ResNet18_Weights, options);
}

/** ResNet-34 of arXiv:1512.03385. */
export function resnet34<W extends WeightsChoice<'ResNet34_Weights'> = null>(
  options: BuilderOptions<W> = {},
): Built<W, ResNet> {
  return _resnet(BasicBlock, [3, 4, 6, 3], ResNet34_Weights, options);
}

/** ResNet-50 of arXiv:1512.03385, with the stride on the 3x3 convolution (see {@link Bottleneck}). */
export function resnet50<W extends WeightsChoice<'ResNet50_Weights'> = null>(
  options: BuilderOptions<W> = {},
): Built<W, ResNet> {
  return _resnet(Bottleneck, [3, 4, 6, 3], ResNet50_Weights, options);
}

/** ResNet-101 of arXiv:1512.03385, with the stride on the 3x3 convolution. */
export function resnet101<W extends WeightsChoice<'ResNet101_Weights'> = null>(
  options: BuilderOptions<W> = {},
): Built<W, ResNet> {
  return _resnet(Bottleneck, [3, 4, 23, 3], ResNet101_Weights, options);
}

/** ResNet-152 of arXiv:1512.03385, with the stride on the 3x3 convolution. */
export function resnet152<W extends WeightsChoice<'ResNet152_Weights'> = null>(
  options: BuilderOptions<W> = {},
): Built<W, ResNet> {
  return _resnet(Bottleneck, [3, 8, 36, 3], ResNet152_Weights, options);
}

/** ResNeXt-50 32x4d of arXiv:1611.05431: 32 groups, 4 channels wide at first. */
export function resnext50_32x4d<W extends WeightsChoice<'ResNeXt50_32X4D_Weights'> = null>(
  options: BuilderOptions<W> = {},
): Built<W, ResNet> {
  const { weights, progress, ...kwargs } = options;
  kwargs.groups = _ovewriteNamedParam(kwargs.groups, 'groups', 32);
  kwargs.widthPerGroup = _ovewriteNamedParam(kwargs.widthPerGroup, 'width_per_group', 4);
  return _resnet(Bottleneck, [3, 4, 6, 3], ResNeXt50_32X4D_Weights, { ...kwargs, weights, progress });
}

/** ResNeXt-101 32x8d of arXiv:1611.05431. */
export function resnext101_32x8d<W extends WeightsChoice<'ResNeXt101_32X8D_Weights'> = null>(
  options: BuilderOptions<W> = {},
): Built<W, ResNet> {
  const { weights, progress, ...kwargs } = options;
  kwargs.groups = _ovewriteNamedParam(kwargs.groups, 'groups', 32);
  kwargs.widthPerGroup = _ovewriteNamedParam(kwargs.widthPerGroup, 'width_per_group', 8);
  return _resnet(Bottleneck, [3, 4, 23, 3], ResNeXt101_32X8D_Weights, { ...kwargs, weights, progress });
}

/** ResNeXt-101 64x4d of arXiv:1611.05431. */
export function resnext101_64x4d<W extends WeightsChoice<'ResNeXt101_64X4D_Weights'> = null>(
  options: BuilderOptions<W> = {},
): Built<W, ResNet> {
  const { weights, progress, ...kwargs } = options;
  kwargs.groups = _ovewriteNamedParam(kwargs.groups, 'groups', 64);
  kwargs.widthPerGroup = _ovewriteNamedParam(kwargs.widthPerGroup, 'width_per_group', 4);
  return _resnet(Bottleneck, [3, 4, 23, 3], ResNeXt101_64X4D_Weights, { ...kwargs, weights, progress });
}

/** Wide ResNet-50-2 of arXiv:1605.07146: ResNet-50 with inner convolutions twice as wide (2048-1024-2048 in the last block). */
export function wide_resnet50_2<W extends WeightsChoice<'Wide_ResNet50_2_Weights'> = null>(
  options: BuilderOptions<W> = {},
): Built<W, ResNet> {
  const { weights, progress, ...kwargs } = options;
  kwargs.widthPerGroup = _ovewriteNamedParam(kwargs.widthPerGroup, 'width_per_group', 64 * 2);
  return _resnet(Bottleneck, [3, 4, 6, 3], Wide_ResNet50_2_Weights, { ...kwargs, weights, progress });
}

/** Wide ResNet-101-2 of arXiv:1605.07146: ResNet-101 with inner convolutions twice as wide. */
export function wide_resnet101_2<W extends WeightsChoice<'Wide_ResNet101_2_Weights'> = null>(
  options: BuilderOptions<W> = {},
): Built<W, ResNet> {
  const { weights, progress, ...kwargs } = options;
  kwargs.widthPerGroup = _ovewriteNamedParam(kwargs.widthPerGroup, 'width_per_group', 64 * 2);
  return _resnet(Bottleneck, [3, 4, 23, 3], Wide_ResNet101_2_Weights, { ...kwargs, weights, progress });
}
