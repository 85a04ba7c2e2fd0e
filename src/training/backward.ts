import * as tf from '@tensorflow/tfjs-node';
import type { Parameter } from '../nn/parameter';
import { needsAllGradients } from '../ops/execute';

/** One operation of the forward pass, as tfjs's engine records it. */
interface Step {
  kernelName: string;
  inputs: tf.NamedTensorMap;
  outputs: tf.Tensor[];
  /** What the gradient needs, kept alive for it. */
  saved?: tf.Tensor[];
  /** From dL / d outputs to functions that compute dL / d inputs. */
  gradient?: (dys: (tf.Tensor | undefined)[]) => Record<string, () => tf.Tensor>;
}

/** The part of tfjs's engine that records. */
interface Recorder {
  activeTape: Step[] | null;
  /** Above 0 the engine records. */
  gradientDepth: number;
}

/**
 * Computes a loss and the gradients of parameters, which it leaves in their `grad` (added to what is there, as torch's
 * `loss.backward()` does). torch records the forward pass as it runs; tfjs has to be handed it as a function.
 *
 * tfjs records, but its own `grads` keeps what was saved and every gradient until it is done. Here each is freed as soon
 * as the walk back has passed it, so that a training step needs little more memory than its forward pass.
 *
 * @param parameters - those without `requiresGrad` are passed over, and no gradient is computed for them. Those that the
 *   loss does not depend on keep the `grad` that they have (null after `zeroGrad`), so that no optimizer moves them.
 * @param forward - runs the model and returns the loss, a scalar.
 * @returns the loss, which the caller owns.
 */
export function backward(parameters: Parameter[], forward: () => tf.Scalar): tf.Scalar {
  const wanted = parameters.filter((parameter) => parameter.requiresGrad);
  if (wanted.length === 0) throw new Error('backward: every parameter is frozen (requiresGrad is false).');
  return tf.tidy(() => {
    const { loss, tape } = record(forward);
    try {
      const gradients = walkBack(tape, loss, new Set(wanted.map(({ value }) => value.id)));
      for (const parameter of wanted) {
        const gradient = gradients.get(parameter.value.id);
        if (!gradient) continue;
        const sum = parameter.grad === null ? gradient : tf.add(parameter.grad, gradient);
        parameter.zeroGrad();
        parameter.grad = tf.keep(sum);
      }
    } finally {
      tape.forEach(free);
    }
    return loss;
  });
}

/** Runs the forward pass with the engine's tape on. */
function record(forward: () => tf.Scalar): { loss: tf.Scalar; tape: Step[] } {
  const state = tf.engine().state as unknown as Recorder;
  if (state.gradientDepth > 0) throw new Error('backward: called within another gradient computation.');
  const tape: Step[] = [];
  state.activeTape = tape;
  state.gradientDepth = 1;
  try {
    return { loss: tf.tidy(forward), tape };
  } catch (error) {
    tape.forEach(free);
    throw error;
  } finally {
    state.gradientDepth = 0;
    state.activeTape = null;
  }
}

const free = ({ saved = [] }: Step): void => tf.dispose(saved);

/**
 * The chain rule, from the loss back to the parameters.
 *
 * @param wanted - ids of the tensors whose gradients are asked for.
 * @returns d loss / d tensor by id, for those of `wanted` that the loss depends on.
 */
function walkBack(tape: Step[], loss: tf.Scalar, wanted: Set<number>): Map<number, tf.Tensor> {
  // Only what depends on a wanted tensor carries gradients further: frozen stages below the first one cost nothing.
  const dependent = new Set(wanted);
  for (const { inputs, outputs } of tape) {
    if (Object.values(inputs).some(({ id }) => dependent.has(id)))
      outputs.forEach(({ id }) => dependent.add(id));
  }
  if (!dependent.has(loss.id)) throw new Error('backward: the loss does not depend on the parameters.');

  const gradients = new Map<number, tf.Tensor>([[loss.id, tf.onesLike(loss)]]);
  for (const step of [...tape].reverse()) {
    const dys = step.outputs.map(({ id }) => gradients.get(id));
    if (dys.some(Boolean)) {
      for (const [id, dx] of inputGradients(step, dys, dependent)) {
        const before = gradients.get(id);
        gradients.set(id, before ? tf.add(before, dx) : dx); // a residual block's input is used twice
        if (before) tf.dispose([before, dx]);
      }
    }
    step.outputs.forEach(({ id }, i) => {
      if (wanted.has(id)) return;
      dys[i]?.dispose();
      gradients.delete(id);
    });
    free(step);
  }
  return gradients;
}

/** Computes the gradients of one operation's inputs, of those that `dependent` names. */
function inputGradients(
  { kernelName, inputs, gradient }: Step,
  dys: (tf.Tensor | undefined)[],
  dependent: Set<number>,
): [id: number, dx: tf.Tensor][] {
  const needed = Object.entries(inputs).filter(([, { id }]) => dependent.has(id));
  if (needed.length === 0) return [];
  if (!gradient) throw new Error(`backward: ${kernelName} has no gradient.`);
  // tfjs stands zeros of the output's size in for a missing dy; where nobody reads them, a single one will do
  const given = needsAllGradients(kernelName) ? dys : dys.map((dy) => dy ?? tf.scalar(0));
  const dxs = tf.tidy(() => {
    const compute = gradient(given);
    return needed.map(([name]) => {
      const dx = compute[name]();
      return dys.includes(dx) ? dx.clone() : dx; // dy is freed
    });
  });
  dxs.forEach((dx, i) => {
    const { shape } = needed[i][1];
    if (!tf.util.arraysEqual(dx.shape, shape))
      throw new Error(`backward: ${kernelName} gave a gradient of [${dx.shape}] for [${shape}].`);
  });
  given.forEach((dy, i) => dy !== dys[i] && dy?.dispose());
  return needed.map(([, { id }], i) => [id, dxs[i]]);
}
