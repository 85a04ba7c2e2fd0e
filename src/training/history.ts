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
