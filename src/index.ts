// What notebooks import, in the order in which the chapters meet it: a name stands under the chapter that imports it first,
// and with it its kin and the types of what they take and give. All else, and what commands use, is imported by path.

// Every notebook: tables, figures, pictures, progress
export { showVersions } from './notebook/versions';
export { manualSeed, Random, type RandomState } from './random';
export { type Cell, type Row, type TableOptions, showTable } from './notebook/table';
export { type Figure, type FigureOptions, showFigure } from './notebook/figure';
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
export { type LiveFigure, liveFigure, liveHistory } from './notebook/live';
export { type Picture, type ShowImagesOptions, showImages } from './notebook/images';
export { show } from './notebook/display';
import './notebook/progressBar'; // from here on `startProgress` draws in the notebook
export {
  type ProgressFactory,
  type ProgressOptions,
  type ProgressReporter,
  setProgress,
  silentProgress,
  startProgress,
} from './progress';
export { Interrupted, breathe, withInterrupt } from './interrupt';
export { tensorsKept } from './notebook/tensors';

// Chapter 1: networks of the paper's section 4.2, and a training step
export {
  CifarBlock,
  type CifarOptions,
  CifarResNet,
  PreActResNet,
  PaddedShortcut,
  type ShortcutOption,
} from './models/cifar';
export { type DrawnBlock, showBlocks } from './notebook/blocks';
export { type DepthRun, compareSeeds, errorByDepth } from './notebook/errorByDepth';
export { Parameter, StateBuffer } from './nn/parameter';
export { CrossEntropyLoss, MultiMarginLoss } from './nn/loss';
export { Adam, Optimizer, type OptimizerOptions, SGD } from './training/optim';
export { backward } from './training/backward';

// Chapter 2: layers, residual units, and networks of them
export { Module } from './nn/module';
export { Conv2d, type Conv2dOptions } from './nn/conv';
export { BatchNorm2d, FrozenBatchNorm2d, GroupNorm, type NormLayer } from './nn/norm';
export { AdaptiveAvgPool2d, Identity, Linear, MaxPool2d, ReLU, Sequential } from './nn/layers';
export { constant, kaimingNormal, uniform } from './nn/init';
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
export { type LayerSummary, type Summary, summarize } from './models/summarize';
export {
  type PlainOptions,
  plain110_cifar,
  plain20_cifar,
  plain32_cifar,
  plain44_cifar,
  plain56_cifar,
  resnet110_cifar,
  resnet20_cifar,
  resnet20x2_cifar,
  resnet32_cifar,
  resnet44_cifar,
  resnet56_cifar,
} from './models/cifarBuilders';
export {
  ResNet110_Cifar_Weights,
  ResNet20_Cifar_Weights,
  ResNet20x2_Cifar_Weights,
  ResNet32_Cifar_Weights,
  ResNet44_Cifar_Weights,
  ResNet56_Cifar_Weights,
} from './models/cifarWeights';

// Chapter 2: pictures, from a folder to batches
export { type Pictures, findPictures } from './locations';
export { type Image, type ImageArray, type RgbImage } from './data/image';
export { IMG_EXTENSIONS, ImageFolder, type ImageFolderOptions } from './data/imageFolder';
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
export { type Batch, BatchLoader, type DataLoaderOptions } from './data/batchLoader';
export { DataLoader } from './data/loader';
export { type FeatureMapOptions, showFeatureMaps } from './notebook/featureMaps';

// Chapter 3: torchvision's code, weights and state dicts
export { type Source, showSource } from './notebook/source';
export { type Builder, type BuilderOptions } from './models/build';
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
export { showNetwork } from './notebook/network';
export { type Depth, type StageRow, stageTable } from './models/stageTable';
export { onForward } from './nn/hooks';
export { type Prediction, topPredictions } from './models/predictions';
export { type DType, type StateDict, type StateTensor } from './state/stateDict';
export { type LoadOptions, type LoadResult } from './nn/loadStateDict';
export { CannotFuse, type FusedNetwork, fuse, fuseConvBnWeights } from './models/fuse';

// Chapter 4: training, judging and saving
export { type MeanStd, calMeanStd, datasetStatistics } from './data/statistics';
export { type Dataset, type Sample, Subset } from './data/dataset';
export { type GridOptions, denormalize, makeGrid } from './data/grid';
export { type EpochRecord, type HistoryWatcher } from './training/history';
export { type TrainOptions, type TrainResult, trainAndEval } from './training/trainAndEval';
export { type Schedule, cosineLR, multiStepLR, oneCycleLR } from './training/schedules';
export { type EvaluateOptions, type Evaluation, type Loss, evaluate } from './training/evaluate';
export { type ExtractOptions, extractFeatures } from './training/extractFeatures';
export { FeatureDataset, type FeatureDatasetOptions, FeatureLoader } from './data/features';
export { enlargeMaps, overlay } from './explain/overlay';
export { type CoverOptions, type Fall, coverTest } from './explain/coverTest';
export { CheckpointError } from './state/error';
export { loadCheckpoint } from './checkpoint/load';
export { saveCheckpoint } from './checkpoint/save';
export { cacheRoot } from './locations';
export { type Model, loadModel, publishedModel, saveModel } from './models/modelFolder';
export { type Likeness, type Measured, type ModelCard, type TrainingRecord } from './models/modelCard';
export { type SafetensorsOptions, saveSafetensors } from './checkpoint/safetensors';
export { type CaptureOptions, type Captured, capture } from './ops/capture';
export { type Precision, fastestPrecision, withPrecision } from './ops/precision';

// Chapter 5: your own pictures, and whether to believe the answers
export { type Part, type PictureSet, PARTS, openPictures } from './data/pictureSet';
export { type Survey, type SurveyedPicture, filesOf, surveyPictures } from './data/survey';
export { type Split, type SplitOptions, splitPictures } from './data/split';
export { type SurveyReport, surveyReport } from './data/surveyReport';
export { type HeadOptions, giveHead, measure, outOfFold, pairedGain, trainHead } from './training/transfer';
export { wilsonInterval } from './wilson';
export { type PooledNetwork, classActivationMaps, gradCam } from './explain/activationMaps';
export { type Neighbour, nearestNeighbours } from './explain/neighbours';
export { type Reliability, type ReliabilityBin, fitTemperature, reliability } from './explain/calibration';
export { likenessOf, measureLikeness } from './models/likeness';
export { backboneWeights, startingBackbone } from './models/backbones';
export { type LeftOut } from './data/pictureFiles';
export { type PicturePrediction, type PredictOptions, predict } from './models/predict';
export { type OnnxOptions, saveOnnx } from './onnx/save';

// Not in the chapters: CIFAR's pictures, for experiments in notebooks of your own
export { CIFAR10, CIFAR100 } from './data/cifar';
export { cifar10Folder } from './locations';
