import * as tf from '@tensorflow/tfjs-node';
import { onForward } from '../nn/hooks';
import { Conv2d } from '../nn/conv';
import { Linear } from '../nn/layers';
import { evalForNow } from '../nn/mode';
import type { Module } from '../nn/module';

/** One layer that ran. */
export interface Step {
  layer: Module;
  /** The shape of what came out of it, [N, H, W, C] or [N, C]. */
  shape: readonly number[];
  /** Identify the numbers that went in and came out. */
  from: object;
  to: object;
}

/** What a block did with an input: layers one after the other, and beside them, where an addition was seen, a shortcut. */
export interface BlockTrace {
  input: readonly number[];
  /** The layers of F(x), or all layers where nothing is added. */
  main: Step[];
  /** The layers of W_s x; empty for the identity; null where nothing is added. */
  shortcut: Step[] | null;
  /** The layers after the addition. */
  after: Step[];
  output: readonly number[];
}

/** Runs zeros through a module in evaluation mode, and is told of every module in it that works on them. */
function runOnZeros(
  module: Module,
  shape: readonly number[],
  told: (step: Step, x: tf.Tensor) => void,
): Step {
  let last: Step | undefined;
  const takeOff = onForward(module, (_name, layer, x, y) => {
    last = { layer, shape: y.shape, from: x.dataId, to: y.dataId };
    told(last, x);
  });
  const restore = evalForNow(module);
  try {
    tf.tidy(() => void module.forward(tf.zeros([...shape])));
  } finally {
    takeOff();
    restore();
  }
  return last as unknown as Step; // the module itself ends last
}

/**
 * Finds out what a block is made of by running it: a tensor that no layer made is taken for the sum, and the layers
 * whose results nobody took up end its summands. Blocks with one addition at most.
 */
export function traceBlock(block: Module, input: readonly number[]): BlockTrace {
  const steps: Step[] = [];
  const ran = runOnZeros(block, input, (step) => {
    if (step.layer !== block && step.layer.children().length === 0) steps.push(step);
  });
  const made = new Set(steps.map(({ to }) => to));
  const isSum = (data: object) => data !== ran.from && !made.has(data);
  if (![...steps.map(({ from }) => from), ran.to].some(isSum))
    return { input, main: steps, shortcut: null, after: [], output: ran.shape };
  const back = (end: object): Step[] => {
    const step = steps.find(({ to }) => to === end);
    return step ? [...back(step.from), step] : [];
  };
  const taken = new Set(steps.map(({ from }) => from));
  const [main = [], shortcut = []] = steps
    .filter(({ to }) => !taken.has(to) && to !== ran.to)
    .map(({ to }) => back(to));
  return { input, main, shortcut, after: back(ran.to), output: ran.shape };
}

/** A residual block, or a plain one: a module that itself holds convolutions and is not the whole network. */
function isBlock(module: Module): boolean {
  const layers = module.children();
  return layers.some((child) => child instanceof Conv2d) && !layers.some((child) => child instanceof Linear);
}

/** Finds out what a network is made of by running it: its blocks, and the layers outside of them, in order. */
export function traceNetwork(model: Module, input: readonly number[]): (Step | BlockTrace)[] {
  const candidates = model.modules().filter((module) => module !== model && isBlock(module));
  const within = new Set(candidates.flatMap((block) => block.modules().slice(1)));
  const blocks = candidates.filter((block) => !within.has(block)); // without the shortcuts' own sequences
  const inside = new Set(blocks.flatMap((block) => block.modules().slice(1)));
  const found: { step: Step; input: readonly number[] }[] = [];
  runOnZeros(model, input, (step, { shape }) => {
    if (!inside.has(step.layer)) found.push({ step, input: shape });
  });
  return found.map(({ step, input }) => (blocks.includes(step.layer) ? traceBlock(step.layer, input) : step));
}
