import type { Module } from './module';

/**
 * Puts a module and all below it into evaluation mode for a while.
 *
 * @returns what gives each of them its own mode back: a part may have had another one than the whole.
 */
export function evalForNow(model: Module): () => void {
  const modes = model.modules().map((module): [Module, boolean] => [module, module.training]);
  model.eval();
  return () => modes.forEach(([module, training]) => (module.training = training));
}
