import { wilsonInterval } from '../wilson';
import { PARTS, type Part } from './pictureSet';
import type { Split } from './split';
import type { Survey, SurveyedPicture } from './survey';

/** Copies of one picture. */
export interface Copies {
  pictures: readonly SurveyedPicture[];
  /** Whether they are said to be of different classes. */
  labelsDiffer: boolean;
  /** The parts that they lie in: more than one is a leak. */
  parts: readonly Part[];
}

/** What a survey and a split come to. */
export interface SurveyReport {
  /** Pictures of each class in each part. */
  counts: readonly (Readonly<Record<Part, number>> & { name: string })[];
  copies: readonly Copies[];
  /** What it comes to, a sentence or two a line: what a reader should know before training. */
  remarks: readonly string[];
}

/** Fewer pictures of a class to train on than this are few for any way of training. */
const FEW = 20;

/** Counts, finds copies, and says what is worth knowing before training. */
export function surveyReport(survey: Survey, split: Split): SurveyReport {
  const { classes, pictures, unreadable } = survey;
  const counts = classes.map((name, label) => {
    const [train, validation, test] = PARTS.map(
      (part) => split[part].filter((each) => each.label === label).length,
    );
    return { name, train, validation, test };
  });
  const partOf = new Map(PARTS.flatMap((part) => split[part].map(({ path }) => [path, part] as const)));
  const groups = new Map<number, SurveyedPicture[]>();
  for (const picture of pictures) {
    const group = groups.get(picture.copyOf) ?? [];
    group.push(picture);
    groups.set(picture.copyOf, group);
  }
  const copies = [...groups.values()]
    .filter(({ length }) => length > 1)
    .map((group) => ({
      pictures: group,
      labelsDiffer: new Set(group.map(({ label }) => label)).size > 1,
      parts: PARTS.filter((part) => group.some(({ path }) => partOf.get(path) === part)),
    }));
  const remarks = [
    ...sizes(pictures),
    ...plural(
      unreadable.length,
      (n) => `${n} could not be read and ${n === '1 picture' ? 'is' : 'are'} left out.`,
    ),
    ...copyRemarks(copies),
    ...balance(counts),
    ...enough(counts),
  ];
  return { counts, copies, remarks };
}

function plural(count: number, say: (pictures: string) => string): string[] {
  return count === 0 ? [] : [say(count === 1 ? '1 picture' : `${count.toLocaleString('en')} pictures`)];
}

function sizes(pictures: readonly SurveyedPicture[]): string[] {
  const sorted = [...pictures].sort((a, b) => a.height * a.width - b.height * b.width);
  const [smallest, middle, largest] = [0, sorted.length >> 1, sorted.length - 1].map(
    (i) => `${sorted[i].width}x${sorted[i].height}`,
  );
  return [`Sizes (width x height): ${smallest} to ${largest}, in the middle ${middle}.`];
}

function copyRemarks(copies: readonly Copies[]): string[] {
  const some = (of: readonly Copies[], what: string): string[] =>
    of.length === 0
      ? []
      : [
          `${of.length.toLocaleString('en')} ${of.length === 1 ? 'picture is' : 'pictures are'} there more than once ${what}`,
        ];
  return [
    ...some(
      copies.filter(({ labelsDiffer, parts }) => !labelsDiffer && parts.length === 1),
      '(or nearly the same), on one side of the split.',
    ),
    ...some(
      copies.filter(({ labelsDiffer }) => labelsDiffer),
      'under different classes: at least one label is wrong.',
    ),
    ...some(
      copies.filter(({ parts }) => parts.length > 1),
      'in different parts: a leak, the model would be judged on what it was trained on.',
    ),
  ];
}

type Count = SurveyReport['counts'][number];
const inAll = ({ train, validation, test }: Count): number => train + validation + test;
const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

function balance(counts: readonly Count[]): string[] {
  const sorted = [...counts].sort((a, b) => inAll(b) - inAll(a));
  const [most, least] = [sorted[0], sorted[sorted.length - 1]];
  if (inAll(most) < 3 * inAll(least)) return [];
  const all = counts.reduce((sum, each) => sum + inAll(each), 0);
  return [
    `Unbalanced: ${most.name} has ${inAll(most)} pictures, ${least.name} ${inAll(least)}. ` +
      `Who always says ${most.name} is right in ${percent(inAll(most) / all)}; look at each class.`,
  ];
}

function enough(counts: readonly Count[]): string[] {
  const few = counts.filter(({ train }) => train < FEW);
  const tested = counts.reduce((sum, { test }) => sum + test, 0);
  const [low, high] = wilsonInterval(Math.round(0.9 * tested), tested);
  return [
    ...(few.length === 0
      ? []
      : [
          `Fewer than ${FEW} to train on: ${few.map(({ name, train }) => `${name} (${train})`).join(', ')}. More would help.`,
        ]),
    tested === 0
      ? 'There are too few pictures for a test: how good the model is will not be known.'
      : `${tested} pictures to test on: if 90 % of them are right, it is known to lie between ${percent(low)} and ${percent(high)}.`,
  ];
}
