// Runs in a worker: the library itself, so that the page stays responsive.
import { memory, startWasm } from './tfjs';
import type { Reply, Request, Tasks } from './messages';
import { loadNetwork, look, unit } from './network';
import { scaleUnits } from './scale';
import { build } from './stages';
import { beginTraining, endTraining, prepareShapes, trainStep } from './training';
import { unpack } from './unpack';

const tasks: { [Name in keyof Tasks]: (input: Tasks[Name]['input']) => Promise<Tasks[Name]['output']> } = {
  start: async ({ wasm }) => startWasm(await unpack(wasm)).then(() => undefined),
  loadNetwork,
  look,
  unit,
  prepareShapes,
  beginTraining,
  trainStep,
  endTraining,
  build,
  scaleUnits,
};

const say = (reply: Reply): void => postMessage(reply);

/** One task after the other, in the order in which they were asked for. */
let queue = Promise.resolve();

addEventListener('message', ({ data }: MessageEvent<Request>) => {
  const { id, task, input } = data;
  queue = queue.then(async () => {
    try {
      const result = await (tasks[task] as (input: unknown) => Promise<unknown>)(input);
      say({ id, tensors: memory().numTensors, result });
    } catch (error) {
      say({
        id,
        tensors: memory().numTensors,
        error: error instanceof Error ? error.message : String(error),
      });
    }
  });
});
