import * as tf from '@tensorflow/tfjs-node';
import { isNative } from './backend';
import { type Attribute, FLOAT, execute } from './execute';
import { NativeVariable } from './variable';

const NO_LOCK: Record<string, Attribute> = { T: FLOAT, use_locking: { bool: false } };

/*
 * Each function here takes what a step is made with, once a step (the scalars belong to the caller's tf.tidy), and returns
 * one that moves a single variable.
 */

/** What a step of Adam depends on besides the tensors. */
export interface AdamStep {
  lr: number;
  beta1: number;
  beta2: number;
  eps: number;
}

/**
 * One step of Adam, in place: returns what moves one variable by its `step`-th step, counted from 1, as torch does:
 * lr / (1 - beta1^step) * m / (sqrt(v / (1 - beta2^step)) + eps).
 *
 * TensorFlow's op can correct the biases itself, but from powers in float32 (at beta2 = 0.999 that costs three digits), and
 * adds epsilon before the correction, where torch adds it after. So it is told of none (powers of 0), and the correction
 * goes into lr and eps. Its v grows by 1 - beta2 in float32, 5e-5 off at 0.999; `excess` takes that back.
 */
export function adam({ lr, beta1, beta2, eps }: AdamStep) {
  const attributes = { ...NO_LOCK, use_nesterov: { bool: false } };
  const excess = (1 - Math.fround(beta2)) / (1 - beta2);
  const scalars = new Map<number, tf.Scalar[]>(); // by step: mostly all variables make the same
  return (
    variable: NativeVariable,
    m: NativeVariable,
    v: NativeVariable,
    gradient: tf.Tensor,
    step: number,
  ): void => {
    if (!isNative()) {
      follow(m, gradient, beta1);
      follow(v, tf.square(gradient), beta2);
      const deviation = tf.sqrt(tf.div(v.value, 1 - beta2 ** step));
      const change = tf.div(tf.mul(m.value, lr / (1 - beta1 ** step)), tf.add(deviation, eps));
      variable.assign(tf.sub(variable.value, change));
      return;
    }
    const correction = Math.sqrt((1 - beta2 ** step) * excess);
    const numbers = [0, 0, (lr * correction) / (1 - beta1 ** step), beta1, beta2, eps * correction];
    const inputs = scalars.get(step) ?? numbers.map((value) => tf.scalar(value));
    scalars.set(step, inputs);
    NativeVariable.update([variable, m, v], (handles) =>
      execute('ResourceApplyAdam', attributes, [...handles, ...inputs, gradient], 0),
    );
  };
}

/** mean = beta * mean + (1 - beta) * now */
function follow(mean: NativeVariable, now: tf.Tensor, beta: number): void {
  mean.assign(tf.add(tf.mul(mean.value, beta), tf.mul(now, 1 - beta)));
}

/** One step of gradient descent, in place: w -= lr * gradient. */
export function gradientDescent(lr: number) {
  const rate = tf.scalar(lr);
  return (variable: NativeVariable, gradient: tf.Tensor): void => {
    if (!isNative()) return variable.assign(tf.sub(variable.value, tf.mul(gradient, rate)));
    NativeVariable.update([variable], (handles) =>
      execute('ResourceApplyGradientDescent', NO_LOCK, [...handles, rate, gradient], 0),
    );
  };
}

/** One step with momentum, in place, as torch's SGD: velocity = momentum * velocity + gradient; w -= lr * velocity. */
export function momentumDescent(options: { lr: number; momentum: number; nesterov: boolean }) {
  const [rate, factor] = [tf.scalar(options.lr), tf.scalar(options.momentum)];
  const attributes = { ...NO_LOCK, use_nesterov: { bool: options.nesterov } };
  return (variable: NativeVariable, velocity: NativeVariable, gradient: tf.Tensor): void => {
    if (!isNative()) {
      velocity.assign(tf.add(tf.mul(velocity.value, factor), gradient));
      const { nesterov } = options;
      const along = nesterov ? tf.add(gradient, tf.mul(velocity.value, factor)) : velocity.value;
      return variable.assign(tf.sub(variable.value, tf.mul(along, rate)));
    }
    NativeVariable.update([variable, velocity], (handles) =>
      execute('ResourceApplyMomentum', attributes, [...handles, rate, gradient, factor], 0),
    );
  };
}
