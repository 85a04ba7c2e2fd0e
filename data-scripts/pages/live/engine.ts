import script from 'live:worker';
import { wasm } from 'live:payload';
import type { Reply, Tasks } from './messages';

/** A worker with the library in it, and what it was asked for. */
export class Engine {
  private readonly worker: Worker;
  private readonly waiting = new Map<
    number,
    { resolve: (result: never) => void; reject: (error: Error) => void }
  >();
  private count = 0;
  /** How many tensors the library held after its last answer. */
  tensors = 0;

  private constructor() {
    const address = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
    this.worker = new Worker(address);
    this.worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
      this.tensors = data.tensors;
      const asked = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if ('error' in data) asked?.reject(new Error(data.error));
      else asked?.resolve(data.result as never);
    });
    this.worker.addEventListener('error', ({ message }) => {
      this.waiting.forEach(({ reject }) => reject(new Error(message || 'The worker did not start.')));
      this.waiting.clear();
    });
  }

  static async start(): Promise<Engine> {
    const engine = new Engine();
    await engine.ask('start', { wasm });
    return engine;
  }

  ask<Name extends keyof Tasks>(task: Name, input: Tasks[Name]['input']): Promise<Tasks[Name]['output']> {
    const id = this.count++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, task, input });
    });
  }
}
