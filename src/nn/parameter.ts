import * as tf from '@tensorflow/tfjs-node';
import { CELLS, type Cell } from '../ops/survey';
import { NativeVariable } from '../ops/variable';
import { numel } from '../state/dtype';
import type { StateTensor } from '../state/stateDict';

/**
 * In what order a tensor's axes lie here, where torch has another order:
 * `'filter'` is [kernel height, kernel width, in, out] here (TensorFlow's HWIO) and [out, in, height, width] in torch.
 */
export type Layout = 'same' | 'filter';

/** What has been made since `disposeIfFails` began; undefined outside it. */
let made: ModuleTensor[] | undefined;

/**
 * Builds a model. Where that fails half-way (an option that a block does not support), it frees the parameters and buffers
 * made until then; the caller cannot, because it gets no model to dispose of.
 */
export function disposeIfFails<Model>(build: () => Model): Model {
  const outer = made;
  const mine: ModuleTensor[] = [];
  made = mine;
  try {
    const model = build();
    outer?.push(...mine);
    return model;
  } catch (error) {
    mine.forEach((tensor) => tensor.dispose());
    throw error;
  } finally {
    made = outer;
  }
}

/** A float32 tensor that belongs to a module and is saved with it: a parameter or a buffer. */
abstract class ModuleTensor {
  readonly shape: readonly number[];

  protected constructor(
    initial: tf.Tensor,
    readonly layout: Layout,
  ) {
    this.shape = [...initial.shape];
  }

  /** The value now. It belongs to the module: do not dispose of it, clone it to keep it. */
  abstract get value(): tf.Tensor;

  /** Takes a value of the right shape over. */
  protected abstract replace(value: tf.Tensor): void;

  abstract dispose(): void;

  /** Where its tensors lie, for `capture`. */
  abstract [CELLS](): Cell[];

  /** The shape that torch gives the same tensor. */
  get torchShape(): number[] {
    const s = this.shape;
    return this.layout === 'filter' ? [s[3], s[2], s[0], s[1]] : [...s];
  }

  /** How many numbers it holds. */
  get size(): number {
    return numel(this.shape);
  }

  /** Replaces the value by a tensor of the same shape, which this takes over. */
  assign(value: tf.Tensor): void {
    if (!tf.util.arraysEqual(value.shape, this.shape as number[])) {
      throw new Error(`assign: expected a tensor of shape [${this.shape}], got [${value.shape}].`);
    }
    this.replace(value);
  }

  /** The value on the host, in torch's layout. */
  toState(): StateTensor {
    const filter = this.layout === 'filter';
    const value = filter ? tf.transpose(this.value, [3, 2, 0, 1]) : this.value;
    // not in tf.tidy, which looks for tensors among all the numbers that it is to return: 15 s for ResNet-34
    const data = value.dataSync<'float32'>();
    if (filter) value.dispose();
    return { dtype: 'float32', shape: this.torchShape, data };
  }

  /** Sets the value from numbers in torch's layout. */
  fromTorch(values: Float32Array): void {
    const value = tf.tidy(() => {
      const torch = tf.tensor(values, this.torchShape, 'float32');
      return this.layout === 'filter' ? tf.transpose(torch, [2, 3, 1, 0]) : torch;
    });
    this.assign(value);
  }
}

/** A tensor that training changes, like `torch.nn.Parameter`. */
export class Parameter extends ModuleTensor {
  /** The gradient that `backward` left here and an optimizer takes up; null before the first and after `zeroGrad`. */
  grad: tf.Tensor | null = null;
  /** The storage; optimizers update it in place. */
  readonly variable: NativeVariable;

  /**
   * @param initial - its first value, which the parameter takes over.
   * @param layout - 'filter' for convolution filters in TensorFlow's order.
   * @param requiresGrad - false freezes it: no gradient is computed and no optimizer moves it.
   */
  constructor(
    initial: tf.Tensor,
    layout: Layout = 'same',
    public requiresGrad = true,
  ) {
    super(initial, layout);
    this.variable = new NativeVariable(initial, true);
    made?.push(this);
  }

  get value(): tf.Tensor {
    return this.variable.value;
  }

  protected replace(value: tf.Tensor): void {
    this.variable.assign(value);
  }

  /** Frees the gradient. */
  zeroGrad(): void {
    this.grad?.dispose();
    this.grad = null;
  }

  dispose(): void {
    this.zeroGrad();
    this.variable.dispose();
  }

  [CELLS](): Cell[] {
    const setGrad = (gradient: tf.Tensor): void => {
      this.zeroGrad();
      this.grad = tf.keep(gradient);
    };
    return [{ get: () => this.value }, { get: () => this.grad, set: setGrad }];
  }
}

/** A tensor that is saved with the module but not trained, like torch's buffers: running means, counters. */
export class StateBuffer extends ModuleTensor {
  private tensor: tf.Tensor;

  /** @param dtype - 'int64' marks a counter, which torch stores as a 64-bit integer. */
  constructor(
    initial: tf.Tensor,
    readonly dtype: 'float32' | 'int64' = 'float32',
  ) {
    super(initial, 'same');
    this.tensor = tf.keep(initial);
    made?.push(this);
  }

  get value(): tf.Tensor {
    return this.tensor;
  }

  protected replace(value: tf.Tensor): void {
    this.tensor.dispose();
    this.tensor = tf.keep(value);
  }

  dispose(): void {
    this.tensor.dispose();
  }

  [CELLS](): Cell[] {
    return [{ get: () => this.value, set: (value) => this.assign(value) }];
  }

  override toState(): StateTensor {
    const state = super.toState();
    if (this.dtype === 'float32') return state;
    return {
      dtype: 'int64',
      shape: state.shape,
      data: BigInt64Array.from(state.data as Float32Array, BigInt),
    };
  }
}
