import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type EarlyStoppingOptions, type EpochRecord, earlyStopping } from '../../src/training/history';

describe('earlyStopping', () => {
  const history = (valLoss: number[]) => valLoss.map((loss) => ({ valLoss: loss, valAcc: 1 - loss }));
  const stops = (losses: number[], options: EarlyStoppingOptions) =>
    earlyStopping(options)(history(losses) as EpochRecord[]);

  it('waits for `patience` epochs in a row that are no better than the best by `minDelta`', () => {
    for (const monitor of ['valLoss', 'valAcc'] as const) {
      assert.equal(stops([], { patience: 1, monitor }), false);
      assert.equal(stops([0.5, 0.5], { patience: 1, monitor }), true);
      assert.equal(stops([0.5, 0.6, 0.4], { patience: 2, monitor }), false);
      assert.equal(stops([0.5, 0.6, 0.7], { patience: 2, monitor }), true);
      assert.equal(stops([0.5, 0.45, 0.375], { patience: 2, minDelta: 0.1, monitor }), false, 'by 0.125');
      assert.equal(stops([0.5, 0.45, 0.425], { patience: 2, minDelta: 0.1, monitor }), true);
    }
  });

  it('refuses settings without sense', () => {
    assert.throws(() => earlyStopping({ patience: 0 }), /patience must be an integer from 1, not 0/);
    assert.throws(() => earlyStopping({ minDelta: NaN }), /minDelta must be a number from 0, not NaN/);
  });
});
