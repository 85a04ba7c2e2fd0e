import type { Module } from '../nn/module';
import { disposeIfFails } from '../nn/parameter';
import type { Weights } from './weights';

/** A model at once, or a promise of one where weights have to be read or downloaded first. */
export type Built<W, Model> = W extends null | undefined ? Model : Promise<Model>;

/** Builds a model; with weights, gets them first and loads them. */
export function buildAndLoad<Model extends Module>(
  build: () => Model,
  weights: Weights | null,
  progress?: boolean,
): Model | Promise<Model> {
  if (weights === null) return disposeIfFails(build);
  return weights.getStateDict({ progress }).then((stateDict) => {
    const model = disposeIfFails(build);
    try {
      model.loadStateDict(stateDict);
    } catch (error) {
      model.dispose();
      throw error;
    }
    return model;
  });
}

/**
 * Sets an option that follows from the model or its weights. torchvision's `_ovewrite_named_param`, by its name.
 * @throws Error where the option was given another value.
 */
export function _ovewriteNamedParam<T>(given: T | undefined, param: string, value: T): T {
  if (given !== undefined && given !== value) {
    throw new Error(
      `The parameter '${param}' expected value ${String(value)} but got ${String(given)} instead.`,
    );
  }
  return value;
}
