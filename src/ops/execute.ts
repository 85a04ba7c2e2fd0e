import * as tf from '@tensorflow/tfjs-node';
import { NATIVE, type NativeAttribute, PORTABLE, backend, isNative } from './backend';
import { castToBfloat16, isBfloat16 } from './bfloat16';

/** An attribute of a TensorFlow op; the key says which of TensorFlow's attribute types it is. */
export type Attribute =
  | { int: number | readonly number[] }
  | { float: number }
  | { bool: boolean }
  | { string: string }
  | { strings: readonly string[] }
  | { shape: readonly number[] }
  | { type: Type }
  | { types: readonly Type[] };

type Type = 'float32' | 'int32';

function toNative(name: string, attribute: Attribute): NativeAttribute {
  const { binding } = backend();
  if ('int' in attribute) return { name, type: binding.TF_ATTR_INT, value: attribute.int };
  if ('float' in attribute) return { name, type: binding.TF_ATTR_FLOAT, value: attribute.float };
  if ('bool' in attribute) return { name, type: binding.TF_ATTR_BOOL, value: attribute.bool };
  if ('string' in attribute) return { name, type: binding.TF_ATTR_STRING, value: attribute.string };
  if ('shape' in attribute) return { name, type: binding.TF_ATTR_SHAPE, value: attribute.shape };
  if ('strings' in attribute) return { name, type: binding.TF_ATTR_STRING, value: attribute.strings };
  const number = (type: Type): number => (type === 'float32' ? binding.TF_FLOAT : binding.TF_INT32);
  const value = 'types' in attribute ? attribute.types.map(number) : number(attribute.type);
  return { name, type: binding.TF_ATTR_TYPE, value };
}

/**
 * Runs one of TensorFlow's ops eagerly (https://www.tensorflow.org/api_docs/python/tf/raw_ops has their
 * attributes) and returns its outputs. There is no gradient here: the files beside this one register
 * those kernels together with theirs.
 */
export function execute(
  op: string,
  attributes: Record<string, Attribute>,
  inputs: tf.TensorInfo[],
  outputs: number,
): tf.Tensor[] {
  const attrs = Object.entries(attributes).map(([name, attribute]) => toNative(name, attribute));
  return backend().executeMultipleOutputs(op, attrs, inputs, outputs);
}

/** {@link execute} for the many ops that have one output. */
export function executeSingle(
  op: string,
  attributes: Record<string, Attribute>,
  inputs: tf.TensorInfo[],
): tf.Tensor {
  return execute(op, attributes, inputs, 1)[0];
}

/** The version of the TensorFlow library that tfjs-node runs on, e.g. "2.21.0". */
export function tensorflowVersion(): string {
  return backend().binding.TF_Version;
}

export const FLOAT: Attribute = { type: 'float32' };
export const NHWC: Attribute = { string: 'NHWC' };

type Gradients = Record<string, () => tf.Tensor>;

/** How an operation is computed. */
interface Form<Attrs> {
  /** Runs the operation and returns its outputs; what it makes besides is freed for it. */
  forward(inputs: Record<string, tf.Tensor>, attrs: Attrs): tf.Tensor[];
  /** One function an input: tfjs calls those only whose gradient somebody asked for (frozen layers cost nothing). */
  backward(dy: tf.Tensor[], saved: tf.Tensor[], attrs: Attrs): Gradients;
}

/** What {@link defineOp} needs to know of an operation: its native form, and where that needs TensorFlow, its portable one. */
interface OpDefinition<Attrs> extends Form<Attrs> {
  /** What is computed otherwise where TensorFlow is not. */
  portable?: Partial<Form<Attrs>>;
  /** Names of the inputs that the gradient needs. */
  savedInputs?: string[];
  /** Which outputs the gradient needs; `saved` holds the saved inputs first, then these. */
  savedOutputs?: boolean[];
}

const PREFIX = 'ResNetWorkbook';

/**
 * Whether the gradient of a kernel reads those of all its outputs. The kernels defined here read the first one's only: their
 * other outputs are by-products, through which no gradient flows.
 */
export function needsAllGradients(kernelName: string): boolean {
  return !kernelName.startsWith(PREFIX);
}

/**
 * Registers an operation with its gradient as a kernel of tfjs (`registerKernel` and `registerGradient`, tfjs's
 * own way in for new operations), and returns the function that runs it.
 */
export function defineOp<Attrs extends object>(
  name: string,
  definition: OpDefinition<Attrs>,
): (inputs: tf.NamedTensorMap, attrs: Attrs) => tf.Tensor[] {
  const kernelName = `${PREFIX}${name}`;
  const portable = { ...definition, ...definition.portable };
  for (const [backendName, { forward }] of [
    [NATIVE, definition],
    [PORTABLE, portable],
  ] as const) {
    if (tf.getKernel(kernelName, backendName)) {
      tf.unregisterKernel(kernelName, backendName); // the module was loaded anew: take its new code without a warning
      if (backendName === NATIVE) tf.unregisterGradient(kernelName);
    }
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs }) =>
        tf.tidy(() => forward(inputs as Record<string, tf.Tensor>, attrs as unknown as Attrs)),
    });
  }
  tf.registerGradient({
    kernelName,
    inputsToSave: definition.savedInputs ?? [],
    outputsToSave: definition.savedOutputs ?? [],
    gradFunc: (dy, saved, attrs) => {
      if (!isNative()) return portable.backward([dy].flat(), saved, attrs as unknown as Attrs);
      // a float32 gradient comes back where the output, in bfloat16, met something in float32
      const typed = [dy]
        .flat()
        .map((each) =>
          saved.length > 0 && isBfloat16(saved[0]) && !isBfloat16(each) ? castToBfloat16(each) : each,
        );
      return definition.backward(typed, saved, attrs as unknown as Attrs);
    },
  });
  return (inputs, attrs) => {
    const outputs = tf.engine().runKernel(kernelName, inputs, attrs as unknown as tf.NamedAttrMap);
    return Array.isArray(outputs) ? outputs : [outputs];
  };
}
