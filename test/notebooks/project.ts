import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { projectRoot } from '../../src/locations';

export const root = projectRoot();
export const python = path.join(root, '.venv', 'bin', 'python');

/** Why tests that need the Python environment can't run, or false. */
export const withoutPython = fs.existsSync(python) ? false : 'no .venv: npm run setup makes it';

export const fixture = (name: string): string =>
  path.join(root, 'test', 'notebooks', 'fixtures', `${name}.ipynb`);

export const temporaryFolder = (): string => fs.mkdtempSync(path.join(os.tmpdir(), 'resnet-workbook-test-'));

/** Waits until something holds, looking ten times a second; gives up after so many seconds, and the test finds out. */
export async function until(holds: () => boolean, seconds: number): Promise<void> {
  for (let tries = 0; !holds() && tries < 10 * seconds; tries++) await wait(100);
}

export interface Ended {
  status: number | null;
  /** stdout and stderr, as they came. */
  output: string;
}

/** Starts a program in the project's root; `ended` resolves when it has. */
export function start(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      resolve({ status, output });
    });
  });
  return { child, ended };
}

/** Runs a script of data-scripts with this Node. */
export const script = (name: string, ...args: string[]): Promise<Ended> =>
  start(process.execPath, [path.join(root, 'data-scripts', name), ...args]).ended;

/** Starts the executor on a fixture; executed copies go to `out`. */
export function executor(name: string, out: string, env: NodeJS.ProcessEnv = {}): ReturnType<typeof start> {
  const args = [path.join(root, 'data-scripts', 'notebooks', 'execute.py'), '--out', out, fixture(name)];
  return start(python, args, env);
}
