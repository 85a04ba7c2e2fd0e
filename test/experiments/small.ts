// Small runs of the experiments, in processes of their own, as a reader or a cluster starts them.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CIFAR10 } from '../../data-scripts/commands/data/cifar';
import type { RunRecord } from '../../data-scripts/commands/experiments/runRecord';
import { projectRoot } from '../../src/locations';
import { Random } from '../../src/random';

const command = join(projectRoot(), '.build', 'data-scripts', 'commands', 'experiment.js');
const compat = join(projectRoot(), 'data-scripts', 'kernel', 'node-compat.cjs');

/** Pictures in CIFAR-10's format whose brightness tells their class, and noise. @returns their folder. */
export function makeCifar(folder: string): string {
  const random = new Random(1);
  const record = 1 + 3072;
  mkdirSync(folder, { recursive: true });
  for (const name of Object.keys(CIFAR10.files)) {
    const bytes = Buffer.alloc(10_000 * record);
    for (let i = 0; i < 10_000; i++) {
      const label = random.integer(10);
      bytes.fill(20 * label + random.integer(40), i * record, (i + 1) * record);
      bytes[i * record] = label;
    }
    writeFileSync(join(folder, name), bytes);
  }
  return folder;
}

/** What makes a run small: some seconds on one core. */
export const SMALL = ['--subset', '256', '--epochs', '4', '--batch', '64'];
/** As long as one step of a run may be. */
export const PATIENCE_MS = 300_000;

export interface Running {
  child: ChildProcess;
  /** All that it has said so far. */
  said(): string;
  /** Its exit status, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>;
}

/** Starts the command in a process group of its own, as a terminal does. @param within - what starts it in its turn. */
export function start(args: readonly string[], within: readonly string[] = []): Running {
  const [program, ...more] = [...within, process.execPath, '-r', compat, command, ...args];
  const child = spawn(program, more, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => (said += text.toString()));
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? signal ?? 1));
  });
  return { child, said: () => said, ended };
}

export function experiment(args: readonly string[]): {
  status: number | null;
  stdout: string;
  stderr: string;
} {
  return spawnSync(process.execPath, ['-r', compat, command, ...args], {
    encoding: 'utf8',
    timeout: 3 * PATIENCE_MS,
  });
}

/** Waits until `found` gives something. */
export async function until<T>(
  what: string,
  found: () => T | undefined | false,
  ms = PATIENCE_MS,
): Promise<T> {
  for (const start = performance.now(); performance.now() - start < ms; await sleep(50)) {
    const value = found();
    if (value !== undefined && value !== false) return value;
  }
  throw new Error(`Waited ${ms / 1000} s for ${what}.`);
}

/** The runs of a sweep that have saved themselves at least once and have no record yet, with the processes that make them. */
export function underWay(folder: string): { name: string; pid: number }[] {
  const runs = join(folder, 'runs');
  if (!existsSync(runs)) return [];
  return readdirSync(runs).flatMap((name) => {
    const [state, lock] = ['state.safetensors', 'lock.json'].map((file) => join(runs, name, file));
    if (!existsSync(state) || !existsSync(lock) || existsSync(join(folder, 'records', `${name}.json`)))
      return [];
    try {
      const { pid } = JSON.parse(readFileSync(lock, 'utf8')) as { pid: number };
      return process.kill(pid, 0) ? [{ name, pid }] : [];
    } catch {
      return []; // released meanwhile, or killed
    }
  });
}

/** What a sweep's runs came to, by their names: all that does not depend on when and how fast they were made. */
export function outcomes(folder: string): Record<string, unknown> {
  const records = join(folder, 'records');
  return Object.fromEntries(
    readdirSync(records)
      .filter((file) => file.endsWith('.json'))
      .map((file) => JSON.parse(readFileSync(join(records, file), 'utf8')) as RunRecord)
      .map(({ name, weights, history }) => [
        name,
        {
          weights,
          history: history.map(({ epoch, lr, trainLoss, trainAcc, valLoss, valAcc }) => {
            return { epoch, lr, trainLoss, trainAcc, valLoss, valAcc };
          }),
        },
      ]),
  );
}
