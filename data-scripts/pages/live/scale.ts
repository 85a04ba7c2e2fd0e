import * as tf from '@tensorflow/tfjs-node';
import { units } from 'live:units';
import { Sequential } from '../../../src/nn/layers';
import { manualSeed } from '../../../src/random';
import type { Tasks } from './messages';

const CHANNELS = 16;
const SHAPE: [number, number, number, number] = [8, 12, 12, CHANNELS];

/** What stacks of the chapter's own units do at a scale of their last normalizations: to what goes in, and to a gradient. */
export function scaleUnits({
  scale,
  relu,
  count,
}: Tasks['scaleUnits']['input']): Promise<Tasks['scaleUnits']['output']> {
  const { PlainBlock, ResidualUnit, UnitWithRelu } = units();
  const kinds = { plain: PlainBlock, residual: relu ? UnitWithRelu : ResidualUnit };
  const result = Object.entries(kinds).map(([kind, Unit]) => {
    manualSeed(1); // both with the same filters, and at each scale
    const stack = Array.from({ length: count }, () => new Unit(CHANNELS));
    const net = new Sequential(...stack);
    const numbers: number[] = [];
    tf.tidy(() => {
      for (const unit of stack) unit.bn2.weight.assign(tf.fill([CHANNELS], scale));
      const [x, v] = [1, 2].map((seed) => tf.randomNormal(SHAPE, 0, 1, 'float32', seed));
      const y = net.forward(x);
      const gradient = tf.grad((input) => tf.sum(tf.mul(net.forward(input), v)))(x);
      const size = tf.norm(gradient);
      const parts = [
        tf.div(tf.norm(tf.sub(y, x)), tf.norm(x)),
        tf.div(size, tf.norm(v)),
        tf.div(tf.sum(tf.mul(gradient, v)), tf.mul(size, tf.norm(v))),
      ];
      numbers.push(...parts.map((part) => part.dataSync()[0]));
    });
    net.dispose();
    const [distance, size, cosine] = numbers;
    return { kind, distance, size, cosine };
  });
  return Promise.resolve(result);
}
