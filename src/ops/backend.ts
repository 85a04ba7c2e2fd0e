import * as tf from '@tensorflow/tfjs-node';

/** An attribute of an op, as tfjs-node hands it to TensorFlow. */
export interface NativeAttribute {
  name: string;
  type?: number;
  value?: unknown;
}

/** A tensor as it comes back. */
export interface NativeOutput {
  id: number;
  shape: number[];
  dtype: number;
}

type Constants = 'FLOAT' | 'INT32' | `ATTR_${'STRING' | 'INT' | 'FLOAT' | 'BOOL' | 'TYPE' | 'SHAPE'}`;

/** The insides of tfjs-node's backend that are used (and changed, for bfloat16) here; its declarations leave them out. */
export interface NativeBackend {
  binding: Record<`TF_${Constants}`, number> & {
    TF_Version: string;
    executeOp(op: string, attributes: NativeAttribute[], inputs: number[], outputs: number): NativeOutput[];
    createTensor(shape: number[], dtype: number, values: unknown): number;
    tensorDataSync(id: number): tf.TypedArray;
    deleteTensor(id: number): void;
    /** Registers a serialized FunctionDef: an op of its name. Set-up adds these three (data-scripts/setup/functions.cc). */
    addFunction(definition: Uint8Array): void;
    removeFunction(name: string): void;
    /** A serialized OpDef. */
    opDef(op: string): Uint8Array;
  };
  tensorMap: { get(dataId: object): { id: number; dtype: number } | undefined };
  getInputTensorIds(inputs: tf.TensorInfo[]): number[];
  createOutputTensor(output: NativeOutput): tf.Tensor;
  executeSingleOutput(op: string, attributes: NativeAttribute[], inputs: tf.TensorInfo[]): tf.Tensor;
  executeMultipleOutputs(
    op: string,
    attributes: NativeAttribute[],
    inputs: tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[];
  readSync(dataId: object): tf.BackendValues;
  /** Set once bfloat16.ts has changed the backend. */
  knowsBfloat16?: boolean;
}

export function backend(): NativeBackend {
  return tf.backend() as unknown as NativeBackend;
}

/** tfjs's names of the two backends that run the ops of this folder. */
export const NATIVE = 'tensorflow';
export const PORTABLE = 'wasm';

/**
 * Whether TensorFlow's kernels compute: in Node. In a page tfjs's WebAssembly does, and ops run in their portable form, which
 * is made of tfjs's own ops.
 */
export function isNative(): boolean {
  return tf.getBackend() === NATIVE;
}
