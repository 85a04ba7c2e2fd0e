import { parentPort } from 'node:worker_threads';
import { ImageError } from './decode';
import type { Image } from '../image';
import { type DecodeJob, runDecodeJob } from './job';
import type { RandomState } from '../../random';

/** A numbered job, and the answer to it. */
export interface JobMessage {
  id: number;
  job: DecodeJob;
}
export type AnswerMessage =
  /** Without `data` if that was written where the job says. */
  | { id: number; size: Omit<Image, 'data'>; data?: Image['data']; random: RandomState }
  | { id: number; imageError: { path: string; reason: string } }
  | { id: number; error: Error };

/** Pictures in work at once: while one is decoded (on sharp's threads), this thread resizes the other. */
const AT_ONCE = 2;

/**
 * What of a picture can be handed over without a copy. A Buffer's memory is its maker's: sharp forbids to move its own,
 * and from Node 21 on that is an error; small Buffers share one piece of memory.
 */
const ownMemory = (data: Image['data']): ArrayBuffer[] =>
  Buffer.isBuffer(data) ? [] : [data.buffer as ArrayBuffer];

const waiting: JobMessage[] = [];
let running = 0;

if (parentPort) {
  const port = parentPort;
  const next = async (): Promise<void> => {
    const message = running < AT_ONCE ? waiting.shift() : undefined;
    if (!message) return;
    running++;
    const { id, job } = message;
    try {
      const { image, random } = await runDecodeJob(job);
      const { data, ...size } = image;
      if (data === job.into) port.postMessage({ id, size, random } satisfies AnswerMessage);
      else port.postMessage({ id, size, data, random } satisfies AnswerMessage, ownMemory(data));
    } catch (error) {
      const answer: AnswerMessage =
        error instanceof ImageError
          ? { id, imageError: { path: error.path, reason: error.reason } }
          : { id, error: error as Error };
      port.postMessage(answer);
    }
    running--;
    void next();
  };
  port.on('message', (message: JobMessage) => {
    waiting.push(message);
    void next();
  });
}
