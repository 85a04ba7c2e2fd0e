import { CifarResNet, PreActResNet } from '../../../src/models/cifar';
import { type Schedule, multiStepLR, oneCycleLR } from '../../../src/training/schedules';
import { CLASSES, type RunConfiguration } from './configuration';

export function makeModel({ kind, data, depth, shortcut, width }: RunConfiguration): CifarResNet {
  const widths = [16 * width, 32 * width, 64 * width] as const;
  const Network = kind === 'preact' ? PreActResNet : CifarResNet;
  const numClasses = CLASSES[data];
  return new Network(depth, { numClasses, shortcut: kind === 'plain' ? 'none' : shortcut, widths });
}

export function makeSchedule({ schedule, lr }: RunConfiguration): Schedule {
  return schedule === 'one-cycle' ? oneCycleLR(lr) : multiStepLR(lr, [0.5, 0.75]);
}
