import * as tf from '@tensorflow/tfjs-node';
import { FLOAT, defineOp, execute } from './execute';

const runCrossEntropy = defineOp<object>('CrossEntropy', {
  forward: ({ logits, targets }) =>
    execute('SoftmaxCrossEntropyWithLogits', { T: FLOAT }, [logits, targets], 2),
  savedOutputs: [false, true],
  // the op's second output is d loss / d logits = softmax(logits) - targets, one row an example
  backward: ([dy], [gradient]) => ({ logits: () => tf.mul(gradient, dy.expandDims(1)) }),
  portable: {
    forward({ logits, targets }) {
      const logProbabilities = tf.logSoftmax(logits);
      const loss = tf.neg(tf.sum(tf.mul(targets, logProbabilities), 1));
      return [loss, tf.sub(tf.exp(logProbabilities), targets)];
    },
  },
});

/**
 * -sum(targets * log softmax(logits)) for each row, computed stably in one op.
 *
 * @param logits - [N, classes].
 * @param targets - [N, classes], each row a distribution; no gradient flows to it.
 * @returns [N].
 */
export function crossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D): tf.Tensor1D {
  const [loss, gradient] = runCrossEntropy({ logits, targets }, {});
  gradient.dispose();
  return loss as tf.Tensor1D;
}
