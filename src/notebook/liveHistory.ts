import type { EpochRecord, HistoryWatcher } from '../training/history';
import { liveFigure } from './liveFigure';
import { linePlot } from './plots';

const METRICS = {
  accuracy: [({ trainAcc }: EpochRecord) => trainAcc, ({ valAcc }: EpochRecord) => valAcc],
  error: [({ trainAcc }: EpochRecord) => 1 - trainAcc, ({ valAcc }: EpochRecord) => 1 - valAcc],
  loss: [({ trainLoss }: EpochRecord) => trainLoss, ({ valLoss }: EpochRecord) => valLoss],
} as const;

export interface LiveHistoryOptions {
  /** What is drawn; default 'accuracy'. */
  metric?: keyof typeof METRICS;
  /** Names of the two lines; default "training" and "held-out pictures". */
  names?: readonly [train: string, held: string];
}

/** Curves by epoch that draw themselves while `trainAndEval` runs: hand them to it as its option `watch`. */
export function liveHistory(title: string, options: LiveHistoryOptions = {}): HistoryWatcher {
  const { metric = 'accuracy', names = ['training', 'held-out pictures'] } = options;
  const live = liveFigure();
  return {
    update: (history) =>
      live.update(
        linePlot(
          METRICS[metric].map((of, i) => ({ name: names[i], y: history.map(of) })),
          { title, x: 'epoch', y: metric, range: metric === 'loss' ? undefined : [0, 1] },
        ),
      ),
    finish: () => live.finish(),
  };
}
