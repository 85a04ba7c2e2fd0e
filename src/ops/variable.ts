import * as tf from '@tensorflow/tfjs-node';
import { isNative } from './backend';
import { FLOAT, execute, executeSingle } from './execute';

/** The shared name by which TensorFlow knows that a variable is anonymous: freed when its last handle is. */
const ANONYMOUS = 'cd2c89b7-88b7-44c8-ad83-06c2a9158347';

/**
 * A float32 variable. In Node it is TensorFlow's own, which optimizers update in place: a step of Adam on ResNet-34's 21.8 M
 * parameters takes about 20 ms so, and over 100 ms through tfjs's optimizer, which makes new tensors. In a page, it is a tensor
 * that new ones replace.
 */
export class NativeVariable {
  /** TensorFlow's; undefined in a page. */
  private readonly handle: tf.Tensor | undefined;
  /** What `value` has given out; an optimizer's memories are never asked for theirs. In a page, the value itself. */
  private cached: tf.Tensor | undefined;

  /**
   * @param initial - the first value; the variable takes it over, the caller must not use it again.
   * @param readable - whether `value` is read at once, so that the first use later on makes no tensor.
   */
  constructor(initial: tf.Tensor, readable = false) {
    if (!isNative()) {
      this.cached = tf.keep(initial);
      return;
    }
    const attrs = { dtype: FLOAT, shape: { shape: initial.shape }, container: { string: '' } };
    this.handle = tf.keep(executeSingle('VarHandleOp', { ...attrs, shared_name: { string: ANONYMOUS } }, []));
    this.assign(initial);
    if (readable) this.load();
  }

  /**
   * The value now. Reading copies nothing; the tensor belongs to the variable and is good until the next change
   * (clone it to keep it).
   */
  get value(): tf.Tensor {
    return this.cached ?? this.load();
  }

  private load(): tf.Tensor {
    this.cached = tf.keep(this.read());
    return this.cached;
  }

  /** The value now, in a tensor of the caller's. */
  read(): tf.Tensor {
    if (!this.handle) return this.value.clone();
    return executeSingle('ReadVariableOp', { dtype: FLOAT }, [this.handle]);
  }

  /** Replaces the value by a tensor of the same shape, which the variable takes over. */
  assign(value: tf.Tensor): void {
    const wasRead = this.release();
    if (!this.handle) {
      this.cached = tf.keep(value);
      return;
    }
    execute('AssignVariableOp', { dtype: FLOAT }, [this.handle, value], 0);
    value.dispose();
    if (wasRead) this.load();
  }

  /** Gives up the tensor that `value` has given out. @returns whether there was one. */
  private release(): boolean {
    if (!this.cached) return false;
    this.cached.dispose();
    this.cached = undefined;
    return true;
  }

  /**
   * In Node: lets one of TensorFlow's ops change variables through their handles. It works in place, because nobody else holds
   * their buffers meanwhile.
   */
  static update(variables: NativeVariable[], apply: (handles: tf.Tensor[]) => void): void {
    const wereRead = variables.filter((variable) => variable.release());
    apply(variables.map((variable) => variable.handle as tf.Tensor));
    wereRead.forEach((variable) => variable.load()); // as many tensors as before
  }

  dispose(): void {
    this.release();
    this.handle?.dispose();
  }
}
