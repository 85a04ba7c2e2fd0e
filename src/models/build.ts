import { type Module, torchName } from '../nn/module';
import { disposeIfFails } from '../nn/parameter';
import type { Weights, WeightsChoice, WeightsEnum } from './weights';

/** Options of a builder: those of its model, and which weights to start from. */
export type BuilderOptions<Options, W> = Options & {
  /** Pretrained weights: a member of the model's enumeration or its name; default null, random ones. */
  weights?: W;
  /** Show how far a download has got; default true. */
  progress?: boolean;
};

/** A model at once, or a promise of one where weights have to be read or downloaded first. */
export type Built<W, Model> = W extends null | undefined ? Model : Promise<Model>;

/** Builds a model; with weights it gives a promise of it. */
export type Builder<Enum extends string, Options, Model> = <W extends WeightsChoice<Enum> = null>(
  options?: BuilderOptions<Options, W>,
) => Built<W, Model>;

/** Names a builder as torchvision does: "resnet34" is the one with ResNet34_Weights. */
export function namedBuilder<Enum extends string, Options, Model>(
  { DEFAULT }: WeightsEnum<Enum>,
  build: (options: BuilderOptions<Options, WeightsChoice<Enum>>) => Model | Promise<Model>,
): Builder<Enum, Options, Model> {
  const builder = (options = {} as Parameters<typeof build>[0]): Model | Promise<Model> => build(options);
  const name = DEFAULT.enumName.replace(/_Weights$/, '').toLowerCase();
  return Object.defineProperty(builder, 'name', { value: name }) as Builder<Enum, Options, Model>;
}

/** Builds a model; with weights, gets them first and loads them. */
export function buildAndLoad<Model extends Module>(
  build: () => Model,
  weights: Weights | null,
  progress?: boolean,
): Model | Promise<Model> {
  if (weights === null) return disposeIfFails(build);
  return weights.getStateDict({ progress }).then((stateDict) =>
    disposeIfFails(() => {
      const model = build();
      model.loadStateDict(stateDict);
      return model;
    }),
  );
}

/**
 * Sets an option that follows from the model or its weights. torchvision's `_ovewrite_named_param`, by its name.
 * @throws Error where the option was given another value.
 */
export function _ovewriteNamedParam<Options extends object, Name extends keyof Options & string>(
  kwargs: Options,
  param: Name,
  value: Options[Name],
): void {
  const given = kwargs[param];
  if (given !== undefined && given !== value)
    throw new Error(
      `The parameter '${torchName(param)}' expected value ${String(value)} but got ${String(given)} instead.`,
    );
  kwargs[param] = value;
}
