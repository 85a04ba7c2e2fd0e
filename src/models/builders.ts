import { type Builder, _ovewriteNamedParam, buildAndLoad, namedBuilder } from './build';
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
import { type WeightsEnum, verifyWeights } from './weights';

/*
 * torchvision's model builders, by its names. Without weights each returns its model at once; with weights it returns a
 * promise, since they may have to be downloaded:
 *
 *     const net = resnet34({ numClasses: 4 });
 *     const net = await resnet34({ weights: ResNet34_Weights.IMAGENET1K_V1 });
 */

/**
 * Makes the function that builds a ResNet and loads its weights, which decide how many classes it has.
 *
 * @param fixed - options that are the model's own; another value for them is refused.
 */
export function _resnet<Enum extends string>(
  block: BlockType,
  layers: readonly number[],
  weightsEnum: WeightsEnum<Enum>,
  fixed: Pick<ResNetOptions, 'groups' | 'widthPerGroup'> = {},
): Builder<Enum, ResNetOptions, ResNet> {
  return namedBuilder(weightsEnum, ({ weights, progress, ...kwargs }) => {
    const chosen = verifyWeights(weightsEnum, weights);
    if (fixed.groups) _ovewriteNamedParam(kwargs, 'groups', fixed.groups);
    if (fixed.widthPerGroup) _ovewriteNamedParam(kwargs, 'widthPerGroup', fixed.widthPerGroup);
    if (chosen !== null) _ovewriteNamedParam(kwargs, 'numClasses', chosen.meta.categories.length);
    return buildAndLoad(() => new ResNet(block, layers, kwargs), chosen, progress);
  });
}

/** ResNet-18 of arXiv:1512.03385. */
export const resnet18 = _resnet(BasicBlock, [2, 2, 2, 2], ResNet18_Weights);

/** ResNet-34 of arXiv:1512.03385. */
export const resnet34 = _resnet(BasicBlock, [3, 4, 6, 3], ResNet34_Weights);

/** ResNet-50 of arXiv:1512.03385, with the stride on the 3x3 convolution (see {@link Bottleneck}). */
export const resnet50 = _resnet(Bottleneck, [3, 4, 6, 3], ResNet50_Weights);

/** ResNet-101 of arXiv:1512.03385, with the stride on the 3x3 convolution. */
export const resnet101 = _resnet(Bottleneck, [3, 4, 23, 3], ResNet101_Weights);

/** ResNet-152 of arXiv:1512.03385, with the stride on the 3x3 convolution. */
export const resnet152 = _resnet(Bottleneck, [3, 8, 36, 3], ResNet152_Weights);

/** ResNeXt-50 32x4d of arXiv:1611.05431: 32 groups, 4 channels wide at first. */
export const resnext50_32x4d = _resnet(Bottleneck, [3, 4, 6, 3], ResNeXt50_32X4D_Weights, {
  groups: 32,
  widthPerGroup: 4,
});

/** ResNeXt-101 32x8d of arXiv:1611.05431. */
export const resnext101_32x8d = _resnet(Bottleneck, [3, 4, 23, 3], ResNeXt101_32X8D_Weights, {
  groups: 32,
  widthPerGroup: 8,
});

/** ResNeXt-101 64x4d of arXiv:1611.05431. */
export const resnext101_64x4d = _resnet(Bottleneck, [3, 4, 23, 3], ResNeXt101_64X4D_Weights, {
  groups: 64,
  widthPerGroup: 4,
});

/** Wide ResNet-50-2 of arXiv:1605.07146: ResNet-50 with inner convolutions twice as wide (2048-1024-2048 in the last block). */
export const wide_resnet50_2 = _resnet(Bottleneck, [3, 4, 6, 3], Wide_ResNet50_2_Weights, {
  widthPerGroup: 64 * 2,
});

/** Wide ResNet-101-2 of arXiv:1605.07146: ResNet-101 with inner convolutions twice as wide. */
export const wide_resnet101_2 = _resnet(Bottleneck, [3, 4, 23, 3], Wide_ResNet101_2_Weights, {
  widthPerGroup: 64 * 2,
});
