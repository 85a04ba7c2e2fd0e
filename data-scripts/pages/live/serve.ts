// What runs in a worker: the library itself, so that the page stays responsive.
import type { Reply, Request, Tasks } from './messages';
import { memory, startWasm } from './tfjs';
import { unpack } from './unpack';

/** What does each task. */
export type Doers = {
  [Name in keyof Tasks]: (input: Tasks[Name]['input']) => Promise<Tasks[Name]['output']>;
};

const say = (reply: Reply): void => postMessage(reply);

/** Does what the page asks for, one task after the other. */
export function serve(doers: Omit<Doers, 'start'> | Pick<Doers, 'loadNetwork' | 'look' | 'unit'>): void {
  const all: Partial<Doers> = {
    ...doers,
    start: async ({ wasm }) => startWasm(await unpack([wasm])).then(() => undefined),
  };
  let queue = Promise.resolve();
  addEventListener('message', ({ data }: MessageEvent<Request>) => {
    const { id, task, input } = data;
    queue = queue.then(async () => {
      try {
        const result = await (all[task] as (input: unknown) => Promise<unknown>)(input);
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
}
