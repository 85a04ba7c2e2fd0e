import * as tf from '@tensorflow/tfjs-node';
import type { Module } from '../nn/module';
import { Parameter } from '../nn/parameter';

/** Throws unless the model's outputs have a column for each class of the data. */
export function checkOutputs({ shape }: tf.Tensor, classes: readonly string[]): void {
  if (shape.length === 2 && shape[1] >= classes.length) return;
  throw new Error(
    `The model has ${shape.length === 2 ? `${shape[1]} outputs` : `outputs of shape [${shape}]`}, ` +
      `the data ${classes.length} classes: replace its last layer.`,
  );
}

/**
 * Throws unless all values of a batch are finite: a sum is then finite too, and takes 0.2 ms for six photographs. The loss
 * does not always tell, for fused networks and max pooling lose NaN on the way.
 *
 * @param what - "The pictures of step 3"
 */
export function mustBeFinite(inputs: tf.Tensor, what: string): void {
  if (Number.isFinite(tf.tidy(() => tf.sum(inputs).dataSync()[0]))) return;
  throw new Error(
    `${what} hold values that are not finite: look at the data and its transforms (a std of 0?).`,
  );
}

/**
 * The error of a loss that is no number.
 *
 * @param where - "at step 3 (epoch 1)"
 * @param stepped - whether the optimizer had made a step.
 */
export function diverged(loss: number, where: string, stepped: boolean): Error {
  const advice = stepped
    ? 'lower the learning rate'
    : 'no step had been made, and weights and pictures are numbers, so look at the network and the loss';
  return new Error(`The loss became ${loss} ${where}: ${advice}.`);
}

/** Throws when a network holds what no training leads out of: a parameter that is infinite, or anything that is NaN. */
export function mustBeNumbers(model: Module): void {
  const wrong = model.namedTensors().find(([, each]) =>
    tf.tidy(() => {
      const fits = each instanceof Parameter ? tf.isFinite(each.value) : tf.logicalNot(tf.isNaN(each.value));
      return tf.all(fits).dataSync()[0] === 0;
    }),
  );
  if (wrong)
    throw new Error(
      `trainAndEval: ${wrong[0]} is not finite before the first step: initialize the model, or load its weights, anew.`,
    );
}
