import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { checkFile, download, DownloadError, type PublishedFile } from '../../../src/data/download';
import { weightsFolder } from '../../../src/locations';
import * as cifarWeights from '../../../src/models/cifarWeights';
import * as resnetWeights from '../../../src/models/resnetWeights';
import type { WeightsEnum } from '../../../src/models/weights';
import { Trouble } from '../../lib/reader.cjs';
import type { Command } from './command';
import { downloadOrAdvise } from './offline';

/** Published files of torchvision and for CIFAR-10, by file name, and by builder (`resnet50`) the builder's default. */
function publishedFiles(): Map<string, PublishedFile> {
  const files = new Map<string, PublishedFile>();
  const defaults = new Map<string, PublishedFile>();
  const enums: readonly WeightsEnum<string>[] = Object.values({ ...resnetWeights, ...cifarWeights });
  for (const members of enums)
    for (const [name, { url, hashPrefix, enumName }] of Object.entries(members)) {
      if (url === '') continue; // shipped with the workbook
      const file: PublishedFile = { url, hash: { algorithm: 'sha256', digest: hashPrefix } };
      files.set(basename(url), file);
      if (name === 'DEFAULT') defaults.set(enumName.replace(/_Weights$/, '').toLowerCase(), file);
    }
  return new Map([...defaults, ...files]);
}

/** The models' names, as torchvision's builders are called. */
const MODELS = [...publishedFiles().keys()].filter((name) => !name.includes('.')).join(', ');

/**
 * The file that torchvision publishes for a model.
 * @param name - a builder's name, `resnet34`, or the file's, `resnet34-b627a593.pth`.
 * @throws Trouble that lists the models, when there is none of this name.
 */
export function publishedWeights(name: string): PublishedFile {
  const file = publishedFiles().get(name);
  if (!file) throw new Trouble(`torchvision publishes no weights for ${name}. Its models are ${MODELS}.`);
  return file;
}

export const weights: Command = {
  name: 'weights',
  summary: "downloads a model's ImageNet weights as torchvision publishes them (resnet34: 87 MB)",
  operands: 'MODEL',
  help: `Downloads the ImageNet weights that torchvision publishes for MODEL (its default ones) into .cache/weights
and checks them against the hash in the file's name. MODEL is the name of one of torchvision's files
(resnet50-0676ba61.pth), or one of ${MODELS}.`,
  from: "take torchvision's file from disk: the file, or the folder that it lies in",
  async run({ dryRun, from, operands, say }) {
    if (operands.length !== 1)
      throw new Trouble(`Which model? For example: npm run data -- weights resnet34\nOr one of ${MODELS}.`);
    const [model] = operands;
    const file = publishedWeights(model);
    const target = join(weightsFolder(), basename(file.url));
    if (dryRun && !existsSync(target))
      return say(`Would ${from ? `copy ${from}` : `download ${file.url}`} to ${target}`);
    if (from !== undefined && !existsSync(target)) await copyChecked(file, from, target);
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
  if (!existsSync(path)) throw new Trouble(`There is no ${path}; expected torchvision's ${name}.`);
  await mkdir(weightsFolder(), { recursive: true });
  const part = `${target}.copy`;
  await copyFile(path, part);
  try {
    await checkFile(file, part);
  } catch (error) {
    await rm(part, { force: true });
    if (!(error instanceof DownloadError)) throw error;
    throw new Trouble(
      `${path} is not torchvision's ${name}: its SHA-256 does not begin with ${file.hash?.digest}.`,
    );
  }
  await rename(part, target);
}
