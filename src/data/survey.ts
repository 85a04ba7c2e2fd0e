import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { breathe, withInterrupt } from '../interrupt';
import { reported, startProgress } from '../progress';
import { type Sketch, findDuplicates, sketch } from './duplicates';
import { type LeftOut, PictureFiles, type PictureFilesOptions } from './pictureFiles';
import type { PictureFile, PictureSet } from './pictureSet';

/** A picture that could be read. */
export interface SurveyedPicture extends PictureFile {
  /** In pixels. */
  height: number;
  width: number;
  /** Of the file's bytes, in hexadecimal digits. */
  sha256: string;
  /** Number of the first picture that this one is a copy of, or nearly; its own where there is none before it. */
  copyOf: number;
}

/** What was found by looking at each picture once. */
export interface Survey {
  root: string;
  classes: readonly string[];
  pictures: readonly SurveyedPicture[];
  /** Files that could not be read, and why. */
  unreadable: readonly LeftOut[];
  /** What is no picture, or was to be skipped, and why. */
  leftOut: readonly LeftOut[];
}

/** Pictures in work at once. */
const AT_ONCE = 16;

/**
 * Reads every picture once: which can be read, how large they are, and which are the same.
 *
 * @param skip - paths of pictures to leave out.
 * @throws Error when none can be read; Interrupted when the reader stops it.
 */
export async function surveyPictures(
  set: PictureSet,
  skip: ReadonlySet<string> = new Set(),
): Promise<Survey> {
  const { root, classes } = set;
  const files = set.files.filter(({ path }) => !skip.has(path));
  const folder = filesOf(set, files, { onError: 'skip' });
  const found: { picture: Omit<SurveyedPicture, 'copyOf'>; sketch: Sketch }[] = [];
  const progress = startProgress(files.length, { label: 'Looking at the pictures', unit: 'pictures' });
  const look = async (index: number) => {
    const picture = await folder.picture(index);
    if (!picture) return [];
    const sha256 = createHash('sha256')
      .update(await readFile(files[index].path))
      .digest('hex');
    const { height, width } = picture;
    return [{ picture: { ...files[index], height, width, sha256 }, sketch: sketch(picture) }];
  };
  await reported(progress, () =>
    withInterrupt(async (signal) => {
      for (let at = 0; at < files.length; at += AT_ONCE) {
        await breathe(signal);
        const some = files.slice(at, at + AT_ONCE).map((_, i) => look(at + i));
        found.push(...(await Promise.all(some)).flat());
        progress.update(at + some.length);
      }
    }),
  );
  const [bad] = folder.skipped;
  if (found.length === 0)
    throw new Error(
      `None of the ${files.length} pictures in ${root} can be used${bad ? `: ${bad.path} ${bad.reason}` : ''}.`,
    );
  const copies = findDuplicates(found.map((each) => each.sketch));
  return {
    root,
    classes,
    pictures: found.map(({ picture }, i) => ({ ...picture, copyOf: copies[i] })),
    unreadable: folder.skipped,
    leftOut: [
      ...set.leftOut,
      ...set.files
        .filter(({ path }) => skip.has(path))
        .map(({ path }) => ({ path, reason: 'is to be skipped' })),
    ],
  };
}

/** Some of the files as a data set. */
export function filesOf(
  { root, classes }: Pick<PictureSet, 'root' | 'classes'>,
  files: readonly PictureFile[],
  options?: PictureFilesOptions,
): PictureFiles {
  return new PictureFiles(
    root,
    classes,
    files.map(({ path, label }) => [path, label] as const),
    options,
  );
}

/** A hash (SHA-256) of some pictures' names, classes and contents, whatever their order. */
export function fingerprintOf({ root, classes }: Survey, pictures: readonly SurveyedPicture[]): string {
  const lines = pictures.map(({ path, label, sha256 }) =>
    JSON.stringify([relative(root, path), classes[label], sha256]),
  );
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex');
}
