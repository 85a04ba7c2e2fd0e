import { CifarResNet, type ShortcutOption } from '../../../src/models/cifar';
import type { Precision } from '../../../src/ops/precision';
import { type Schedule, multiStepLR, oneCycleLR } from '../../../src/training/schedules';

/** Everything that decides how one run on CIFAR-10 comes out; it is written into the run's record. */
export interface RunConfiguration {
  kind: 'plain' | 'resnet';
  depth: number;
  /** Of residual nets; 'none' for plain ones. */
  shortcut: ShortcutOption;
  seed: number;
  epochs: number;
  schedule: 'one-cycle' | 'steps';
  /** The peak of one-cycle, the first rate of steps. */
  lr: number;
  momentum: number;
  weightDecay: number;
  batchSize: number;
  /** Training pictures used; all 50,000 unless a subset was asked for. */
  subset: number;
  precision: Precision;
}

/** The paper's configuration (section 4.2): about 64,000 iterations, i.e. 164 epochs, with drops at 32,000 and 48,000. */
export const PAPER: Partial<RunConfiguration> = { epochs: 164, schedule: 'steps', lr: 0.1 };

/** "resnet-20-seed1", with whatever differs from the usual: "resnet-20-B-seed1". */
export function runName({ kind, depth, shortcut, seed, subset, precision }: RunConfiguration): string {
  const option = kind === 'plain' || shortcut === 'A' ? [] : [shortcut];
  const part = subset === 50_000 ? [] : [`${subset}images`];
  const format = precision === 'float32' ? [] : [precision];
  return [kind, depth, ...option, ...part, ...format, `seed${seed}`].join('-');
}

export function makeModel({ kind, depth, shortcut }: RunConfiguration): CifarResNet {
  return new CifarResNet(depth, { shortcut: kind === 'plain' ? 'none' : shortcut });
}

export function makeSchedule({ schedule, lr }: RunConfiguration): Schedule {
  return schedule === 'one-cycle' ? oneCycleLR(lr) : multiStepLR(lr, [0.5, 0.75]);
}
