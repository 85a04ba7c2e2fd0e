import { checkNumber } from '../checkNumber';
import { Random } from '../random';
import { PARTS, type Part } from './pictureSet';
import type { Survey, SurveyedPicture } from './survey';

export interface SplitOptions {
  /** Decides which pictures go where; default 0. */
  seed?: number;
  /** The share of each class to choose by; default 0.15. */
  validation?: number;
  /** The share of each class to be judged by once, at the end; default 0.15. */
  test?: number;
}

/** Which pictures are used for what. */
export interface Split extends Record<Part, readonly SurveyedPicture[]> {
  /** In words, who divided them and how. */
  how: string;
}

/**
 * Divides pictures into those to train on, those to choose by, and those to be judged by: by class, by a seed, and with
 * copies of a picture on one side. Where they came divided, that stays; a missing part is made of another:
 *
 * - validation of a part of train;
 * - test of half of validation, since what epochs were chosen by is answered a little too well.
 *
 * @throws Error when a class has too few pictures for that; two that differ are enough.
 */
export function splitPictures(survey: Survey, options: SplitOptions = {}): Split {
  const { seed = 0, validation = 0.15, test = 0.15 } = options;
  checkNumber('splitPictures: validation', validation, { above: 0, below: 1 });
  checkNumber('splitPictures: test', test, { from: 0, below: 1 - validation });
  const given = Object.fromEntries(
    PARTS.map((part) => [part, survey.pictures.filter((picture) => picture.part === part)]),
  ) as Record<Part, SurveyedPicture[]>;
  const [hasTrain, hasValidation, hasTest] = PARTS.map((part) => given[part].length > 0);
  const divide = (pictures: readonly SurveyedPicture[], shares: readonly number[]): SurveyedPicture[][] =>
    divideByClass(survey, pictures, shares, seed);
  const divided = ((): Split => {
    if (hasTrain && hasValidation && hasTest) return { ...given, how: 'as they came divided' };
    if (hasTrain && hasValidation) {
      const [judged, chosenBy] = divide(given.validation, [0.5]);
      const how = 'train as it came; half of validation was set apart as a test';
      return { train: given.train, validation: chosenBy, test: judged, how };
    }
    if (hasTrain && hasTest) {
      const [chosenBy, train] = divide(given.train, [validation]);
      const how = `test as it came; validation was taken from train, with seed ${seed}`;
      return { train, validation: chosenBy, test: given.test, how };
    }
    const [chosenBy, judged, train] = divide(survey.pictures, [validation, test]);
    return { train, validation: chosenBy, test: judged, how: `divided by class, with seed ${seed}` };
  })();
  survey.classes.forEach((name, label) => {
    const lacks = (part: Part): boolean => !divided[part].some((picture) => picture.label === label);
    if (lacks('train') || (!hasValidation && lacks('validation')))
      throw new Error(
        `${name} has too few pictures that can be read and differ from each other: add some, two at least.`,
      );
  });
  return divided;
}

/** @param shares - of all parts but the last, which gets the rest. Parts keep the order of `pictures`. */
function divideByClass(
  { classes }: Survey,
  pictures: readonly SurveyedPicture[],
  shares: readonly number[],
  seed: number,
): SurveyedPicture[][] {
  const parts: SurveyedPicture[][] = [...shares, 1].map(() => []);
  const groups = new Map<number, SurveyedPicture[]>();
  for (const picture of pictures)
    groups.set(picture.copyOf, [...(groups.get(picture.copyOf) ?? []), picture]);
  classes.forEach((_, label) => {
    const own = [...groups.values()].filter(([first]) => first.label === label); // copies may have other labels
    const count = own.reduce((sum, { length }) => sum + length, 0);
    const order = new Random(seed, label).permutation(own.length).map((i) => own[i]);
    // each part gets one picture at least, as long as one is left for the rest
    const wanted = shares.map((share, i) => (count >= i + 2 ? Math.max(1, Math.round(share * count)) : 0));
    for (const group of order) {
      const place = wanted.findIndex((room) => group.length <= room);
      if (place >= 0) wanted[place] -= group.length;
      parts[place < 0 ? shares.length : place].push(...group);
    }
  });
  const chosen = parts.map((part) => new Set(part));
  return chosen.map((part) => pictures.filter((picture) => part.has(picture)));
}
