import { randomUUID } from 'node:crypto';
import * as tf from '@tensorflow/tfjs-node';
import { backend } from './backend';
import { Graph, type Recording, type Tensors, givenTensors, reasonOf, record, same } from './graph';
import { precision } from './precision';
import { isRecording } from './hostCheck';
import { typeOf } from './recorder';
import { type Survey, survey } from './survey';

/*
 * Capture and replay. A training step of ResNet-34 is about a thousand calls of TensorFlow's ops, one after the other, and
 * between two of them JavaScript works while TensorFlow waits. TensorFlow can also run a whole graph of ops by itself: an op
 * whose name is a registered function's runs that function. So a step is made into one op:
 *
 *   1. It runs as it is, and a recorder between tfjs and TensorFlow notes the ops, where their inputs come from, and which
 *      numbers come from the host (recorder.ts).
 *   2. The second time it is recorded again. Only what was the same twice can be the same a third time: random numbers of
 *      the host's, a counter of calls, a branch by the time are found out here.
 *   3. The ops are written down as a function (functionDef.ts), which TensorFlow gets. From the third time on it runs.
 *
 * The function is pure: what the step uses goes in, what it changes comes out, and nothing is kept inside.
 *
 *   in    the step's arguments; what lies in the cells of the objects that it depends on (survey.ts finds them): weights,
 *         gradients, buffers such as running statistics, as they are at that moment; the host's numbers, as recorded
 *   out   what the step returns; new tensors for the cells that it changed: gradients, buffers
 *
 * So nobody needs to say that an optimizer has moved the weights, or that a checkpoint was loaded. What decides over the ops
 * instead of going into them is part of the key under which a graph is kept: types and shapes of all tensors, whether there
 * are gradients to add to, the precision, and the classes and properties of the objects depended on (training mode,
 * requiresGrad, stride, momentum, label smoothing). Another key means another graph; a few are kept.
 *
 * A graph gives the same bits as op by op: the kernels are the same, and the order of each sum. NaN stays NaN.
 *
 * What can't be a graph goes on op by op, and one line says why: a step that reads numbers of tensors (so also one that
 * branches on them), changes variables (an optimizer's step: it stays outside), uses tensors that it was not told to depend
 * on, draws random numbers, changes properties, keeps tensors that it does not return, takes a softmax (recorder.ts says why);
 * hooked layers (`onForward`), private fields. Within somebody else's gradient computation or capture it runs op by op too,
 * since those must see the ops.
 *
 * What nobody can see is left to the caller: a graph does nothing besides (it does not print, nor count in a variable), and
 * a number in a variable around the function, instead of in a property of what it depends on, is the graph's once two calls
 * saw the same one, until `recheck`.
 */

/** How many graphs are kept for a function; the one not used for longest goes first. */
const GRAPHS = 8;

/** So many recordings in a row without a graph being run are enough. */
const IN_VAIN = 4 * GRAPHS;

export interface CaptureOptions {
  /** False runs everything op by op; default true. */
  enabled?: boolean;
  /** Gets the line that says why something runs op by op; default `console.log`. */
  log?: (line: string) => void;
}

/** A function that {@link capture} made. */
export interface Captured<Inputs extends tf.Tensor[], Result> {
  (...inputs: Inputs): Result;
  /** How many graphs it has now. */
  graphs(): number;
  /** What TensorFlow runs for each of them, by the names of its ops: `Conv2D`, `FusedBatchNormV3` ... */
  ops(): readonly (readonly string[])[];
  /** Has the next call for each graph recorded and compared again, since something unseen may have changed. */
  recheck(): void;
  /** Gives its graphs back. It can still be called, and would make new ones. */
  dispose(): void;
}

/** What is known under one key. */
interface Entry {
  /** Of the function. */
  name: string;
  recording?: Recording;
  /** Whether the last two recordings were the same. */
  confirmed?: boolean;
  /** Whether it could not be recorded, or was another the second time. */
  doubted?: boolean;
  /** Once it was needed. */
  graph?: Graph;
  refused?: boolean;
}

/**
 * Makes a function of tensors into one that runs as a graph from its third call on (for each set of shapes). It gives the
 * same numbers, and changes gradients and buffers in the same way.
 *
 * ```ts
 * const step = capture([model, lossFunc], (inputs: tf.Tensor4D, labels: tf.Tensor1D) =>
 *   backward(model.parameters(), () => lossFunc.forward(model.forward(inputs), labels)),
 * );
 * // for each batch: const loss = step(inputs, labels); optimizer.step(); optimizer.zeroGrad();
 * step.dispose();
 * ```
 *
 * @param dependsOn - the objects that `run` uses: models, losses, lists of parameters. Not an optimizer, whose step is no
 *   part of the function.
 * @param run - gets tensors and returns one or a list of them, which its caller owns.
 */
export function capture<Inputs extends tf.Tensor[], Result extends Tensors>(
  dependsOn: readonly unknown[],
  run: (...inputs: Inputs) => Result,
  { enabled = true, log = console.log }: CaptureOptions = {},
): Captured<Inputs, Result> {
  const entries = new Map<string, Entry>(); // the latest used is the last
  const said = new Set<string>();
  const doubts = new Set<string>();
  let inVain = 0;

  const say = (reason: string): void => {
    if (!said.has(reason)) log(`Runs op by op, not as a graph: ${reason}.`);
    said.add(reason);
  };
  const entryOf = (key: string): Entry => {
    const entry = entries.get(key) ?? { name: `captured_${randomUUID().replaceAll('-', '_')}` };
    entries.delete(key);
    entries.set(key, entry);
    const [[oldest, forgotten]] = entries;
    if (entries.size > GRAPHS) {
      entries.delete(oldest);
      forgotten.graph?.dispose();
    }
    return entry;
  };
  const forget = (entry: Entry): void => {
    entry.graph?.dispose();
    entry.graph = entry.recording = undefined;
  };
  const refuse = (entry: Entry, reason: string): void => {
    forget(entry);
    entry.refused = true;
    say(reason);
  };

  const call = (...inputs: Inputs): Result => {
    if (!enabled || isRecording() || inputs.some(({ isDisposed }) => isDisposed)) return run(...inputs);
    const found = survey(dependsOn);
    const hindrance = hindered(found) ?? (inVain > IN_VAIN ? 'its graphs are hardly ever used' : undefined);
    if (hindrance !== undefined) {
      say(hindrance);
      return run(...inputs);
    }
    const entry = entryOf(keyOf(inputs, found));
    const { name, recording: known, confirmed, refused } = entry;
    if (refused) return run(...inputs);
    if (known && confirmed) {
      inVain = 0;
      const given = givenTensors(inputs, found);
      known.checks.forEach((each) => each.check(given[each.given].dataSync()));
      try {
        entry.graph ??= new Graph(known);
        return entry.graph.run(inputs, found) as unknown as Result;
      } catch (error) {
        refuse(entry, reasonOf(error));
        return run(...inputs); // nothing has changed so far
      }
    }
    inVain += 1;
    const { result, recording } = record(name, inputs, dependsOn, found, () => run(...inputs));
    const news = typeof recording === 'string' ? undefined : recording;
    if (known && news && same(known, news)) {
      entry.confirmed = true;
      return result;
    }
    forget(entry);
    entry.recording = news;
    if (known ?? !news) {
      // once this is pardoned: something may be made, or looked up, when it is first used
      const reason =
        typeof recording === 'string' ? recording : 'each time it does something else, or with other numbers';
      if (entry.doubted) refuse(entry, reason);
      else if (doubts.has(reason)) say(reason);
      entry.doubted = true;
      doubts.add(reason);
    }
    return result;
  };
  const recheck = (): void => entries.forEach((entry) => (entry.confirmed = false));
  const dispose = (): void => {
    entries.forEach(forget);
    entries.clear();
  };
  const ops = (): string[][] =>
    [...entries.values()].flatMap(({ graph, recording }) => (graph && recording ? [recording.ops] : []));
  const graphs = (): number => ops().length;
  return Object.assign(call, { graphs, ops, recheck, dispose });
}

/** Why nothing can be a graph now. */
function hindered({ doubt }: Survey): string | undefined {
  if (doubt !== undefined) return doubt;
  if ((tf.engine().state as unknown as { gradientDepth: number }).gradientDepth > 0)
    return "it is part of somebody else's gradient computation";
  if (!('addFunction' in backend().binding))
    return "tfjs-node's binding has no functions (npm run setup adds them)";
  return undefined;
}

/** All that decides which ops are executed. */
function keyOf(inputs: tf.Tensor[], { cells, structure }: Survey): string {
  const tensors = [...inputs, ...cells.map((cell) => cell.get())];
  const types = tensors.map((tensor) => tensor && `${typeOf(tensor)}[${tensor.shape}]`);
  return [precision(), inputs.length, ...types, structure].join(' ');
}
