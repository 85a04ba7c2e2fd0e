import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { checkFile, download, DownloadError, type PublishedFile } from '../../src/data/download';
import { weightsFolder } from '../../src/data/locations';
import { UserError, type Command } from './command';
import { downloadOrAdvise } from './offline';

const BASE = 'https://download.pytorch.org/models/';

/**
 * torchvision's published files (the `url` of each `*_Weights` in its models/resnet.py; IMAGENET1K_V1).
 * The eight digits in a file's name are the beginning of its SHA-256.
 */
const FILES: Readonly<Record<string, string>> = {
  resnet18: 'resnet18-f37072fd.pth',
  resnet34: 'resnet34-b627a593.pth',
  resnet50: 'resnet50-0676ba61.pth',
  resnet101: 'resnet101-63fe2227.pth',
  resnet152: 'resnet152-394f9c45.pth',
  resnext50_32x4d: 'resnext50_32x4d-7cdf4587.pth',
  resnext101_32x8d: 'resnext101_32x8d-8ba56ff5.pth',
  resnext101_64x4d: 'resnext101_64x4d-173b62eb.pth',
  wide_resnet50_2: 'wide_resnet50_2-95faca4d.pth',
  wide_resnet101_2: 'wide_resnet101_2-32ee1156.pth',
};

/** The published file of a model, by torchvision's name. */
export function publishedWeights(model: string): PublishedFile {
  const name = FILES[model];
  if (!name)
    throw new UserError(
      `There are no published weights for ${model}; there are: ${Object.keys(FILES).join(', ')}.`,
    );
  const digest = /-([0-9a-f]{8})\.pth$/.exec(name)?.[1] ?? '';
  return { url: BASE + name, hash: { algorithm: 'sha256', digest } };
}

export const weights: Command = {
  name: 'weights',
  summary: "downloads a model's ImageNet weights as torchvision publishes them (resnet34: 87 MB)",
  operands: 'MODEL',
  help: `Downloads the weights that torchvision publishes for MODEL (IMAGENET1K_V1) into .cache/weights
and checks them against the hash in the file's name. MODEL is one of
  ${Object.keys(FILES).join(', ')}.`,
  from: "take torchvision's file from disk: the file, or the folder that it lies in",
  async run({ dryRun, from, operands, say }) {
    if (operands.length !== 1)
      throw new UserError(
        `Which model? For example: npm run data -- weights resnet34\nOr one of ${Object.keys(FILES).join(', ')}.`,
      );
    const [model] = operands;
    const file = publishedWeights(model);
    const target = join(weightsFolder(), basename(file.url));
    if (dryRun && !existsSync(target))
      return say(`Would ${from ? `copy ${resolve(from)}` : `download ${file.url}`} to ${target}`);
    if (from !== undefined && !existsSync(target)) await copyChecked(file, resolve(from), target);
    else {
      if (!existsSync(target)) say(`Downloading ${file.url}`);
      const command = `npm run data -- weights ${model} --from PATH`;
      await downloadOrAdvise(() => download(file, target), file.url, command);
    }
    say(`The weights of ${model} are there: ${target}`);
  },
};

async function copyChecked(file: PublishedFile, from: string, target: string): Promise<void> {
  const name = basename(file.url);
  const path = existsSync(from) && (await stat(from)).isDirectory() ? join(from, name) : from;
  if (!existsSync(path)) throw new UserError(`There is no ${path}; expected torchvision's ${name}.`);
  await mkdir(weightsFolder(), { recursive: true });
  const part = `${target}.copy`;
  await copyFile(path, part);
  try {
    await checkFile(file, part);
  } catch (error) {
    await rm(part, { force: true });
    if (!(error instanceof DownloadError)) throw error;
    throw new UserError(
      `${path} is not torchvision's ${name}: its SHA-256 does not begin with ${file.hash?.digest}.`,
    );
  }
  await rename(part, target);
}
