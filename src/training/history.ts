import { checkNumber } from '../checkNumber';

/** What one epoch came to. */
export interface EpochRecord {
  /** Counts from 1. */
  epoch: number;
  /** Learning rate of the epoch's last step. */
  lr: number;
  /** Mean loss over the epoch's training pictures, as they were met (augmented, in training mode). */
  trainLoss: number;
  trainAcc: number;
  /** Mean loss over the evaluation pictures after the epoch. */
  valLoss: number;
  valAcc: number;
  /** Of training and evaluation together. */
  seconds: number;
  /** Training pictures a second. */
  imagesPerSecond: number;
}

/** Shows a history while it grows, as `liveHistory` does in a notebook. */
export interface HistoryWatcher {
  /** Called after each epoch with all records so far. */
  update(history: readonly EpochRecord[]): void;
  /** Called once at the end, also when training was stopped or failed. */
  finish(): void;
}

export interface EarlyStoppingOptions {
  /** Epochs in a row without improvement after which training stops; default 3. */
  patience?: number;
  /** What counts as improvement: more than this; default 0. */
  minDelta?: number;
  /** What should fall (`valLoss`, the default) or rise (`valAcc`). */
  monitor?: 'valLoss' | 'valAcc';
}

/**
 * Stops training when evaluation has not improved for some epochs; for `trainAndEval`'s option `stopWhen`. It looks at
 * the history alone, so a run that is taken up again stops where it would have stopped.
 */
export function earlyStopping({
  patience = 3,
  minDelta = 0,
  monitor = 'valLoss',
}: EarlyStoppingOptions = {}): (history: readonly EpochRecord[]) => boolean {
  checkNumber('earlyStopping: patience', patience, { from: 1, integer: true });
  checkNumber('earlyStopping: minDelta', minDelta, { from: 0 });
  const sign = monitor === 'valLoss' ? -1 : 1;
  return (history) => {
    let [best, waited] = [-Infinity, 0];
    for (const record of history) {
      const value = sign * record[monitor];
      if (value > best + minDelta) [best, waited] = [value, 0];
      else waited += 1;
    }
    return waited >= patience;
  };
}
