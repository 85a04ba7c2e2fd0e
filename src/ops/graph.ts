import { isDeepStrictEqual } from 'node:util';
import * as tf from '@tensorflow/tfjs-node';
import { backend } from './backend';
import { type Argument, functionDef } from './functionDef';
import type { HostCheck } from './hostCheck';
import { Recorder } from './recorder';
import { type Survey, survey } from './survey';

export type Tensors = tf.Tensor | readonly tf.Tensor[];

/** What one call of a function did. */
export interface Recording {
  /** Of the function of TensorFlow's. */
  name: string;
  /** The same for the same ops. */
  definition: Uint8Array;
  arguments: Argument[];
  /** Their names, in the order in which they were executed. */
  ops: string[];
  checks: HostCheck[];
  /** Which cells got new tensors; those are the first outputs. */
  changed: number[];
  outputs: number;
  /** Whether the result was a tensor, not a list. */
  single: boolean;
}

/** The tensors that a call may use: its arguments, then what lies in the cells. */
export function givenTensors(inputs: tf.Tensor[], { cells }: Survey): tf.Tensor[] {
  return [...inputs, ...cells.map((cell) => cell.get()).filter((tensor) => tensor !== null)];
}

/** Runs something op by op, and says what it did, or why that can't be a graph. */
export function record<Result extends Tensors>(
  name: string,
  inputs: tf.Tensor[],
  dependsOn: readonly unknown[],
  before: Survey,
  run: () => Result,
): { result: Result; recording: Recording | string } {
  const held = before.cells.map((cell) => cell.get());
  const recorder = new Recorder(givenTensors(inputs, before));
  return recorder.run(() => {
    const result = run();
    const { cells, structure } = survey(dependsOn);
    const changed = cells.flatMap((cell, i) => (cell.get() === held[i] ? [] : [i]));
    const news = changed
      .map((i) => cells[i].set && cells[i].get())
      .filter((tensor) => tensor instanceof tf.Tensor);
    const single = result instanceof tf.Tensor;
    const outputs = [...news, ...(single ? [result] : (result as readonly tf.Tensor[]))];
    const values = recorder.valuesOf(outputs);
    let reason = recorder.refused;
    if (structure !== before.structure) reason ??= 'it changes properties of what it depends on';
    if (news.length < changed.length) reason ??= 'it changes tensors other than gradients and buffers';
    if (recorder.kept.some((tensor) => !tensor.isDisposed && !outputs.includes(tensor)))
      reason ??= 'it keeps tensors (tf.keep) that it does not return';
    if (inputs.some(({ isDisposed }) => isDisposed)) reason ??= 'it disposes of its arguments';
    const did = { name, checks: recorder.checks, changed, outputs: outputs.length, single };
    try {
      return { result, recording: reason ?? { ...functionDef(name, values), ...did } };
    } catch (error) {
      return { result, recording: reasonOf(error) };
    }
  });
}

/** Whether two recordings did the same, with the same numbers of the host's. */
export function same(a: Recording, b: Recording): boolean {
  return isDeepStrictEqual([a.definition, a.arguments], [b.definition, b.arguments]);
}

/** Why TensorFlow does not run something, in one line. */
export function reasonOf(error: unknown): string {
  return `TensorFlow does not take it (${String(error).replace(/\s+/g, ' ')})`;
}

/** A recording that TensorFlow has as a function. */
export class Graph {
  /** TensorFlow's ids of the host's numbers. */
  private readonly constants = new Map<Argument, number>();

  constructor(private readonly recording: Recording) {
    const { binding } = backend();
    binding.addFunction(recording.definition);
    for (const each of recording.arguments) {
      if ('given' in each) continue;
      this.constants.set(each, binding.createTensor(each.shape, each.dtype, each.values));
    }
  }

  /** Does again what was recorded: returns the results, and puts into the cells what is new in them. */
  run(inputs: tf.Tensor[], found: Survey): Tensors {
    const { name, changed, outputs, single } = this.recording;
    const native = backend();
    const given = native.getInputTensorIds(givenTensors(inputs, found));
    const ids = this.recording.arguments.map((each) =>
      'given' in each ? given[each.given] : (this.constants.get(each) as number),
    );
    const made = native.binding.executeOp(name, [], ids, outputs);
    const tensors = made.map((output) => native.createOutputTensor(output));
    const results = tensors.splice(changed.length);
    changed.forEach((cell, i) => found.cells[cell].set?.(tensors[i]));
    return single ? results[0] : results;
  }

  dispose(): void {
    const { binding } = backend();
    binding.removeFunction(this.recording.name);
    this.constants.forEach((id) => binding.deleteTensor(id));
    this.constants.clear();
  }
}
