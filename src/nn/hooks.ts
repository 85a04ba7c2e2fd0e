import * as tf from '@tensorflow/tfjs-node';
import type { Module } from './module';

/** Called after a module's forward pass; the tensors belong to others. */
export type ForwardHook = (name: string, module: Module, input: tf.Tensor, output: tf.Tensor) => void;

type Listener = (input: tf.Tensor, output: tf.Tensor) => void;

/** Modules whose `forward` is wrapped: the listeners, in the order in which they came, and how to put `forward` back. */
const hooked = new WeakMap<Module, { listeners: Map<symbol, Listener>; restore: () => void }>();

/**
 * Calls a function after each forward pass of a module and of all below it, like torch's `register_forward_hook`.
 *
 * @param hook - gets the module's name ("layer1.0.conv1"; "" for `model` itself); `tf.clone` what is to be kept.
 * @returns a function that takes these hooks off again; others that came before or after them stay.
 */
export function onForward(model: Module, hook: ForwardHook): () => void {
  const takeOffs = model.namedModules().map(([name, module]) => {
    const { listeners, restore } = hooked.get(module) ?? wrapForward(module);
    const id = Symbol(name);
    listeners.set(id, (input, output) => hook(name, module, input, output));
    return () => listeners.delete(id) && listeners.size === 0 && restore();
  });
  return () => takeOffs.forEach((takeOff) => takeOff());
}

function wrapForward(module: Module) {
  const forward = module.forward;
  const listeners = new Map<symbol, Listener>();
  const putBack = replaceForward(module, function (this: Module, x: tf.Tensor): tf.Tensor {
    const output = forward.call(this, x);
    [...listeners.values()].forEach((listener) => listener(x, output));
    return output;
  });
  const restore = () => {
    // where the reader has wrapped it again, that stays, and calls no listener
    if (putBack()) hooked.delete(module);
  };
  const hook = { listeners, restore };
  hooked.set(module, hook);
  return hook;
}

/**
 * Gives a module another `forward` for a while.
 *
 * @returns what puts its own back, and says whether it did: not where `forward` has been replaced again since.
 */
export function replaceForward(module: Module, replacement: Module['forward']): () => boolean {
  const forward = module.forward;
  const own = Object.hasOwn(module, 'forward'); // the reader's
  module.forward = replacement;
  return () => {
    if (module.forward !== replacement) return false;
    if (own) module.forward = forward;
    else delete (module as Partial<Module>).forward; // the class's own shows again
    return true;
  };
}

/**
 * What one module of a model is given, and what it gives, while the model sees `x`; where it is used more than once, the
 * last time. All three tensors are the caller's.
 *
 * @param role - what the caller calls the module, for the error.
 * @throws Error where the model does not use the module.
 */
export function observe(
  model: Module,
  module: Module,
  x: tf.Tensor,
  role: string,
): { input: tf.Tensor; output: tf.Tensor; result: tf.Tensor } {
  let kept: tf.Tensor[] = []; // beyond the model's own tidy
  const takeOff = onForward(module, (name, _module, ...seen) => {
    if (name !== '') return; // a module below it
    tf.dispose(kept);
    kept = seen.map((each) => tf.keep(each.clone()));
  });
  let result: tf.Tensor | undefined;
  try {
    result = model.forward(x);
    if (kept.length === 0) throw new Error(`The model did not use the module given as ${role}.`);
    const [input, output] = kept.map((each) => each.clone()); // which belong to the caller's tidy, if it has one
    return { input, output, result };
  } catch (error) {
    result?.dispose();
    throw error;
  } finally {
    takeOff();
    tf.dispose(kept);
  }
}
