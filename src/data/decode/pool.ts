import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import 'sharp'; // a native library must be loaded here before a worker thread loads it
import type { Image } from '../image';
import { ImageError } from './error';
import type { DecodeJob, DecodeResult } from './job';
import type { AnswerMessage, JobMessage } from './worker';

/** Threads that decode and transform: more than four only wait for each other beside a training run. */
export const DECODE_THREADS = Math.min(4, availableParallelism());

interface Pending {
  job: DecodeJob;
  resolve(result: DecodeResult): void;
  reject(error: Error): void;
}

/** One worker thread and the jobs that it has been given. It keeps the process alive only while it has some. */
class DecodeThread {
  private readonly worker = new Worker(join(__dirname, 'worker.js'), { execArgv: [] });
  private readonly jobs = new Map<number, Pending>();
  private nextId = 0;
  alive = true;

  constructor() {
    this.worker.unref();
    this.worker.on('message', (message: AnswerMessage) => this.answer(message));
    this.worker.on('error', (error: Error) => this.fail(error));
    this.worker.on('exit', (code) => this.fail(new Error(`A decoding thread ended with code ${code}.`)));
  }

  get load(): number {
    return this.jobs.size;
  }

  run(job: DecodeJob): Promise<DecodeResult> {
    return new Promise((resolve, reject) => {
      const id = this.nextId++;
      if (this.jobs.size === 0) this.worker.ref();
      this.jobs.set(id, { job, resolve, reject });
      this.worker.postMessage({ id, job } satisfies JobMessage);
    });
  }

  private answer(message: AnswerMessage): void {
    const pending = this.jobs.get(message.id);
    this.jobs.delete(message.id);
    if (this.jobs.size === 0) this.worker.unref();
    if (!pending) return;
    if ('size' in message) {
      const { size, data = pending.job.into, random } = message;
      pending.resolve({ image: { ...size, data } as Image, random });
    } else if ('refusal' in message)
      pending.reject(new ImageError(message.refusal.path, message.refusal.reason));
    else pending.reject(message.error);
  }

  private fail(error: Error): void {
    this.alive = false;
    for (const { job, reject } of this.jobs.values())
      reject(
        new Error(`${job.path}: was not decoded, since its thread failed: ${error.message}`, {
          cause: error,
        }),
      );
    this.jobs.clear();
  }
}

let threads: DecodeThread[] = [];

/**
 * Runs a job on the thread that has least to do. Jobs queue up there at once, so they are worked off even while
 * TensorFlow keeps this thread's event loop from turning; kept pools (piscina, tinypool) queue in this thread, and would
 * stand still meanwhile. Threads are started when first needed.
 */
export function decodeInPool(job: DecodeJob): Promise<DecodeResult> {
  threads = threads.filter((thread) => thread.alive);
  const idle = threads.find((thread) => thread.load === 0);
  if (!idle && threads.length < DECODE_THREADS) threads.push(new DecodeThread());
  const chosen = idle ?? threads.reduce((best, thread) => (thread.load < best.load ? thread : best));
  return chosen.run(job);
}
