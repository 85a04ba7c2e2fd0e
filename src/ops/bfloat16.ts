import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-node';
import { type NativeAttribute, type NativeBackend, backend, isNative } from './backend';
import { conv2dAttributes } from './conv2dAttributes';
import { executeSingle } from './execute';

/*
 * bfloat16 keeps float32's 8 bits of exponent and 7 of its 23 bits of mantissa: half the memory, and about twice the
 * speed in convolutions on processors that multiply it. TensorFlow has it, tfjs has not: it knows no such dtype and
 * refuses an output that has it. Here tfjs's backend is taught the little that is missing. A tensor in bfloat16 says
 * 'float32' to tfjs, TensorFlow knows better, and an op whose inputs are in bfloat16 runs in bfloat16. Where some of them
 * are in float32, all are widened to it, as torch promotes types.
 */

/** The number format of convolutions and of what lies between them. */
export type Precision = 'float32' | 'bfloat16';

/** TensorFlow's number for the type: DT_BFLOAT16 in tensorflow/core/framework/types.proto. */
const BFLOAT16 = 14;

function cast(from: number, to: number): NativeAttribute[] {
  const { TF_ATTR_TYPE, TF_ATTR_BOOL } = backend().binding;
  return [
    { name: 'SrcT', type: TF_ATTR_TYPE, value: from },
    { name: 'DstT', type: TF_ATTR_TYPE, value: to },
    { name: 'Truncate', type: TF_ATTR_BOOL, value: false },
  ];
}

/** The attributes of ops that name the type of their inputs. */
const TYPES = new Set(['T', 'TArgs', 'SrcT', 'DstT']);

function holdsBfloat16({ tensorMap }: NativeBackend, { dataId }: tf.TensorInfo): boolean {
  return tensorMap.get(dataId)?.dtype === BFLOAT16;
}

/** Changes the backend, once. Called here by what makes the first tensor in bfloat16. */
export function teachBackend(): void {
  const native = backend();
  if (native.knowsBfloat16) return;
  native.knowsBfloat16 = true;
  const { binding } = native;
  const createOutputTensor = native.createOutputTensor.bind(native);
  const readSync = native.readSync.bind(native);

  const narrower = (value: unknown): unknown => (value === binding.TF_FLOAT ? BFLOAT16 : value);
  /** What tfjs says of a tensor that it takes for float32; SrcT and DstT are the Cast in its gradient of `clone`. */
  const inBfloat16 = (each: NativeAttribute): NativeAttribute => {
    if (!TYPES.has(each.name)) return each;
    return { ...each, value: Array.isArray(each.value) ? each.value.map(narrower) : narrower(each.value) };
  };

  native.createOutputTensor = (output) => {
    if (output.dtype !== BFLOAT16) return createOutputTensor(output);
    const tensor = createOutputTensor({ ...output, dtype: binding.TF_FLOAT });
    (native.tensorMap.get(tensor.dataId) as { dtype: number }).dtype = BFLOAT16;
    return tensor;
  };
  const execute = (op: string, attributes: NativeAttribute[], inputs: tf.TensorInfo[], outputs: number) =>
    native.binding // as it is now: a profile puts its own there
      .executeOp(op, attributes, native.getInputTensorIds(inputs), outputs)
      .map((output) => native.createOutputTensor(output));
  native.executeMultipleOutputs = (op, attributes, inputs, outputs) => {
    const narrow = inputs.filter((input) => holdsBfloat16(native, input));
    if (narrow.length === 0) return execute(op, attributes, inputs, outputs);
    const names = attributes.map(({ name }) => name);
    const mixed = inputs.some(({ dataId }) => native.tensorMap.get(dataId)?.dtype === binding.TF_FLOAT);
    // an op with a type U, batch normalization, wants some of its inputs in float32
    if (!mixed || !names.includes('T') || names.includes('U'))
      return execute(op, attributes.map(inBfloat16), inputs, outputs);
    const wide = inputs.map((input) => (narrow.includes(input) ? castToFloat32(input) : input));
    const results = execute(op, attributes, wide, outputs);
    wide.forEach((each, i) => each !== inputs[i] && (each as tf.Tensor).dispose());
    return results;
  };
  native.executeSingleOutput = (op, attributes, inputs) =>
    native.executeMultipleOutputs(op, attributes, inputs, 1)[0];
  native.readSync = (dataId) => {
    const info = native.tensorMap.get(dataId);
    if (info?.dtype !== BFLOAT16) return readSync(dataId);
    const [{ id }] = binding.executeOp('Cast', cast(BFLOAT16, binding.TF_FLOAT), [info.id], 1);
    const values = binding.tensorDataSync(id);
    binding.deleteTensor(id);
    return values;
  };
}

/** Whether TensorFlow holds this tensor in bfloat16 (tfjs calls it float32). */
export function isBfloat16(tensor: tf.TensorInfo): boolean {
  return isNative() && holdsBfloat16(backend(), tensor);
}

/** Rounds to bfloat16 (to nearest, ties to even). */
export function castToBfloat16(x: tf.TensorInfo): tf.Tensor {
  teachBackend();
  return backend().executeSingleOutput('Cast', cast(backend().binding.TF_FLOAT, BFLOAT16), [x]);
}

/** Widens to float32, exactly. */
export function castToFloat32(x: tf.TensorInfo): tf.Tensor {
  const { binding } = backend();
  const attributes = cast(BFLOAT16, binding.TF_FLOAT);
  return backend().createOutputTensor(
    binding.executeOp('Cast', attributes, backend().getInputTensorIds([x]), 1)[0],
  );
}

/** Names by which Linux lists the instructions: two of x86-64 and Arm's. */
const INSTRUCTIONS = ['avx512_bf16', 'amx_bf16', 'bf16'];

/** Whether the processor multiplies bfloat16; only Linux is asked, elsewhere TensorFlow does not use it. */
function isListed(): boolean {
  try {
    const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'latin1'))?.[1] ?? '';
    return flags.split(/\s+/).some((flag) => INSTRUCTIONS.includes(flag));
  } catch {
    return false;
  }
}

/** A small convolution and its two gradients; their numbers are whole and below 256, so that bfloat16 is exact. */
function convolve(convert: (x: tf.Tensor) => tf.Tensor): string {
  return tf.tidy(() => {
    const [x, filter] = [convert(tf.ones([1, 4, 4, 16])), convert(tf.fill([3, 3, 16, 16], 1 / 16))];
    const sizes = [x, filter].map(({ shape }) => tf.tensor1d(shape, 'int32'));
    const attributes = conv2dAttributes({ stride: 1, dilation: 1 }, 'SAME');
    const y = executeSingle('Conv2D', attributes, [x, filter]);
    const dx = executeSingle('Conv2DBackpropInput', attributes, [sizes[0], filter, y]);
    const dFilter = executeSingle('Conv2DBackpropFilter', attributes, [x, sizes[1], y]);
    return [y, dx, dFilter].map((each) => each.dataSync().join()).join('; ');
  });
}

function computes(): boolean {
  try {
    return convolve(castToBfloat16) === convolve((x) => x);
  } catch {
    return false;
  }
}

let has: boolean | undefined;

/**
 * Whether the processor multiplies bfloat16 and TensorFlow's convolutions run in it here: tried once, since a limit on the
 * instructions that TensorFlow may use (ONEDNN_MAX_CPU_ISA=AVX2) makes them throw on such a processor. Others are not
 * tried: TensorFlow computes it there with float32's instructions, or not at all.
 */
export function hasBfloat16(): boolean {
  return (has ??= isListed() && computes());
}
