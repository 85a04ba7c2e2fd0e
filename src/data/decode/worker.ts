import { type MessagePort, parentPort } from 'node:worker_threads';
import type { RandomState } from '../../random';
import type { Image } from '../image';
import { ImageError } from './error';
import { type DecodeJob, runDecodeJob } from './job';

/** A numbered job, and the answer to it. */
export interface JobMessage {
  id: number;
  job: DecodeJob;
}
export type AnswerMessage = { id: number } & (
  | { size: Omit<Image, 'data'>; data?: Image['data']; random: RandomState } // no data: it is where the job says
  | { refusal: { path: string; reason: string } } // an ImageError: a class does not cross
  | { error: Error }
);

/** Pictures in work at once: while one is decoded (on sharp's threads), this thread resizes the other. */
const AT_ONCE = 2;

const port = parentPort as MessagePort;
const waiting: JobMessage[] = [];
let running = 0;

port.on('message', (message: JobMessage) => {
  waiting.push(message);
  void next();
});

async function next(): Promise<void> {
  const message = running < AT_ONCE ? waiting.shift() : undefined;
  if (!message) return;
  running++;
  const { id, job } = message;
  try {
    const { image, random } = await runDecodeJob(job);
    const { data, ...size } = image;
    if (data instanceof Float32Array && data.length === job.into?.length) {
      job.into.set(data);
      port.postMessage({ id, size, random } satisfies AnswerMessage);
    } else port.postMessage({ id, size, data, random } satisfies AnswerMessage, ownMemory(data));
  } catch (error) {
    const answer: AnswerMessage =
      error instanceof ImageError
        ? { id, refusal: { path: error.path, reason: error.reason } }
        : { id, error: error as Error };
    port.postMessage(answer);
  }
  running--;
  void next();
}

/**
 * What of a picture can be handed over without a copy. A Buffer's memory is its maker's: sharp forbids to move its own,
 * and from Node 21 on that is an error; small Buffers share one piece of memory.
 */
function ownMemory(data: Image['data']): ArrayBuffer[] {
  return Buffer.isBuffer(data) ? [] : [data.buffer as ArrayBuffer];
}
