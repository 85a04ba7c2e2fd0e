import { IMAGENET_MEAN, IMAGENET_STD } from '../data/presets';
import categories from './imagenetCategories.json';
import published from './resnetWeights.json';
import { type Weights, type WeightsDetails, type WeightsEnum, publishedAt, weightsEnum } from './weights';

/*
 * The weights that torchvision publishes, by its names. data-scripts/commands/data/torchvision_weights.py writes both lists, the
 * weights' and the categories', from torchvision's own.
 */

type Published = typeof published;
type Entry = Published['ResNet34_Weights']['members']['IMAGENET1K_V1'];

/** An entry of the list, and what all of them have in common. */
function details({ url, cropSize, resizeSize, acc1, acc5, ...rest }: Entry): WeightsDetails {
  return {
    source: publishedAt(url),
    transforms: { cropSize, resizeSize, mean: IMAGENET_MEAN, std: IMAGENET_STD, interpolation: 'bilinear' },
    meta: {
      minSize: [1, 1],
      categories,
      metrics: { 'ImageNet-1K': { 'acc@1': acc1, 'acc@5': acc5 } },
      ...rest,
    },
  };
}

// The names of the members stand in the return type itself, so that the declarations spell them out.
function imagenet<Enum extends keyof Published>(
  name: Enum,
): WeightsEnum<Enum, keyof Published[Enum]['members'] & string> {
  const { members, default: best }: { members: Record<string, Entry>; default: string } = published[name];
  const entries = Object.entries(members).map(([member, entry]) => [member, details(entry)]);
  return weightsEnum(name, Object.fromEntries(entries) as Record<string, WeightsDetails>, best);
}

export const ResNet18_Weights = imagenet('ResNet18_Weights');
export type ResNet18_Weights = Weights<'ResNet18_Weights'>;

export const ResNet34_Weights = imagenet('ResNet34_Weights');
export type ResNet34_Weights = Weights<'ResNet34_Weights'>;

export const ResNet50_Weights = imagenet('ResNet50_Weights');
export type ResNet50_Weights = Weights<'ResNet50_Weights'>;

export const ResNet101_Weights = imagenet('ResNet101_Weights');
export type ResNet101_Weights = Weights<'ResNet101_Weights'>;

export const ResNet152_Weights = imagenet('ResNet152_Weights');
export type ResNet152_Weights = Weights<'ResNet152_Weights'>;

export const ResNeXt50_32X4D_Weights = imagenet('ResNeXt50_32X4D_Weights');
export type ResNeXt50_32X4D_Weights = Weights<'ResNeXt50_32X4D_Weights'>;

export const ResNeXt101_32X8D_Weights = imagenet('ResNeXt101_32X8D_Weights');
export type ResNeXt101_32X8D_Weights = Weights<'ResNeXt101_32X8D_Weights'>;

export const ResNeXt101_64X4D_Weights = imagenet('ResNeXt101_64X4D_Weights');
export type ResNeXt101_64X4D_Weights = Weights<'ResNeXt101_64X4D_Weights'>;

export const Wide_ResNet50_2_Weights = imagenet('Wide_ResNet50_2_Weights');
export type Wide_ResNet50_2_Weights = Weights<'Wide_ResNet50_2_Weights'>;

export const Wide_ResNet101_2_Weights = imagenet('Wide_ResNet101_2_Weights');
export type Wide_ResNet101_2_Weights = Weights<'Wide_ResNet101_2_Weights'>;
