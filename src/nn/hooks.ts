import type * as tf from '@tensorflow/tfjs-node';
import type { Module } from './module';

/** Told of a module's forward pass after it ran; the tensors belong to others. */
export type ForwardHook = (name: string, module: Module, input: tf.Tensor, output: tf.Tensor) => void;

type Tell = (input: tf.Tensor, output: tf.Tensor) => void;

/** Modules that tell of their passes: whom, in the order in which they asked, and how to put `forward` back. */
const hooked = new WeakMap<Module, { told: Map<symbol, Tell>; restore: () => void }>();

/**
 * Calls a function after each forward pass of a module and of all below it, like torch's `register_forward_hook`.
 *
 * @param hook - gets the module's name ("layer1.0.conv1"; "" for `model` itself); `tf.clone` what is to be kept.
 * @returns a function that takes these hooks off again, whichever others came before or after.
 */
export function onForward(model: Module, hook: ForwardHook): () => void {
  const takeOffs = model.namedModules().map(([name, module]) => {
    const { told, restore } = hooked.get(module) ?? wrapForward(module);
    const id = Symbol(name);
    told.set(id, (input, output) => hook(name, module, input, output));
    return () => told.delete(id) && told.size === 0 && restore();
  });
  return () => takeOffs.forEach((takeOff) => takeOff());
}

function wrapForward(module: Module) {
  const forward = module.forward;
  const own = Object.hasOwn(module, 'forward'); // the reader's
  const told = new Map<symbol, Tell>();
  const wrapped = (module.forward = function (this: Module, x: tf.Tensor): tf.Tensor {
    const output = forward.call(this, x);
    [...told.values()].forEach((tell) => tell(x, output));
    return output;
  });
  const restore = () => {
    if (module.forward !== wrapped) return; // the reader has wrapped it again: it stays, and tells nobody
    hooked.delete(module);
    if (own) module.forward = forward;
    else delete (module as Partial<Module>).forward; // the class's own shows again
  };
  hooked.set(module, { told, restore });
  return { told, restore };
}
