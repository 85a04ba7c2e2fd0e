import type { Fingerprint } from '../data/fingerprint';
import { Module } from '../nn/module';
import { Parameter, StateBuffer } from '../nn/parameter';

/**
 * Takes in what a network is: its modules' names, code and settings, and what `say` tells of each parameter and buffer.
 *
 * @param passOver - modules of which only the names count.
 */
export function addModel(
  print: Fingerprint,
  model: Module,
  say: (tensor: Parameter | StateBuffer) => unknown,
  passOver: ReadonlySet<Module> = new Set(),
): void {
  for (const [name, module] of model.namedModules()) {
    print.add(name);
    if (passOver.has(module)) continue;
    print.add(module.constructor); // its code: what it does with its weights
    for (const [field, value] of Object.entries(module)) {
      // Modules have entries of their own, and the mode is set by whoever runs them.
      if (value instanceof Module || field === 'training') continue;
      const tensor = value instanceof Parameter || value instanceof StateBuffer;
      print.add(field).add(tensor ? say(value) : value);
    }
  }
}
