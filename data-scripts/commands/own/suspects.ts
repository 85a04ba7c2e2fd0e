import { relative } from 'node:path';
import type { Suspect } from '../../../src/data/skipList';
import type { Survey } from '../../../src/data/survey';
import type { Copies } from '../../../src/data/surveyReport';
import type { Judged, Learnt } from './learn';

/** Below this a mistake is an undecided answer, not a doubt about the label. */
const CONFIDENT = 0.8;

/** Pictures that may be worth a look: copies, and those that a model takes for another class with confidence. */
export function findSuspects(
  { root, classes, pictures }: Survey,
  copies: readonly Copies[],
  judged: readonly Judged[],
  { features, probabilities }: Learnt['doubts'],
  trained: readonly { path: string }[],
): Suspect[] {
  const reasons = new Map<string, string[]>();
  const add = (path: string, reason: string): void =>
    void reasons.set(path, [...(reasons.get(path) ?? []), reason]);
  for (const { pictures, labelsDiffer } of copies) {
    const [first, ...others] = pictures;
    const all = labelsDiffer ? pictures : others;
    for (const each of all) {
      const other = each === first ? others[0] : first;
      add(
        each.path,
        `is there already as ${relative(root, other.path)}${labelsDiffer ? `, a ${classes[other.label]}` : ''}`,
      );
    }
  }
  const labels = new Map(pictures.map(({ path, label }) => [path, label]));
  const mistakes: { path: string; answer: number; probability: number }[] = [];
  const consider = (path: string, row: Float32Array): void => {
    const probability = Math.max(...row);
    const answer = row.indexOf(probability);
    if (answer !== labels.get(path) && probability >= CONFIDENT) mistakes.push({ path, answer, probability });
  };
  for (const { predictions } of judged)
    for (const each of predictions) consider(each.path, each.probabilities);
  if (trained.length === features.length)
    trained.forEach(({ path }, i) =>
      consider(path, probabilities.subarray(i * classes.length, (i + 1) * classes.length)),
    );
  mistakes.sort((a, b) => b.probability - a.probability);
  for (const { path, answer, probability } of mistakes)
    add(
      path,
      `${classes[labels.get(path) ?? 0]}? looks like ${classes[answer]}, with ${probability.toFixed(2)}`,
    );
  return [...reasons].map(([path, each]) => ({ path, reasons: each }));
}
