import * as tf from '@tensorflow/tfjs-node';
import { type Attribute, FLOAT, execute } from './execute';
import { NativeVariable } from './variable';

const NO_LOCK: Record<string, Attribute> = { T: FLOAT, use_locking: { bool: false } };

/** What one step of Adam depends on besides the tensors; `step` counts from 1. */
export interface AdamStep {
  lr: number;
  beta1: number;
  beta2: number;
  eps: number;
  step: number;
}

/**
 * One step of Adam, in place. TensorFlow adds epsilon before it corrects the bias of the second moment and torch
 * after; handing it eps * sqrt(1 - beta2^step) makes both the same:
 * lr / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t)) + eps).
 */
export function applyAdam(
  variable: NativeVariable,
  m: NativeVariable,
  v: NativeVariable,
  gradient: tf.Tensor,
  { lr, beta1, beta2, eps, step }: AdamStep,
): void {
  tf.tidy(() => {
    const beta2Power = beta2 ** step;
    const scalars = [beta1 ** step, beta2Power, lr, beta1, beta2, eps * Math.sqrt(1 - beta2Power)];
    const inputs = scalars.map((value) => tf.scalar(value));
    const attributes = { ...NO_LOCK, use_nesterov: { bool: false } };
    NativeVariable.update([variable, m, v], (handles) =>
      execute('ResourceApplyAdam', attributes, [...handles, ...inputs, gradient], 0),
    );
  });
}

/** One step of gradient descent, in place: w -= lr * gradient. */
export function applyGradientDescent(variable: NativeVariable, gradient: tf.Tensor, lr: number): void {
  tf.tidy(() => {
    NativeVariable.update([variable], (handles) =>
      execute('ResourceApplyGradientDescent', NO_LOCK, [...handles, tf.scalar(lr), gradient], 0),
    );
  });
}

/** One step with momentum, in place, as torch's SGD: velocity = momentum * velocity + gradient; w -= lr * velocity. */
export function applyMomentum(
  variable: NativeVariable,
  velocity: NativeVariable,
  gradient: tf.Tensor,
  { lr, momentum, nesterov }: { lr: number; momentum: number; nesterov: boolean },
): void {
  tf.tidy(() => {
    const [rate, factor] = [tf.scalar(lr), tf.scalar(momentum)];
    const attributes = { ...NO_LOCK, use_nesterov: { bool: nesterov } };
    NativeVariable.update([variable, velocity], (handles) =>
      execute('ResourceApplyMomentum', attributes, [...handles, rate, gradient, factor], 0),
    );
  });
}
