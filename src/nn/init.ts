import * as tf from '@tensorflow/tfjs-node';
import { randomNormal, randomUniform } from '../ops/randomTensors';
import { defaultRandom } from '../random';
import type { Parameter, StateBuffer } from './parameter';

let skipped = false;

/**
 * Builds a model whose weights will be loaded, like `torch.nn.utils.skip_init`: none is drawn, which takes seconds for a large
 * network in a page, and the generator stays where it was.
 */
export function skipInit<Model>(build: () => Model): Model {
  const outer = skipped;
  skipped = true;
  try {
    return build();
  } finally {
    skipped = outer;
  }
}

/** Fills a parameter or buffer with one number, like `torch.nn.init.constant_`. */
export function constant(parameter: Parameter | StateBuffer, value: number): void {
  parameter.assign(tf.fill([...parameter.shape], value));
}

/** Fills a parameter with draws from the uniform distribution on [low, high), like `torch.nn.init.uniform_`. */
export function uniform(parameter: Parameter, low: number, high: number): void {
  if (skipped) return;
  parameter.assign(
    tf.tidy(() =>
      randomUniform([...parameter.shape], defaultRandom())
        .mul(high - low)
        .add(low),
    ),
  );
}

/** The inputs (or outputs) that one weight's unit has: channels times the filter's area. */
function fan(parameter: Parameter, mode: 'fan_in' | 'fan_out'): number {
  const [out, into, ...kernel] = parameter.torchShape;
  return (mode === 'fan_in' ? into : out) * kernel.reduce((area, size) => area * size, 1);
}

/**
 * He's initialization, like `torch.nn.init.kaiming_normal_(weight, mode, nonlinearity='relu')`: draws with mean 0 and
 * deviation sqrt(2 / fan), which keeps the size of the signal through layers of relu (arXiv:1502.01852).
 *
 * @param mode - 'fan_out' keeps the size of the gradients on the way back, 'fan_in' that of the activations.
 */
export function kaimingNormal(parameter: Parameter, mode: 'fan_in' | 'fan_out' = 'fan_in'): void {
  if (skipped) return;
  const deviation = Math.sqrt(2 / fan(parameter, mode));
  parameter.assign(tf.tidy(() => randomNormal([...parameter.shape], defaultRandom()).mul(deviation)));
}

/** How torch initializes `Linear` and `Conv2d` before anyone else does: uniform within 1 / sqrt(fan in). */
export function torchDefault(parameter: Parameter, fanIn = fan(parameter, 'fan_in')): void {
  const bound = 1 / Math.sqrt(fanIn);
  uniform(parameter, -bound, bound);
}
