import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { projectRoot } from '../../../src/locations';
import { Random } from '../../../src/random';
import { type Message, type Outcome, STEPS } from './killedRun';

/** One life of the run. */
export interface Life {
  /** The first step that it made, from 1. */
  from: number;
  /** The last step that it told of. */
  to: number;
  /** What the run came to; undefined when it was killed. */
  outcome?: Outcome;
}

export interface KillAndResume {
  /** The run that nothing disturbed. */
  whole: Life;
  /** The lives of the one that was killed; the last reached the end. */
  lives: Life[];
  /** Whether both came to the same bits. */
  equal: boolean;
}

const KILL_WITHIN_MS = 100; // of the step that was chosen: during a step, a saving, or an evaluation

/**
 * Trains the same small network twice: once without a break, once killed (SIGKILL, which a process cannot notice) at
 * random moments and started anew each time.
 *
 * @param kills - how often.
 * @param seed - decides when, and the training.
 * @param log - told of each life.
 */
export async function killAndResume(
  kills: number,
  seed: number,
  log: (line: string) => void = () => undefined,
): Promise<KillAndResume> {
  const folder = mkdtempSync(join(tmpdir(), 'kill-and-resume-'));
  try {
    const folders = ['whole', 'killed'].map((name) => join(folder, name));
    folders.forEach((each) => mkdirSync(each));
    const whole = await live(folders[0], seed);
    log(`without a break: steps ${whole.from} to ${whole.to}`);
    const random = new Random(seed);
    const lives: Life[] = [];
    for (let left = kills; left >= 0; left--) {
      const first = lives.at(-1)?.from ?? 1;
      // Spread over what is to be done, and not so late that the run could end first.
      const within = Math.max(1, Math.floor((1.6 * (0.8 * STEPS - first)) / (left + 1)));
      const death =
        left === 0 ? undefined : { steps: 1 + random.integer(within), ms: random.integer(KILL_WITHIN_MS) };
      const life = await live(folders[1], seed, death);
      const before = lives.at(-1);
      const again = before ? `, of which ${before.to - life.from + 1} again` : '';
      log(
        `life ${lives.length + 1}: steps ${life.from} to ${life.to}${again}${life.outcome ? '' : ', killed'}`,
      );
      lives.push(life);
    }
    const files = readdirSync(folders[1]);
    if (files.length !== 1) throw new Error(`Half-written files were left: ${files.join(', ')}.`);
    return { whole, lives, equal: isDeepStrictEqual(lives.at(-1)?.outcome, whole.outcome) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One life in a process of its own, killed some milliseconds after it has made some steps. */
async function live(folder: string, seed: number, death?: { steps: number; ms: number }): Promise<Life> {
  const compat = join(projectRoot(), 'data-scripts', 'kernel', 'node-compat.cjs'); // for tfjs-node on newer versions of Node
  const child = spawn(
    process.execPath,
    ['-r', compat, join(__dirname, 'killedRun.js'), folder, String(seed)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = new Promise<string>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(signal ?? String(code)));
  });
  const steps: number[] = [];
  let outcome: Outcome | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const message = JSON.parse(line) as Message;
    if ('outcome' in message) outcome = message.outcome;
    else steps.push(message.step);
    if (steps.length === death?.steps) void sleep(death.ms).then(() => child.kill('SIGKILL'));
  }
  const how = await ended;
  if (how !== (death ? 'SIGKILL' : '0'))
    throw new Error(
      death
        ? `The run ended (${how}) before it could be killed, after step ${steps.at(-1)}.`
        : `The run failed (${how}).`,
    );
  return { from: steps[0], to: steps[steps.length - 1], outcome };
}
