import * as tf from '@tensorflow/tfjs-node';
import { type Attribute, FLOAT, NHWC, defineOp, execute } from './execute';
import { sumByChannel } from './sumByChannel';

interface BatchNormAttributes {
  training: boolean;
  epsilon: number;
  /** torch's momentum: the part of the running statistics that the batch's replace. */
  momentum: number;
}

function attributes(training: boolean, epsilon: number): Record<string, Attribute> {
  return {
    T: FLOAT,
    U: FLOAT,
    epsilon: { float: epsilon },
    data_format: NHWC,
    is_training: { bool: training },
  };
}

/*
 * FusedBatchNormV3 does in one op what tfjs's layer does in about twenty. Its outputs are y, the new running mean and
 * variance (its variance is unbiased, as torch's running variance is), and what the gradient needs: the batch's mean
 * and biased variance.
 */
const runBatchNorm = defineOp<BatchNormAttributes>('BatchNorm', {
  forward({ x, scale, offset, mean, variance }, { training, epsilon, momentum }) {
    const factor: Attribute = { float: training ? momentum : 1 };
    return execute(
      'FusedBatchNormV3',
      { ...attributes(training, epsilon), exponential_avg_factor: factor },
      [x, scale, offset, mean, variance],
      6,
    );
  },
  savedInputs: ['x', 'scale', 'mean', 'variance'],
  savedOutputs: [false, false, false, true, true, true],
  backward([dy], [x, scale, mean, variance, batchMean, batchVariance, reserved], { training, epsilon }) {
    // one op computes all three; they belong to the scope of the whole backward pass, which frees what is not used
    const [dx, dScale, dOffset, ...unused] = execute(
      'FusedBatchNormGradV3',
      attributes(training, epsilon),
      [dy, x, scale, training ? batchMean : mean, training ? batchVariance : variance, reserved],
      5,
    );
    tf.dispose(unused);
    return { x: () => dx, scale: () => dScale, offset: () => dOffset };
  },
  portable: {
    forward({ x, scale, offset, mean, variance }, { training, epsilon, momentum }) {
      const normalize = (center: tf.Tensor, square: tf.Tensor): tf.Tensor =>
        tf.batchNorm(x, center, square, offset, scale, epsilon);
      if (!training) return [normalize(mean, variance), mean.clone(), variance.clone()];
      const count = x.size / scale.size;
      const batchMean = sumByChannel(x).div(count);
      const batchVariance = sumByChannel(tf.square(tf.sub(x, batchMean))).div(count);
      const follow = (before: tf.Tensor, now: tf.Tensor): tf.Tensor =>
        tf.add(tf.mul(before, 1 - momentum), tf.mul(now, momentum));
      return [
        normalize(batchMean, batchVariance),
        follow(mean, batchMean),
        follow(variance, tf.mul(batchVariance, count / (count - 1))),
        batchMean,
        batchVariance,
      ];
    },
    backward([dy], [x, scale, mean, variance, batchMean, batchVariance], { training, epsilon }) {
      const [center, square] = training ? [batchMean, batchVariance] : [mean, variance];
      const inverse = tf.rsqrt(tf.add(square, epsilon)); // 1 / deviation
      const normalized = tf.mul(tf.sub(x, center), inverse);
      const [dScale, dOffset] = [sumByChannel(tf.mul(dy, normalized)), sumByChannel(dy)];
      const count = x.size / scale.size;
      // mean and variance of the batch depend on x too
      const centered = (): tf.Tensor =>
        tf.sub(tf.sub(dy, tf.div(dOffset, count)), tf.mul(normalized, tf.div(dScale, count)));
      return {
        x: () => tf.mul(training ? centered() : dy, tf.mul(scale, inverse)),
        scale: () => dScale,
        offset: () => dOffset,
      };
    },
  },
});

/** The learnt scale and offset and the running statistics of a batch normalization, each [C]. */
export interface BatchNormTensors {
  scale: tf.Tensor1D;
  offset: tf.Tensor1D;
  mean: tf.Tensor1D;
  variance: tf.Tensor1D;
}

/**
 * Normalizes each channel by the batch's own mean and (biased) variance, then scales and shifts.
 *
 * @param x - [N, H, W, C].
 * @param momentum - the part of the running statistics that the batch's replace (torch's convention: 0.1).
 * @returns y like x, and the running mean and (unbiased) variance to go on with; the caller owns all three.
 */
export function batchNormTrain(
  x: tf.Tensor4D,
  tensors: BatchNormTensors,
  epsilon: number,
  momentum: number,
): { y: tf.Tensor4D; mean: tf.Tensor1D; variance: tf.Tensor1D } {
  const [y, mean, variance, ...saved] = runBatchNorm(
    { x, ...tensors },
    { training: true, epsilon, momentum },
  );
  tf.dispose(saved); // the tape holds references of its own
  return { y: y as tf.Tensor4D, mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D };
}

/** Normalizes each channel of x [N, H, W, C] by given statistics, which do not move. */
export function batchNormEval(x: tf.Tensor4D, tensors: BatchNormTensors, epsilon: number): tf.Tensor4D {
  const [y, ...rest] = runBatchNorm({ x, ...tensors }, { training: false, epsilon, momentum: 0 });
  tf.dispose(rest);
  return y as tf.Tensor4D;
}
