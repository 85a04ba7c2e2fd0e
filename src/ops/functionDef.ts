import { type Fields, FunctionDef, OpDef } from '@tensorflow/tfjs-node/dist/proto/api_pb';
import type * as tf from '@tensorflow/tfjs-node';
import { type NativeAttribute, backend } from './backend';

/** An op as it was executed. */
export interface ExecutedOp {
  /** Its place in the order of execution. */
  index: number;
  op: string;
  attributes: NativeAttribute[];
  inputs: Value[];
}

/** What a function is given: a tensor of its caller's, by number, or numbers that it always has. */
export type Argument = { given: number } | { shape: number[]; dtype: number; values: tf.TypedArray };

/** A tensor within a function. */
export interface Value {
  from: ExecutedOp | Argument;
  /** Which of the op's outputs; 0 for an argument. */
  output: number;
  /** TensorFlow's number of its type. */
  type: number;
}

const definitions = new Map<string, OpDef>();

/** What TensorFlow knows of an op. @throws Error where it knows no such op. */
export function opDef(op: string): OpDef {
  let definition = definitions.get(op);
  if (!definition) definitions.set(op, (definition = OpDef.deserializeBinary(backend().binding.opDef(op))));
  return definition;
}

/** A message with one field. */
function only(number: number, value: Fields[number]): Fields {
  const fields: Fields = [];
  fields[number - 1] = value;
  return fields;
}

/** An AttrValue: list = 1, s = 2, i = 3, f = 4, b = 5, type = 6, shape = 7; a ListValue has the same numbers. */
function attrValue({ name, type, value }: NativeAttribute): Fields {
  const { binding } = backend();
  const one = (each: unknown): Fields[number] => {
    if (type === binding.TF_ATTR_STRING) return Buffer.from(each as string);
    if (type === binding.TF_ATTR_FLOAT) return Math.fround(each as number); // as the binding does
    return each as number | boolean;
  };
  if (type === binding.TF_ATTR_SHAPE)
    return only(
      7,
      only(
        2,
        (value as number[]).map((size) => [size]),
      ),
    );
  const kinds = ['STRING', 'INT', 'FLOAT', 'BOOL', 'TYPE'] as const;
  const kind = kinds.findIndex((each) => type === binding[`TF_ATTR_${each}`]);
  if (kind < 0) throw new Error(`the attribute ${name} is of an unknown kind`);
  return Array.isArray(value) ? only(1, only(kind + 2, value.map(one))) : only(kind + 2, one(value));
}

/** How many tensors an input or output of an op stands for: one, or a list. */
function count(arg: ReturnType<OpDef['getInputArgList']>[number], attributes: NativeAttribute[]): number {
  const list = arg.getNumberAttr() || arg.getTypeListAttr();
  if (list === '') return 1;
  const value = attributes.find(({ name }) => name === list)?.value;
  return Array.isArray(value) ? value.length : Number(value);
}

/** An op's attributes: those that it was executed with, then types of its inputs and defaults, which eager ops get too. */
function attrMap({ op, attributes, inputs }: ExecutedOp): Fields {
  const map = new Map(attributes.map((each) => [each.name, attrValue(each)]));
  let input = 0;
  for (const arg of opDef(op).getInputArgList()) {
    const type = arg.getTypeAttr();
    if (type !== '' && !map.has(type)) map.set(type, only(6, inputs[input].type));
    input += count(arg, attributes);
  }
  for (const attr of opDef(op).getAttrList()) {
    const initial = attr.getDefaultValue();
    if (initial && !map.has(attr.getName())) map.set(attr.getName(), initial.toArray());
  }
  return [...map];
}

/** What an op calls an output by number: "y:0". */
function outputName({ op, attributes }: ExecutedOp, output: number): string {
  let first = 0;
  for (const arg of opDef(op).getOutputArgList()) {
    const n = count(arg, attributes);
    if (output < first + n) return `${arg.getName()}:${output - first}`;
    first += n;
  }
  throw new Error(`${op} has no output ${output}`);
}

/**
 * A function of the ops that lead to `outputs`: a serialized FunctionDef (tensorflow/core/framework/function.proto:
 * signature = 1, node_def = 3, ret = 4), and what it is to be given. The same ops give the same bytes.
 *
 * Ops get no device, and the function no `config_proto`: with one TensorFlow's graph optimizer (Grappler) would run, after
 * which float32 is no longer the eager ops' to the bit (1e-6 to 1e-4 off), and numbers come out where NaN should.
 */
export function functionDef(
  name: string,
  outputs: Value[],
): { definition: Uint8Array; arguments: Argument[]; ops: string[] } {
  const found = new Set<ExecutedOp>();
  const args = new Map<Argument, string>();
  const argumentDefs: Fields[] = [];
  for (const values = [...outputs]; values.length > 0;) {
    const { from, type } = values.pop() as Value;
    if ('op' in from) {
      if (!found.has(from)) values.push(...from.inputs);
      found.add(from);
    } else if (!args.has(from)) {
      args.set(from, `a${args.size}`);
      argumentDefs.push([args.get(from), '', type]);
    }
  }
  const ops = [...found].sort((a, b) => a.index - b.index);
  const names = new Map(ops.map((op, i) => [op, `n${i}`]));
  const nameOf = ({ from, output }: Value): string | undefined =>
    'op' in from ? `${names.get(from)}:${outputName(from, output)}` : args.get(from);
  const nodeDefs = ops.map((op) => [names.get(op), op.op, op.inputs.map(nameOf), '', attrMap(op)]);
  const outputDefs = outputs.map(({ type }, i) => [`r${i}`, '', type]);
  const ret = outputs.map((value, i) => [`r${i}`, nameOf(value)]);
  const message = new FunctionDef([[name, argumentDefs, outputDefs], undefined, nodeDefs, ret]);
  return { definition: message.serializeBinary(), arguments: [...args.keys()], ops: ops.map(({ op }) => op) };
}
