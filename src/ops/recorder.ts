import * as tf from '@tensorflow/tfjs-node';
import { backend } from './backend';
import { teachBackend } from './bfloat16';
import { type ExecutedOp, type Value, opDef } from './functionDef';
import { type HostCheck, checkWith } from './hostCheck';

/**
 * Where oneDNN has its own kernels (AVX-512), TensorFlow puts them in place of some of its own in graphs alone. Of 46 kinds of
 * ops tried so, with their gradients, it was this one that gave other bits then.
 */
const OTHER_IN_GRAPHS: ReadonlySet<string> = new Set(['Softmax']);

/**
 * Notes what a function does: the ops that it executes, the numbers that it brings from the host, and the first thing that a
 * graph could not do again.
 */
export class Recorder {
  readonly checks: HostCheck[] = [];
  /** What was handed to `tf.keep`. */
  readonly kept: tf.Tensor[] = [];
  /** Why this can't be a graph. */
  refused: string | undefined;
  private executed = 0;
  /** By TensorFlow's id of the tensor. */
  private readonly values = new Map<number, Value>();
  private mayRead = false;

  /** @param given - the tensors that the function may use. */
  constructor(private readonly given: tf.Tensor[]) {
    teachBackend(); // now: it changes the backend, as `run` does for a while
    backend()
      .getInputTensorIds(given) // hands over what was still on the host only
      .forEach((id, i) => {
        if (this.values.has(id)) this.refuse('two of the tensors that it depends on are one');
        this.values.set(id, { from: { given: i }, output: 0, type: typeOf(given[i]) });
      });
  }

  private refuse(reason: string): void {
    this.refused ??= reason;
  }

  /** Runs a function with its ops going through here. */
  run<T>(work: () => T): T {
    const native = backend();
    const { binding, readSync } = native;
    const engine = tf.engine();
    const { keep } = engine;
    const executeOp: typeof binding.executeOp = (op, attributes, ids, outputs) => {
      const made = binding.executeOp(op, attributes, ids, outputs);
      if (outputs === 0 || opDef(op).getIsStateful())
        this.refuse(
          op.startsWith('Resource') || op.endsWith('VariableOp')
            ? `it changes a variable (${op}): an optimizer's step stays outside`
            : `${op} depends on more than its inputs`,
        );
      if (OTHER_IN_GRAPHS.has(op)) this.refuse(`in a graph ${op} would round otherwise`);
      const inputs = ids.map((id) => this.valueOf(id, op));
      const from: ExecutedOp = { index: this.executed++, op, attributes, inputs };
      made.forEach(({ id, dtype }, output) => this.values.set(id, { from, output, type: dtype }));
      return made;
    };
    const createTensor: typeof binding.createTensor = (shape, dtype, values) => {
      const id = binding.createTensor(shape, dtype, values);
      if (ArrayBuffer.isView(values)) {
        const from = { shape: [...shape], dtype, values: (values as tf.TypedArray).slice() };
        this.values.set(id, { from, output: 0, type: dtype });
      }
      return id;
    };
    native.binding = Object.create(binding, {
      executeOp: { value: executeOp },
      createTensor: { value: createTensor },
    }) as typeof binding;
    native.readSync = (dataId) => {
      if (!this.mayRead) this.refuse('it reads numbers of tensors (dataSync, arraySync)');
      return readSync.call(native, dataId);
    };
    engine.keep = (tensor) => {
      this.kept.push(tensor);
      return keep.call(engine, tensor) as typeof tensor;
    };
    checkWith(this.check.bind(this));
    try {
      return work();
    } finally {
      checkWith(undefined);
      engine.keep = keep;
      native.binding = binding;
      native.readSync = readSync;
    }
  }

  private valueOf(id: number, user: string): Value {
    const value = this.values.get(id);
    if (!value) this.refuse(`${user} uses a tensor that it was not told to depend on`);
    return value ?? { from: { given: -1 }, output: 0, type: 0 };
  }

  check(tensor: tf.Tensor, check: HostCheck['check'], look: () => void): void {
    const given = this.given.findIndex(({ dataId }) => dataId === tensor.dataId);
    if (given >= 0) this.checks.push({ given, check });
    this.mayRead = given >= 0;
    try {
      look();
    } finally {
      this.mayRead = false;
    }
  }

  /** Where tensors came from. Called within `run`: numbers of the host's are only now handed over. */
  valuesOf(tensors: tf.Tensor[]): Value[] {
    return backend()
      .getInputTensorIds(tensors)
      .map((id) => this.valueOf(id, 'a result'));
  }
}

/** TensorFlow's number of a tensor's type: tfjs calls bfloat16 float32. */
export function typeOf({ dataId }: tf.TensorInfo): number {
  return backend().tensorMap.get(dataId)?.dtype ?? 0;
}
