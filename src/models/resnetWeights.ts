// Written by data-scripts/commands/data/torchvision_weights.py from torchvision 0.29.1; do not edit by hand.
import { imagenet } from './imagenetWeights';
import { type Weights, weightsEnum } from './weights';

export const ResNet18_Weights = weightsEnum(
  'ResNet18_Weights',
  {
    IMAGENET1K_V1: imagenet({
      url: 'https://download.pytorch.org/models/resnet18-f37072fd.pth',
      cropSize: 224,
      resizeSize: 256,
      numParams: 11689512,
      acc1: 69.758,
      acc5: 89.078,
      gigaOps: 1.814,
      fileSize: 44.661,
      recipe: 'https://github.com/pytorch/vision/tree/main/references/classification#resnet',
      docs: 'These weights reproduce closely the results of the paper using a simple training recipe.',
    }),
  },
  'IMAGENET1K_V1',
);
export type ResNet18_Weights = Weights<'ResNet18_Weights'>;

export const ResNet34_Weights = weightsEnum(
  'ResNet34_Weights',
  {
    IMAGENET1K_V1: imagenet({
      url: 'https://download.pytorch.org/models/resnet34-b627a593.pth',
      cropSize: 224,
      resizeSize: 256,
      numParams: 21797672,
      acc1: 73.314,
      acc5: 91.42,
      gigaOps: 3.664,
      fileSize: 83.275,
      recipe: 'https://github.com/pytorch/vision/tree/main/references/classification#resnet',
      docs: 'These weights reproduce closely the results of the paper using a simple training recipe.',
    }),
  },
  'IMAGENET1K_V1',
);
export type ResNet34_Weights = Weights<'ResNet34_Weights'>;

export const ResNet50_Weights = weightsEnum(
  'ResNet50_Weights',
  {
    IMAGENET1K_V1: imagenet({
      url: 'https://download.pytorch.org/models/resnet50-0676ba61.pth',
      cropSize: 224,
      resizeSize: 256,
      numParams: 25557032,
      acc1: 76.13,
      acc5: 92.862,
      gigaOps: 4.089,
      fileSize: 97.781,
      recipe: 'https://github.com/pytorch/vision/tree/main/references/classification#resnet',
      docs: 'These weights reproduce closely the results of the paper using a simple training recipe.',
    }),
    IMAGENET1K_V2: imagenet({
      url: 'https://download.pytorch.org/models/resnet50-11ad3fa6.pth',
      cropSize: 224,
      resizeSize: 232,
      numParams: 25557032,
      acc1: 80.858,
      acc5: 95.434,
      gigaOps: 4.089,
      fileSize: 97.79,
      recipe: 'https://github.com/pytorch/vision/issues/3995#issuecomment-1013906621',
      docs: "These weights improve upon the results of the original paper by using TorchVision's `new training recipe <https://pytorch.org/blog/how-to-train-state-of-the-art-models-using-torchvision-latest-primitives/>`_.",
    }),
  },
  'IMAGENET1K_V2',
);
export type ResNet50_Weights = Weights<'ResNet50_Weights'>;

export const ResNet101_Weights = weightsEnum(
  'ResNet101_Weights',
  {
    IMAGENET1K_V1: imagenet({
      url: 'https://download.pytorch.org/models/resnet101-63fe2227.pth',
      cropSize: 224,
      resizeSize: 256,
      numParams: 44549160,
      acc1: 77.374,
      acc5: 93.546,
      gigaOps: 7.801,
      fileSize: 170.511,
      recipe: 'https://github.com/pytorch/vision/tree/main/references/classification#resnet',
      docs: 'These weights reproduce closely the results of the paper using a simple training recipe.',
    }),
    IMAGENET1K_V2: imagenet({
      url: 'https://download.pytorch.org/models/resnet101-cd907fc2.pth',
      cropSize: 224,
      resizeSize: 232,
      numParams: 44549160,
      acc1: 81.886,
      acc5: 95.78,
      gigaOps: 7.801,
      fileSize: 170.53,
      recipe: 'https://github.com/pytorch/vision/issues/3995#new-recipe',
      docs: "These weights improve upon the results of the original paper by using TorchVision's `new training recipe <https://pytorch.org/blog/how-to-train-state-of-the-art-models-using-torchvision-latest-primitives/>`_.",
    }),
  },
  'IMAGENET1K_V2',
);
export type ResNet101_Weights = Weights<'ResNet101_Weights'>;

export const ResNet152_Weights = weightsEnum(
  'ResNet152_Weights',
  {
    IMAGENET1K_V1: imagenet({
      url: 'https://download.pytorch.org/models/resnet152-394f9c45.pth',
      cropSize: 224,
      resizeSize: 256,
      numParams: 60192808,
      acc1: 78.312,
      acc5: 94.046,
      gigaOps: 11.514,
      fileSize: 230.434,
      recipe: 'https://github.com/pytorch/vision/tree/main/references/classification#resnet',
      docs: 'These weights reproduce closely the results of the paper using a simple training recipe.',
    }),
    IMAGENET1K_V2: imagenet({
      url: 'https://download.pytorch.org/models/resnet152-f82ba261.pth',
      cropSize: 224,
      resizeSize: 232,
      numParams: 60192808,
      acc1: 82.284,
      acc5: 96.002,
      gigaOps: 11.514,
      fileSize: 230.474,
      recipe: 'https://github.com/pytorch/vision/issues/3995#new-recipe',
      docs: "These weights improve upon the results of the original paper by using TorchVision's `new training recipe <https://pytorch.org/blog/how-to-train-state-of-the-art-models-using-torchvision-latest-primitives/>`_.",
    }),
  },
  'IMAGENET1K_V2',
);
export type ResNet152_Weights = Weights<'ResNet152_Weights'>;

export const ResNeXt50_32X4D_Weights = weightsEnum(
  'ResNeXt50_32X4D_Weights',
  {
    IMAGENET1K_V1: imagenet({
      url: 'https://download.pytorch.org/models/resnext50_32x4d-7cdf4587.pth',
      cropSize: 224,
      resizeSize: 256,
      numParams: 25028904,
      acc1: 77.618,
      acc5: 93.698,
      gigaOps: 4.23,
      fileSize: 95.789,
      recipe: 'https://github.com/pytorch/vision/tree/main/references/classification#resnext',
      docs: 'These weights reproduce closely the results of the paper using a simple training recipe.',
    }),
    IMAGENET1K_V2: imagenet({
      url: 'https://download.pytorch.org/models/resnext50_32x4d-1a0047aa.pth',
      cropSize: 224,
      resizeSize: 232,
      numParams: 25028904,
      acc1: 81.198,
      acc5: 95.34,
      gigaOps: 4.23,
      fileSize: 95.833,
      recipe: 'https://github.com/pytorch/vision/issues/3995#new-recipe',
      docs: "These weights improve upon the results of the original paper by using TorchVision's `new training recipe <https://pytorch.org/blog/how-to-train-state-of-the-art-models-using-torchvision-latest-primitives/>`_.",
    }),
  },
  'IMAGENET1K_V2',
);
export type ResNeXt50_32X4D_Weights = Weights<'ResNeXt50_32X4D_Weights'>;

export const ResNeXt101_32X8D_Weights = weightsEnum(
  'ResNeXt101_32X8D_Weights',
  {
    IMAGENET1K_V1: imagenet({
      url: 'https://download.pytorch.org/models/resnext101_32x8d-8ba56ff5.pth',
      cropSize: 224,
      resizeSize: 256,
      numParams: 88791336,
      acc1: 79.312,
      acc5: 94.526,
      gigaOps: 16.414,
      fileSize: 339.586,
      recipe: 'https://github.com/pytorch/vision/tree/main/references/classification#resnext',
      docs: 'These weights reproduce closely the results of the paper using a simple training recipe.',
    }),
    IMAGENET1K_V2: imagenet({
      url: 'https://download.pytorch.org/models/resnext101_32x8d-110c445d.pth',
      cropSize: 224,
      resizeSize: 232,
      numParams: 88791336,
      acc1: 82.834,
      acc5: 96.228,
      gigaOps: 16.414,
      fileSize: 339.673,
      recipe: 'https://github.com/pytorch/vision/issues/3995#new-recipe-with-fixres',
      docs: "These weights improve upon the results of the original paper by using TorchVision's `new training recipe <https://pytorch.org/blog/how-to-train-state-of-the-art-models-using-torchvision-latest-primitives/>`_.",
    }),
  },
  'IMAGENET1K_V2',
);
export type ResNeXt101_32X8D_Weights = Weights<'ResNeXt101_32X8D_Weights'>;

export const ResNeXt101_64X4D_Weights = weightsEnum(
  'ResNeXt101_64X4D_Weights',
  {
    IMAGENET1K_V1: imagenet({
      url: 'https://download.pytorch.org/models/resnext101_64x4d-173b62eb.pth',
      cropSize: 224,
      resizeSize: 232,
      numParams: 83455272,
      acc1: 83.246,
      acc5: 96.454,
      gigaOps: 15.46,
      fileSize: 319.318,
      recipe: 'https://github.com/pytorch/vision/pull/5935',
      docs: "These weights were trained from scratch by using TorchVision's `new training recipe <https://pytorch.org/blog/how-to-train-state-of-the-art-models-using-torchvision-latest-primitives/>`_.",
    }),
  },
  'IMAGENET1K_V1',
);
export type ResNeXt101_64X4D_Weights = Weights<'ResNeXt101_64X4D_Weights'>;

export const Wide_ResNet50_2_Weights = weightsEnum(
  'Wide_ResNet50_2_Weights',
  {
    IMAGENET1K_V1: imagenet({
      url: 'https://download.pytorch.org/models/wide_resnet50_2-95faca4d.pth',
      cropSize: 224,
      resizeSize: 256,
      numParams: 68883240,
      acc1: 78.468,
      acc5: 94.086,
      gigaOps: 11.398,
      fileSize: 131.82,
      recipe: 'https://github.com/pytorch/vision/pull/912#issue-445437439',
      docs: 'These weights reproduce closely the results of the paper using a simple training recipe.',
    }),
    IMAGENET1K_V2: imagenet({
      url: 'https://download.pytorch.org/models/wide_resnet50_2-9ba9bcbe.pth',
      cropSize: 224,
      resizeSize: 232,
      numParams: 68883240,
      acc1: 81.602,
      acc5: 95.758,
      gigaOps: 11.398,
      fileSize: 263.124,
      recipe: 'https://github.com/pytorch/vision/issues/3995#new-recipe-with-fixres',
      docs: "These weights improve upon the results of the original paper by using TorchVision's `new training recipe <https://pytorch.org/blog/how-to-train-state-of-the-art-models-using-torchvision-latest-primitives/>`_.",
    }),
  },
  'IMAGENET1K_V2',
);
export type Wide_ResNet50_2_Weights = Weights<'Wide_ResNet50_2_Weights'>;

export const Wide_ResNet101_2_Weights = weightsEnum(
  'Wide_ResNet101_2_Weights',
  {
    IMAGENET1K_V1: imagenet({
      url: 'https://download.pytorch.org/models/wide_resnet101_2-32ee1156.pth',
      cropSize: 224,
      resizeSize: 256,
      numParams: 126886696,
      acc1: 78.848,
      acc5: 94.284,
      gigaOps: 22.753,
      fileSize: 242.896,
      recipe: 'https://github.com/pytorch/vision/pull/912#issue-445437439',
      docs: 'These weights reproduce closely the results of the paper using a simple training recipe.',
    }),
    IMAGENET1K_V2: imagenet({
      url: 'https://download.pytorch.org/models/wide_resnet101_2-d733dc28.pth',
      cropSize: 224,
      resizeSize: 232,
      numParams: 126886696,
      acc1: 82.51,
      acc5: 96.02,
      gigaOps: 22.753,
      fileSize: 484.747,
      recipe: 'https://github.com/pytorch/vision/issues/3995#new-recipe',
      docs: "These weights improve upon the results of the original paper by using TorchVision's `new training recipe <https://pytorch.org/blog/how-to-train-state-of-the-art-models-using-torchvision-latest-primitives/>`_.",
    }),
  },
  'IMAGENET1K_V2',
);
export type Wide_ResNet101_2_Weights = Weights<'Wide_ResNet101_2_Weights'>;
