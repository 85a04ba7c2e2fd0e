import { checkNumber } from '../checkNumber';

/**
 * The learning rate of each step: `step` counts from 0 to `totalSteps` - 1. It depends on these two numbers alone, so that
 * it can be asked again.
 */
export type Schedule = (step: number, totalSteps: number) => number;

/**
 * Drops by steps, like `torch.optim.lr_scheduler.MultiStepLR` with milestones as parts of the run.
 *
 * @param milestones - where it drops, as parts of all steps: the paper's CIFAR runs drop at 0.5 and 0.75.
 * @param gamma - what it is multiplied by there; default 0.1.
 */
export function multiStepLR(lr: number, milestones: readonly number[], gamma = 0.1): Schedule {
  checkNumber('multiStepLR: lr', lr, { from: 0 });
  checkNumber('multiStepLR: gamma', gamma, { from: 0 });
  for (const part of milestones) checkNumber('multiStepLR: a milestone', part, { from: 0, to: 1 });
  // 0.07 * 100 is 7.000000000000001, and step 7 is meant
  return (step, totalSteps) =>
    lr * gamma ** milestones.filter((part) => step + 1e-6 >= part * totalSteps).length;
}

/** Falls along half a cosine from `lr` to `minLr`, like `CosineAnnealingLR`. */
export function cosineLR(lr: number, minLr = 0): Schedule {
  checkNumber('cosineLR: lr', lr, { from: 0 });
  checkNumber('cosineLR: minLr', minLr, { from: 0 });
  return (step, totalSteps) => minLr + ((lr - minLr) * (1 + Math.cos((Math.PI * step) / totalSteps))) / 2;
}

/**
 * Rises and falls along two half cosines, like `OneCycleLR` (arXiv:1708.07120): short runs learn most this way.
 *
 * @param maxLr - the peak.
 * @param pctStart - the part of the run spent rising; default 0.3.
 * @param divFactor - the first rate is maxLr / divFactor; default 25.
 * @param finalDivFactor - the last rate is the first / finalDivFactor; default 1e4.
 */
export function oneCycleLR(
  maxLr: number,
  { pctStart = 0.3, divFactor = 25, finalDivFactor = 1e4 } = {},
): Schedule {
  checkNumber('oneCycleLR: maxLr', maxLr, { from: 0 });
  checkNumber('oneCycleLR: pctStart', pctStart, { from: 0, to: 1 });
  checkNumber('oneCycleLR: divFactor', divFactor, { above: 0 });
  checkNumber('oneCycleLR: finalDivFactor', finalDivFactor, { above: 0 });
  const initial = maxLr / divFactor;
  const between = (start: number, end: number, part: number): number =>
    end + ((start - end) * (1 + Math.cos(Math.PI * part))) / 2;
  return (step, totalSteps) => {
    const peak = pctStart * totalSteps - 1; // torch's phases end at these steps
    const last = totalSteps - 1;
    if (step <= peak) return between(initial, maxLr, peak === 0 ? 1 : step / peak); // torch divides by 0
    return between(maxLr, initial / finalDivFactor, (step - peak) / (last - peak));
  };
}
