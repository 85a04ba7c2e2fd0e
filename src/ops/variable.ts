import * as tf from '@tensorflow/tfjs-node';
import { FLOAT, execute, executeSingle } from './execute';

/** The shared name by which TensorFlow knows that a variable is anonymous: freed when its last handle is. */
const ANONYMOUS = 'cd2c89b7-88b7-44c8-ad83-06c2a9158347';

/**
 * A float32 variable of TensorFlow's own, which its optimizers update in place: a step of Adam on ResNet-34's 21.8 M
 * parameters takes about 20 ms so, and over 100 ms through tfjs's optimizer, which makes new tensors.
 */
export class NativeVariable {
  private readonly handle: tf.Tensor;
  private read: tf.Tensor;

  /** @param initial - the first value; the variable takes it over, the caller must not use it again. */
  constructor(initial: tf.Tensor) {
    const attrs = { dtype: FLOAT, shape: { shape: initial.shape }, container: { string: '' } };
    this.handle = tf.keep(executeSingle('VarHandleOp', { ...attrs, shared_name: { string: ANONYMOUS } }, []));
    this.read = initial;
    this.assign(initial);
  }

  /**
   * The value now. Reading copies nothing; the tensor belongs to the variable and is good until the next change
   * (clone it to keep it).
   */
  get value(): tf.Tensor {
    return this.read;
  }

  /** Replaces the value by a tensor of the same shape, which the variable takes over. */
  assign(value: tf.Tensor): void {
    execute('AssignVariableOp', { dtype: FLOAT }, [this.handle, value], 0);
    value.dispose();
    this.refresh();
  }

  private refresh(): void {
    this.read.dispose();
    this.read = tf.keep(executeSingle('ReadVariableOp', { dtype: FLOAT }, [this.handle]));
  }

  /**
   * Lets one of TensorFlow's ops change variables through their handles. It works in place, because nobody else holds
   * their buffers meanwhile.
   */
  static update(variables: NativeVariable[], apply: (handles: tf.Tensor[]) => void): void {
    variables.forEach((variable) => variable.read.dispose());
    apply(variables.map((variable) => variable.handle));
    variables.forEach((variable) => variable.refresh());
  }

  dispose(): void {
    this.read.dispose();
    this.handle.dispose();
  }
}
