import { parentPort } from 'node:worker_threads';
import { ImageError } from './decode';
import { type DecodeJob, type DecodeResult, runDecodeJob } from './portable';

/** A numbered job, and the answer to it. */
export interface JobMessage {
  id: number;
  job: DecodeJob;
}
export type AnswerMessage =
  | { id: number; result: DecodeResult }
  | { id: number; imageError: { path: string; reason: string } }
  | { id: number; error: Error };

/** Pictures in work at once: while one is decoded (on sharp's threads), this thread resizes the other. */
const AT_ONCE = 2;

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
      const result = await runDecodeJob(job);
      port.postMessage({ id, result } satisfies AnswerMessage, [result.image.data.buffer as ArrayBuffer]);
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
