import * as tf from '@tensorflow/tfjs-node';
import type { Parameter } from '../nn/parameter';
import { adam, gradientDescent, momentumDescent } from '../ops/optimizers';
import type { StateDict, StateTensor } from '../nn/stateDict';
import { NativeVariable } from '../ops/variable';

/** Options that all optimizers have, by torch's names. */
export interface OptimizerOptions {
  /** Learning rate. */
  lr: number;
  /** Adds weightDecay * weight to each gradient (L2 regularization, as torch's Adam and SGD); default 0. */
  weightDecay?: number;
}

/** Moves one parameter in place; `slots` are what the method remembers of it. */
type Apply = (variable: NativeVariable, gradient: tf.Tensor, slots: NativeVariable[]) => void;

/** Moves parameters along the gradients that `backward` left in them, like `torch.optim.Optimizer`. */
export abstract class Optimizer {
  /** Learning rate; schedules change it. */
  lr: number;
  protected readonly weightDecay: number;
  /** Steps taken so far. */
  protected steps = 0;
  private readonly slots = new Map<Parameter, NativeVariable[]>();

  protected constructor(
    readonly parameters: Parameter[],
    { lr, weightDecay = 0 }: OptimizerOptions,
    private readonly slotCount: number,
  ) {
    if (parameters.length === 0) throw new Error('Optimizer: got an empty list of parameters.');
    if (!(lr >= 0)) throw new Error(`Optimizer: lr must be a number of at least 0, got ${lr}.`);
    this.lr = lr;
    this.weightDecay = weightDecay;
    for (const parameter of parameters) {
      const zeros = (): tf.Tensor => tf.zeros([...parameter.shape]);
      this.slots.set(
        parameter,
        Array.from({ length: this.slotCount }, () => new NativeVariable(zeros())),
      );
    }
  }

  /** Makes what all parameters of a step share, and returns how one is moved in place by it. */
  protected abstract begin(): Apply;

  /** Moves every parameter that has a gradient. */
  step(): void {
    this.steps += 1;
    tf.tidy(() => {
      const apply = this.begin();
      for (const [parameter, slots] of this.slots) {
        if (parameter.grad === null) continue;
        const gradient =
          this.weightDecay === 0
            ? parameter.grad
            : tf.add(parameter.grad, tf.mul(parameter.value, this.weightDecay));
        apply(parameter.variable, gradient, slots);
      }
    });
  }

  /** Frees the gradients. */
  zeroGrad(): void {
    this.parameters.forEach((parameter) => parameter.zeroGrad());
  }

  /** What the method remembers, as numbers on the host: "3.0" is the first memory of the parameter at position 3. */
  stateDict(): StateDict {
    const entries = [...this.slots].flatMap(([parameter, slots], i) =>
      slots.map((slot, j): [string, StateTensor] => {
        const value = slot.read();
        const data = value.dataSync<'float32'>();
        value.dispose();
        return [`${i}.${j}`, { dtype: 'float32', shape: parameter.shape, data }];
      }),
    );
    return new Map([...entries, ['steps', { dtype: 'int32', shape: [], data: Int32Array.of(this.steps) }]]);
  }

  /** Goes on from what {@link stateDict} returned, for an optimizer made with the same parameters in the same order. */
  loadStateDict(dict: StateDict): void {
    const misfit = new Error(
      'The optimizer state does not fit: it was saved for other parameters or by another method.',
    );
    const slots = [...this.slots].flatMap(([parameter, each], i) =>
      each.map((slot, j) => {
        const state = dict.get(`${i}.${j}`);
        if (state?.dtype !== 'float32' || state.shape.join() !== parameter.shape.join()) throw misfit;
        return { slot, state };
      }),
    );
    const steps = dict.get('steps');
    if (!steps || dict.size !== slots.length + 1) throw misfit;
    for (const { slot, state } of slots) {
      slot.assign(tf.tensor(state.data as Float32Array, [...state.shape], 'float32'));
    }
    this.steps = Number(steps.data[0]);
  }

  /** Frees what the method remembers; the parameters stay. */
  dispose(): void {
    [...this.slots.values()].flat().forEach((slot) => slot.dispose());
    this.slots.clear();
  }
}

/** Adam (arXiv:1412.6980), like `torch.optim.Adam`. */
export class Adam extends Optimizer {
  private readonly betas: readonly [number, number];
  private readonly eps: number;

  /** @param options - lr defaults to 1e-3, betas to [0.9, 0.999], eps to 1e-8. */
  constructor(
    parameters: Parameter[],
    options: Partial<OptimizerOptions> & { betas?: readonly [number, number]; eps?: number } = {},
  ) {
    super(parameters, { lr: 1e-3, ...options }, 2);
    this.betas = options.betas ?? [0.9, 0.999];
    this.eps = options.eps ?? 1e-8;
  }

  protected begin(): Apply {
    const [beta1, beta2] = this.betas;
    const apply = adam({ lr: this.lr, beta1, beta2, eps: this.eps, step: this.steps });
    return (variable, gradient, [m, v]) => apply(variable, m, v, gradient);
  }
}

/** Stochastic gradient descent, with momentum if asked for, like `torch.optim.SGD`. */
export class SGD extends Optimizer {
  private readonly momentum: number;
  private readonly nesterov: boolean;

  /** @param options - lr defaults to 1e-3, momentum to 0, nesterov to false. */
  constructor(
    parameters: Parameter[],
    options: Partial<OptimizerOptions> & { momentum?: number; nesterov?: boolean } = {},
  ) {
    super(parameters, { lr: 1e-3, ...options }, (options.momentum ?? 0) === 0 ? 0 : 1);
    this.momentum = options.momentum ?? 0;
    this.nesterov = options.nesterov ?? false;
  }

  protected begin(): Apply {
    const { lr, momentum, nesterov } = this;
    if (momentum === 0) return gradientDescent(lr);
    const apply = momentumDescent({ lr, momentum, nesterov });
    return (variable, gradient, [velocity]) => apply(variable, velocity, gradient);
  }
}
