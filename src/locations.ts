import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The project's root: the nearest folder above this file that holds package.json. */
export function projectRoot(): string {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) throw new Error(`No package.json in any folder above ${__dirname}.`);
  }
}

/** Where data sets lie: the folder that RESNET_WORKBOOK_DATA names, else `.data` in the project's root. */
export function dataRoot(): string {
  return resolve(process.env.RESNET_WORKBOOK_DATA || join(projectRoot(), '.data'));
}

/** Where downloads are kept: `.cache` in the project's root. */
export function cacheRoot(): string {
  return join(projectRoot(), '.cache');
}

/** Where pretrained weights are looked for: `.cache/weights` in the project's root. */
export function weightsFolder(): string {
  return join(cacheRoot(), 'weights');
}

/** Where CIFAR-10's binary files lie: `.data/cifar-10-batches-bin`, the name in the published archive. */
export function cifar10Folder(): string {
  return join(dataRoot(), 'cifar-10-batches-bin');
}

/** Where CIFAR-100's binary files lie: `.data/cifar-100-binary`. */
export function cifar100Folder(): string {
  return join(dataRoot(), 'cifar-100-binary');
}

/** The class folders of the workbook's pictures, in torchvision's (sorted) order. */
export const PICTURE_CLASSES = ['0_cat', '1_dog', '2_ants', '3_bees'] as const;

/** A picture set in ImageFolder layout: a training and a held-out folder, each with one folder a class. */
export interface Pictures {
  /** The folder that holds `train` and `eval`. */
  root: string;
  /** Folder to train on. */
  train: string;
  /** Folder held out to evaluate on. */
  eval: string;
  kind: 'photographs' | 'drawings';
  /** One sentence for the reader that says which pictures these are and how to get the others. */
  note: string;
}

/**
 * The pictures to work on: the photographs when they are there, else the drawings.
 * @param folder - a picture set of your own (a folder with `train` and `eval`) that is taken instead;
 *   default: the folder that the environment's RESNET_WORKBOOK_PICTURES names, if it does.
 * @throws when the folder has no `train` and `eval` with class folders, or no pictures are there at all:
 *   the message names the command that makes them.
 */
export function findPictures(folder = process.env.RESNET_WORKBOOK_PICTURES): Pictures {
  if (folder) {
    const root = resolve(projectRoot(), folder);
    if (!isPictureSet(root))
      throw new Error(
        `${root} is no picture set: expected folders train and eval, each with one folder a class.\n` +
          `\`npm run data -- photos --from ${folder}\` arranges the published archives and the article's layout.`,
      );
    return pictures(root, 'photographs', `Photographs from ${root}.`);
  }
  const photographs = join(dataRoot(), 'photos');
  if (isPictureSet(photographs))
    return pictures(photographs, 'photographs', 'Photographs of cats, dogs, ants and bees.');
  const drawings = join(dataRoot(), 'drawings');
  if (isPictureSet(drawings))
    return pictures(
      drawings,
      'drawings',
      "Drawings made by this workbook's own script, in the article's counts. " +
        '`npm run data -- photos` fetches real photographs, which are then used instead.',
    );
  throw new Error(
    `No pictures in ${dataRoot()}.\n` +
      'Run `npm run data -- drawings` (half a minute, no network) or `npm run data -- photos` (110 MB).',
  );
}

function pictures(root: string, kind: Pictures['kind'], note: string): Pictures {
  return { root, train: join(root, 'train'), eval: join(root, 'eval'), kind, note };
}

/** Whether the folder has `train` and `eval`, each with at least two class folders. */
function isPictureSet(root: string): boolean {
  return ['train', 'eval'].every((split) => {
    const folder = join(root, split);
    if (!existsSync(folder)) return false;
    return readdirSync(folder).filter((name) => statSync(join(folder, name)).isDirectory()).length >= 2;
  });
}
