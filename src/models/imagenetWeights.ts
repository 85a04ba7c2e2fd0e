import { IMAGENET_MEAN, IMAGENET_STD } from '../data/presets';
import { IMAGENET_CATEGORIES } from './imagenetCategories';
import type { WeightsDetails } from './weights';

/** What differs between torchvision's entries. */
interface ImagenetEntry {
  url: string;
  cropSize: number;
  resizeSize: number;
  numParams: number;
  acc1: number;
  acc5: number;
  gigaOps: number;
  fileSize: number;
  recipe: string;
  docs: string;
}

/** An entry of torchvision's lists, with what all of them share. */
export function imagenet(entry: ImagenetEntry): WeightsDetails {
  const { url, cropSize, resizeSize, acc1, acc5, ...rest } = entry;
  const [, hash] = /-([0-9a-f]{8,})\.\w+$/.exec(url) ?? [];
  if (hash === undefined) throw new Error(`imagenet: ${url} carries no hash in its name.`);
  return {
    source: { url, sha256: hash },
    transforms: { cropSize, resizeSize, mean: IMAGENET_MEAN, std: IMAGENET_STD, interpolation: 'bilinear' },
    meta: {
      minSize: [1, 1],
      categories: IMAGENET_CATEGORIES,
      metrics: { 'ImageNet-1K': { 'acc@1': acc1, 'acc@5': acc5 } },
      ...rest,
    },
  };
}
