import type * as tf from '@tensorflow/tfjs-node';
import { Parameter, StateBuffer } from './parameter';
import { loadStateDict, type LoadOptions, type LoadResult } from './loadStateDict';
import type { StateDict } from '../state/stateDict';

/** torch's name for a property: `runningMean` is saved as "running_mean". */
export function torchName(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function join(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`;
}

/**
 * What networks are made of, with `torch.nn.Module`'s idea of a tree: any property that holds a Module, a Parameter or a
 * StateBuffer belongs to it, in the order in which the properties were assigned, under torch's name.
 *
 * `forward` returns one tensor that its caller owns; what it makes on the way is freed (composite modules wrap
 * themselves in `tf.tidy`).
 */
export abstract class Module {
  /** True in training mode: batch normalization uses the batch's statistics. Set it with `train()` and `eval()`. */
  training = true;

  /** Computes the module's output, NHWC like its input. */
  abstract forward(x: tf.Tensor): tf.Tensor;

  /** The modules that this one holds directly, with their names. */
  namedChildren(): [string, Module][] {
    return Object.entries(this)
      .filter((entry): entry is [string, Module] => entry[1] instanceof Module)
      .map(([property, child]) => [torchName(property), child]);
  }

  /** The modules that this one holds directly. */
  children(): Module[] {
    return this.namedChildren().map(([, child]) => child);
  }

  /** This module ("" is its name) and all below it, depth first. */
  namedModules(prefix = ''): [string, Module][] {
    const below = this.namedChildren().flatMap(([name, child]) => child.namedModules(join(prefix, name)));
    return [[prefix, this], ...below];
  }

  /** This module and all below it. */
  modules(): Module[] {
    return this.namedModules().map(([, module]) => module);
  }

  /** The parameters and then the buffers that this module holds itself, as torch orders them. */
  private ownTensors(): [string, Parameter | StateBuffer][] {
    return [Parameter, StateBuffer].flatMap((kind) =>
      Object.entries(this)
        .filter((entry): entry is [string, Parameter | StateBuffer] => entry[1] instanceof kind)
        .map(([property, tensor]): [string, Parameter | StateBuffer] => [torchName(property), tensor]),
    );
  }

  /** All parameters and buffers with their names, in the order of torch's state_dict. */
  namedTensors(): [string, Parameter | StateBuffer][] {
    return this.namedModules().flatMap(([prefix, module]) =>
      module
        .ownTensors()
        .map(([name, tensor]): [string, Parameter | StateBuffer] => [join(prefix, name), tensor]),
    );
  }

  /** Names of this module's own tensors that a strict `loadStateDict` ignores, be they missing or unexpected. */
  protected toleratedKeys(): readonly string[] {
    return [];
  }

  /** All parameters with their names ("layer1.0.conv1.weight"), in torch's order. */
  namedParameters(): [string, Parameter][] {
    return this.namedTensors().filter((entry): entry is [string, Parameter] => entry[1] instanceof Parameter);
  }

  /** All parameters, in torch's order. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** All buffers with their names ("bn1.running_mean"), in torch's order. */
  namedBuffers(): [string, StateBuffer][] {
    return this.namedTensors().filter(
      (entry): entry is [string, StateBuffer] => entry[1] instanceof StateBuffer,
    );
  }

  /** Puts this module and all below it into training mode (or out of it). */
  train(mode = true): this {
    this.modules().forEach((module) => (module.training = mode));
    return this;
  }

  /** Puts this module and all below it into evaluation mode. */
  eval(): this {
    return this.train(false);
  }

  /**
   * Freezes or unfreezes parameters.
   *
   * @param flag - false freezes.
   * @param which - the parameters meant, by name; all by default.
   */
  requiresGrad(flag: boolean, which: (name: string) => boolean = () => true): this {
    this.namedParameters().forEach(([name, parameter]) => {
      if (which(name)) parameter.requiresGrad = flag;
    });
    return this;
  }

  /** All parameters and buffers as numbers on the host, with torch's names, order and layouts. */
  stateDict(): StateDict {
    return new Map(this.namedTensors().map(([name, tensor]) => [name, tensor.toState()]));
  }

  /**
   * Sets parameters and buffers from a state dict, whatever its number types. Where all of its names begin with "module."
   * (from torch's DataParallel) and this module has none of them, that is left out.
   *
   * @throws Error in one message for all keys that are missing, unexpected, of a wrong shape or whose data does not fit
   *   their type and shape; then nothing was changed.
   */
  loadStateDict(dict: StateDict, options: LoadOptions = {}): LoadResult {
    const tolerated = this.namedModules().flatMap(([prefix, module]) =>
      module.toleratedKeys().map((name) => join(prefix, name)),
    );
    return loadStateDict(this.namedTensors(), dict, options, new Set(tolerated));
  }

  /** Frees all parameters and buffers; the module cannot be used afterwards. */
  dispose(): void {
    this.namedTensors().forEach(([, tensor]) => tensor.dispose());
  }
}
