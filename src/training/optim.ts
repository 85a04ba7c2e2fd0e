import * as tf from '@tensorflow/tfjs-node';
import { checkNumber } from '../checkNumber';
import type { Parameter } from '../nn/parameter';
import { adam, gradientDescent, momentumDescent } from '../ops/optimizers';
import type { StateDict } from '../state/stateDict';
import { NativeVariable } from '../ops/variable';

/** Options that all optimizers have, by torch's names. */
export interface OptimizerOptions {
  /** Learning rate; default 1e-3. */
  lr?: number;
  /** Adds weightDecay * weight to each gradient (L2 regularization, as torch's Adam and SGD); default 0. */
  weightDecay?: number;
}

/** Moves one parameter in place: its `step`-th step, counted from 1; `slots` are what the method remembers of it. */
type Apply = (variable: NativeVariable, gradient: tf.Tensor, slots: NativeVariable[], step: number) => void;

/** A parameter, what the method remembers of it, and how many steps it has made. */
interface Moved {
  parameter: Parameter;
  slots: NativeVariable[];
  steps: number;
}

/**
 * Moves parameters along the gradients that `backward` left in them, like `torch.optim.Optimizer`. A parameter without a
 * gradient (frozen, or left out by the loss) is passed over: nothing moves it, and its steps are not counted.
 */
export abstract class Optimizer {
  /** What the method was made with, `lr` apart. */
  abstract readonly options: Readonly<Record<string, number | boolean>>;
  protected readonly weightDecay: number;
  private rate = 0;
  private readonly moved: Moved[];

  protected constructor(
    readonly parameters: Parameter[],
    { lr = 1e-3, weightDecay = 0 }: OptimizerOptions,
    slotCount: number,
  ) {
    if (parameters.length === 0) throw new Error(`${this.name}: there are no parameters.`);
    if (new Set(parameters).size < parameters.length)
      throw new Error(`${this.name}: the same parameter was given twice.`);
    this.lr = lr;
    checkNumber(`${this.name}: weightDecay`, weightDecay, { from: 0 });
    this.weightDecay = weightDecay;
    this.moved = parameters.map((parameter) => {
      const zeros = () => new NativeVariable(tf.zeros([...parameter.shape]));
      return { parameter, slots: Array.from({ length: slotCount }, zeros), steps: 0 };
    });
  }

  private get name(): string {
    return this.constructor.name;
  }

  /** Learning rate; schedules change it. */
  get lr(): number {
    return this.rate;
  }

  set lr(lr: number) {
    checkNumber(`${this.name}: lr`, lr, { from: 0 });
    this.rate = lr;
  }

  /** Makes what all parameters of a step share, and returns how one is moved in place by it. */
  protected abstract begin(): Apply;

  /** Moves every parameter that has a gradient. */
  step(): void {
    tf.tidy(() => {
      const apply = this.begin();
      for (const each of this.moved) {
        const { parameter, slots } = each;
        const { grad } = parameter;
        if (grad === null) continue;
        const { weightDecay } = this;
        const gradient = weightDecay === 0 ? grad : tf.add(grad, tf.mul(parameter.value, weightDecay));
        each.steps += 1;
        apply(parameter.variable, gradient, slots, each.steps);
      }
    });
  }

  /** Frees the gradients. */
  zeroGrad(): void {
    this.parameters.forEach((parameter) => parameter.zeroGrad());
  }

  /** What the method remembers of each parameter, by the names that `stateDict` gives it. */
  private memories(): { name: string; slot: NativeVariable; parameter: Parameter }[] {
    return this.moved.flatMap(({ parameter, slots }, i) =>
      slots.map((slot, j) => ({ name: `${i}.${j}`, slot, parameter })),
    );
  }

  /**
   * What the method remembers, as numbers on the host: "3.0" is the first memory of the parameter at position 3, "steps"
   * holds the steps that each has made.
   */
  stateDict(): StateDict {
    const dict: StateDict = new Map();
    for (const { name, slot, parameter } of this.memories()) {
      const value = slot.read();
      dict.set(name, { dtype: 'float32', shape: parameter.shape, data: value.dataSync<'float32'>() });
      value.dispose();
    }
    const data = Int32Array.from(this.moved, ({ steps }) => steps);
    return dict.set('steps', { dtype: 'int32', shape: [data.length], data });
  }

  /**
   * Goes on from what {@link stateDict} returned, for an optimizer made with the same parameters in the same order.
   *
   * @throws Error when it was saved for other parameters or by another method; then nothing was changed.
   */
  loadStateDict(dict: StateDict): void {
    this.prepareLoad(dict)();
  }

  /** Checks as {@link loadStateDict} does, and returns what loads. */
  prepareLoad(dict: StateDict): () => void {
    const misfit = (why: string): Error => new Error(`The optimizer state does not fit: ${why}.`);
    const other = misfit('it was saved for other parameters or by another method');
    const loads = this.memories().map(({ name, slot, parameter: { shape, size } }) => {
      const { data, shape: saved } = dict.get(name) ?? {};
      if (!(data instanceof Float32Array) || saved?.join() !== shape.join()) throw other;
      if (data.length !== size) throw misfit(`"${name}" is shorter or longer than its shape`);
      return () => slot.assign(tf.tensor(data, [...shape], 'float32'));
    });
    const steps = dict.get('steps');
    if (steps?.shape.length === 0) throw misfit('it has one count of steps, not one for each parameter');
    const counts = [...(steps?.data ?? [])].map(Number);
    if (counts.length !== this.moved.length || dict.size !== loads.length + 1) throw other;
    if (!counts.every((n) => Number.isInteger(n) && n >= 0)) throw misfit('its steps are no counts');
    return () => {
      loads.forEach((load) => load());
      this.moved.forEach((each, i) => (each.steps = counts[i]));
    };
  }

  /** Frees what the method remembers; the parameters stay. */
  dispose(): void {
    this.moved.splice(0).forEach(({ slots }) => slots.forEach((slot) => slot.dispose()));
  }
}

/** Adam (arXiv:1412.6980), like `torch.optim.Adam`. */
export class Adam extends Optimizer {
  readonly options;

  /** @param options - betas default to [0.9, 0.999], eps to 1e-8. */
  constructor(
    parameters: Parameter[],
    options: OptimizerOptions & { betas?: readonly [number, number]; eps?: number } = {},
  ) {
    const { betas: [beta1, beta2] = [0.9, 0.999], eps = 1e-8 } = options;
    checkNumber('Adam: beta1', beta1, { from: 0, below: 1 });
    checkNumber('Adam: beta2', beta2, { from: 0, below: 1 });
    checkNumber('Adam: eps', eps, { from: 0 });
    super(parameters, options, 2);
    this.options = { weightDecay: this.weightDecay, beta1, beta2, eps };
  }

  protected begin(): Apply {
    const apply = adam({ lr: this.lr, ...this.options });
    return (variable, gradient, [m, v], step) => apply(variable, m, v, gradient, step);
  }
}

/** Stochastic gradient descent, with momentum if asked for, like `torch.optim.SGD`. */
export class SGD extends Optimizer {
  readonly options;

  /** @param options - momentum defaults to 0, nesterov to false. */
  constructor(
    parameters: Parameter[],
    options: OptimizerOptions & { momentum?: number; nesterov?: boolean } = {},
  ) {
    const { momentum = 0, nesterov = false } = options;
    checkNumber('SGD: momentum', momentum, { from: 0 });
    if (nesterov && momentum === 0) throw new RangeError('SGD: nesterov needs a momentum above 0.');
    super(parameters, options, momentum === 0 ? 0 : 1);
    this.options = { weightDecay: this.weightDecay, momentum, nesterov };
  }

  protected begin(): Apply {
    const { lr, options } = this;
    if (options.momentum === 0) return gradientDescent(lr);
    const apply = momentumDescent({ lr, ...options });
    return (variable, gradient, [velocity]) => apply(variable, velocity, gradient);
  }
}
