/** The learning rate of each step: `step` counts from 0 to `totalSteps` - 1. */
export type Schedule = (step: number, totalSteps: number) => number;

/** The same learning rate at every step. */
export function constantLR(lr: number): Schedule {
  return () => lr;
}

/**
 * Drops by steps, like `torch.optim.lr_scheduler.MultiStepLR` with milestones as parts of the run.
 *
 * @param milestones - where it drops, as parts of all steps: the paper's CIFAR runs drop at 0.5 and 0.75.
 * @param gamma - what it is multiplied by there; default 0.1.
 */
export function multiStepLR(lr: number, milestones: readonly number[], gamma = 0.1): Schedule {
  return (step, totalSteps) => lr * gamma ** milestones.filter((part) => step >= part * totalSteps).length;
}

/** Falls along half a cosine from `lr` to `minLr`, like `CosineAnnealingLR`. */
export function cosineLR(lr: number, minLr = 0): Schedule {
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
  const initial = maxLr / divFactor;
  const between = (start: number, end: number, part: number): number =>
    end + ((start - end) * (1 + Math.cos(Math.PI * part))) / 2;
  return (step, totalSteps) => {
    const peak = pctStart * totalSteps - 1; // torch's phases end at these steps
    const last = totalSteps - 1;
    if (step <= peak) return between(initial, maxLr, step / peak);
    return between(maxLr, initial / finalDivFactor, (step - peak) / (last - peak));
  };
}
