import type * as tf from '@tensorflow/tfjs-node';
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
  const own = Object.hasOwn(module, 'forward'); // the reader's
  const listeners = new Map<symbol, Listener>();
  const wrapped = (module.forward = function (this: Module, x: tf.Tensor): tf.Tensor {
    const output = forward.call(this, x);
    [...listeners.values()].forEach((listener) => listener(x, output));
    return output;
  });
  const restore = () => {
    if (module.forward !== wrapped) return; // the reader has wrapped it again: that stays, and calls no listener
    hooked.delete(module);
    if (own) module.forward = forward;
    else delete (module as Partial<Module>).forward; // the class's own shows again
  };
  const hook = { listeners, restore };
  hooked.set(module, hook);
  return hook;
}
