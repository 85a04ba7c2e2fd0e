import * as tf from '@tensorflow/tfjs-node';
import { type Attribute, FLOAT, execute } from './execute';
import { NativeVariable } from './variable';

const NO_LOCK: Record<string, Attribute> = { T: FLOAT, use_locking: { bool: false } };

/*
 * Each function here takes what a step is made with, once a step (the scalars belong to the caller's tf.tidy), and returns
 * one that moves a single variable.
 */

/** What one step of Adam depends on besides the tensors; `step` counts from 1. */
export interface AdamStep {
  lr: number;
  beta1: number;
  beta2: number;
  eps: number;
  step: number;
}

/**
 * One step of Adam, in place: returns what moves one variable. TensorFlow adds epsilon before it corrects the bias of the
 * second moment and torch after; handing it eps * sqrt(1 - beta2^step) makes both the same:
 * lr / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t)) + eps).
 */
export function adam({ lr, beta1, beta2, eps, step }: AdamStep) {
  const beta2Power = beta2 ** step;
  const numbers = [beta1 ** step, beta2Power, lr, beta1, beta2, eps * Math.sqrt(1 - beta2Power)];
  const scalars = numbers.map((value) => tf.scalar(value));
  const attributes = { ...NO_LOCK, use_nesterov: { bool: false } };
  return (variable: NativeVariable, m: NativeVariable, v: NativeVariable, gradient: tf.Tensor): void =>
    NativeVariable.update([variable, m, v], (handles) =>
      execute('ResourceApplyAdam', attributes, [...handles, ...scalars, gradient], 0),
    );
}

/** One step of gradient descent, in place: w -= lr * gradient. */
export function gradientDescent(lr: number) {
  const rate = tf.scalar(lr);
  return (variable: NativeVariable, gradient: tf.Tensor): void =>
    NativeVariable.update([variable], (handles) =>
      execute('ResourceApplyGradientDescent', NO_LOCK, [...handles, rate, gradient], 0),
    );
}

/** One step with momentum, in place, as torch's SGD: velocity = momentum * velocity + gradient; w -= lr * velocity. */
export function momentumDescent(options: { lr: number; momentum: number; nesterov: boolean }) {
  const [rate, factor] = [tf.scalar(options.lr), tf.scalar(options.momentum)];
  const attributes = { ...NO_LOCK, use_nesterov: { bool: options.nesterov } };
  return (variable: NativeVariable, velocity: NativeVariable, gradient: tf.Tensor): void =>
    NativeVariable.update([variable, velocity], (handles) =>
      execute('ResourceApplyMomentum', attributes, [...handles, rate, gradient, factor], 0),
    );
}
