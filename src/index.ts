// Showing things in a notebook
export { type MimeBundle, Output, inNotebook, show } from './notebook/display';
export { type Figure, type FigureOptions, showFigure } from './notebook/figure';
export { type LiveFigure, liveFigure, liveHistory } from './notebook/live';
export {
  type HeatmapOptions,
  type PlotOptions,
  type Series,
  barPlot,
  heatmap,
  heatmapRow,
  linePlot,
  scatter,
} from './notebook/plots';
export { type DepthRun, compareSeeds, errorByDepth } from './notebook/errorByDepth';
export { type Picture, type ShowImagesOptions, showImages } from './notebook/images';
export { type FeatureMapOptions, showFeatureMaps } from './notebook/featureMaps';
export { type Cell, type Row, type TableOptions, showTable } from './notebook/table';
export { type DrawnBlock, showBlocks } from './notebook/blocks';
export { type BlockTrace, traceBlock } from './notebook/trace';
export { showNetwork } from './notebook/network';
export { type Source, showSource } from './notebook/source';
export { showVersions, versions } from './notebook/versions';
export { tensorsKept } from './notebook/tensors';
import './notebook/progressBar'; // from here on `startProgress` draws in the notebook
export {
  type ProgressFactory,
  type ProgressOptions,
  type ProgressReporter,
  setProgress,
  silentProgress,
  startProgress,
  terminalProgress,
} from './progress';
export { Interrupted, breathe, withInterrupt } from './interrupt';

// Where the pictures, data sets and weights lie
export { type Pictures, cacheRoot, cifar10Folder, dataRoot, findPictures, weightsFolder } from './locations';

// Number formats
export { type Precision, fastestPrecision, withPrecision } from './ops/precision';

// Data: from pictures to batches
export { type Image, type ImageArray, type RgbImage } from './data/image';
export { IMG_EXTENSIONS, ImageFolder, type ImageFolderOptions } from './data/imageFolder';
export { type LeftOut, PictureFiles, type PictureFilesOptions } from './data/pictureFiles';
export { type Part, type PictureSet, PARTS, openPictures } from './data/pictureSet';
export { type Survey, type SurveyedPicture, filesOf, surveyPictures } from './data/survey';
export { type Split, type SplitOptions, splitPictures } from './data/split';
export { type SurveyReport, surveyReport } from './data/surveyReport';
export { ImageError } from './data/decode/error';
export { type Dataset, type Sample, Subset } from './data/dataset';
export { Fingerprint } from './fingerprint';
export { CIFAR10, CIFAR100 } from './data/cifar';
export { type Batch, BatchLoader, type DataLoaderOptions, type LoaderState } from './data/batchLoader';
export { DataLoader } from './data/loader';
export { FeatureDataset, type FeatureDatasetOptions, FeatureLoader } from './data/features';
export {
  CenterCrop,
  Compose,
  Normalize,
  RandomCrop,
  RandomHorizontalFlip,
  RandomResizedCrop,
  type RandomResizedCropOptions,
  Resize,
  type Size,
  ToTensor,
  type Transform,
} from './data/transforms';
export {
  IMAGENET_MEAN,
  IMAGENET_STD,
  type ImageClassificationPreset,
  type PresetOptions,
  cifarEvalTransform,
  cifarTrainTransform,
  evalTransform,
  imageClassification,
  trainTransform,
} from './data/presets';
export { type MeanStd, type PictureSource, calMeanStd, datasetStatistics } from './data/statistics';
export { type GridOptions, denormalize, makeGrid } from './data/grid';

// Checkpoints of torch and safetensors
export { CheckpointError } from './state/error';
export { loadCheckpoint } from './checkpoint/load';
export { saveCheckpoint } from './checkpoint/save';
export { type SafetensorsOptions, readSafetensorsMetadata, saveSafetensors } from './checkpoint/safetensors';
export { convert, toFloat32 } from './state/convert';
export { type OnnxOptions, saveOnnx } from './onnx/save';

// What networks are made of
export { manualSeed, Random, type RandomState } from './random';
export { Module } from './nn/module';
export { onForward } from './nn/hooks';
export { Parameter, StateBuffer } from './nn/parameter';
export { type LoadOptions, type LoadResult } from './nn/loadStateDict';
export { type DType, type StateDict, type StateTensor } from './state/stateDict';
export { Conv2d, type Conv2dOptions } from './nn/conv';
export { BatchNorm2d, FrozenBatchNorm2d, GroupNorm, type NormLayer } from './nn/norm';
export { AdaptiveAvgPool2d, Identity, Linear, MaxPool2d, ReLU, Sequential } from './nn/layers';
export { constant, kaimingNormal, uniform } from './nn/init';
export { CrossEntropyLoss, MultiMarginLoss } from './nn/loss';

// Residual networks as torchvision builds them
export {
  BasicBlock,
  type BlockOptions,
  type BlockType,
  Bottleneck,
  ResNet,
  type ResNetOptions,
  conv1x1,
  conv3x3,
} from './models/resnet';
export { type Builder, type BuilderOptions } from './models/build';
export {
  resnet101,
  resnet152,
  resnet18,
  resnet34,
  resnet50,
  resnext101_32x8d,
  resnext101_64x4d,
  resnext50_32x4d,
  wide_resnet101_2,
  wide_resnet50_2,
} from './models/builders';
export { Weights, type WeightsMeta } from './models/weights';
export {
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
} from './models/resnetWeights';
export { type Prediction, topPredictions } from './models/predictions';
export { type Likeness, type Measured, type ModelCard, type TrainingRecord } from './models/modelCard';
export { type Model, loadModel, publishedModel, saveModel } from './models/modelFolder';
export { type PicturePrediction, type PredictOptions, predict } from './models/predict';
export { likenessOf, measureLikeness } from './models/likeness';
export { type LayerSummary, type Summary, summarize } from './models/summarize';
export { CannotFuse, type FusedNetwork, fuse, fuseConvBnWeights } from './models/fuse';
export { type Depth, type StageRow, stageTable, usePaperStrides } from './models/stageTable';

// The networks of the paper's section 4.2, for CIFAR-10
export {
  CifarBlock,
  type CifarOptions,
  CifarResNet,
  PreActResNet,
  PaddedShortcut,
  type ShortcutOption,
} from './models/cifar';
export {
  type PlainOptions,
  plain110_cifar,
  plain20_cifar,
  plain32_cifar,
  plain44_cifar,
  plain56_cifar,
  resnet110_cifar,
  resnet20_cifar,
  resnet32_cifar,
  resnet44_cifar,
  resnet56_cifar,
} from './models/cifarBuilders';
export {
  ResNet110_Cifar_Weights,
  ResNet20_Cifar_Weights,
  ResNet32_Cifar_Weights,
  ResNet44_Cifar_Weights,
  ResNet56_Cifar_Weights,
} from './models/cifarWeights';

// Training
export { backward } from './training/backward';
export { type CaptureOptions, type Captured, capture } from './ops/capture';
export { Adam, Optimizer, type OptimizerOptions, SGD } from './training/optim';
export { type Schedule, cosineLR, multiStepLR, oneCycleLR } from './training/schedules';
export { type ExtractOptions, extractFeatures } from './training/extractFeatures';
export { type EvaluateOptions, type Evaluation, type Loss, evaluate } from './training/evaluate';
export { type EpochRecord, type HistoryWatcher } from './training/history';
export { type TrainOptions, type TrainResult, trainAndEval } from './training/trainAndEval';
export { type HeadOptions, giveHead, measure, outOfFold, pairedGain, trainHead } from './training/transfer';
export { wilsonInterval } from './wilson';

// What a network looks at, and whether to believe it
export { type PooledNetwork, classActivationMaps, gradCam } from './explain/activationMaps';
export { enlargeMaps, overlay } from './explain/overlay';
export { type CoverOptions, type Fall, coverTest } from './explain/coverTest';
export { type Neighbour, nearestNeighbours } from './explain/neighbours';
export { type Reliability, type ReliabilityBin, fitTemperature, reliability } from './explain/calibration';
