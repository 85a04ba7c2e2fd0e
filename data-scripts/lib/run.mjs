// @ts-check
// Runs other programs. Arguments are passed as a list, never through a shell; Ctrl-C and termination reach the whole
// tree of a program before this process ends, so that nothing is left behind. Looked at: execa, which set-up would need
// before it has installed anything, and which ends a program, but not what that one has started.
import { spawn, spawnSync } from 'node:child_process';
import os from 'node:os';
import { childEnv } from './child-env.mjs';
import { root } from './paths.mjs';
import { Trouble } from './reader.cjs';

const KEEP_CHARS = 200_000; // of each captured stream: enough for a compiler's errors
const TAIL_LINES = 15; // of the output that a failure shows
const GRACE_MS = 5_000; // between asking a program to end and killing it, unless it is given more

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd] default: the project's root
 * @property {NodeJS.ProcessEnv} [env] added to what every program gets (child-env.mjs); undefined removes a variable
 * @property {boolean} [inherit] let the program use this terminal (output is then not captured)
 * @property {number} [timeoutMs] end it after that long; default: never
 * @property {(line: string) => void} [onLine] called with each captured line, as it comes
 * @property {boolean} [anyStatus] resolve, rather than throw, on a non-zero exit status
 * @property {number} [graceMs] how long it may take to end when asked to; then it is killed; default 5,000
 * @property {NodeJS.Signals} [endWith] what it is sent when this process is to end; default: the signal that this one got
 * @property {boolean} [endedByCtrlC] Ctrl-C is how it is meant to end: this process then ends with status 0
 */
/** @typedef {{ status: number, stdout: string, stderr: string, seconds: number }} RunResult */

/** A program that could not be started, failed or took too long; `output` has the last of what it said. */
export class RunError extends Trouble {
  /** @param {string} command @param {string} why @param {number} status @param {string} output */
  constructor(command, why, status, output) {
    super(`${command}: ${why}${output ? `\n${indent(tail(output))}` : ''}`);
    this.name = 'RunError';
    this.why = why;
    this.status = status;
    this.output = output;
  }
}

/** @type {Set<(signal: NodeJS.Signals) => void>} how to end each running program */
const running = new Set();
let ending = false;
let endStatus = 0; // of this process, once a signal ends it
let longestGraceMs = GRACE_MS;
/** @type {(pid: number, group: boolean) => void} */
let started = () => {};

/** Have `told` called with the id of each program that starts, and whether it leads a group. @param {(pid: number, group: boolean) => void} told */
export function onProgramStart(told) {
  started = told;
}

/** @param {NodeJS.Signals} signal */
function endAll(signal) {
  if (ending) return; // a second Ctrl-C changes nothing: the grace bounds the wait
  ending = true;
  endStatus ||= 128 + os.constants.signals[signal];
  for (const end of running) end(signal);
  const since = Date.now();
  setInterval(() => {
    const late = Date.now() - since > longestGraceMs + 1_000;
    // Timers may come in any order after the machine has slept: nothing is left to those in `run`.
    if (late) for (const end of running) end('SIGKILL');
    if (late || running.size === 0) process.exit(Math.max(endStatus, 0));
  }, 50);
}

/** @type {Map<NodeJS.Signals, () => void>} */
const listeners = new Map();
function listen() {
  if (listeners.size) return;
  for (const signal of /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    const listener = () => endAll(signal);
    listeners.set(signal, listener);
    process.on(signal, listener);
  }
}
function unlisten() {
  if (running.size || ending) return;
  for (const [signal, listener] of listeners) process.off(signal, listener);
  listeners.clear();
}

/**
 * Run a program to its end.
 * @param {string} command a program's path, or its name on PATH
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<RunResult>} what it printed (empty with `inherit`) and how long it took
 * @throws {RunError} when it can't be started, exits with another status than 0, or takes longer than `timeoutMs`
 */
export function run(command, args, options = {}) {
  const { cwd = root, env, inherit = false, timeoutMs, onLine, anyStatus = false } = options;
  const { graceMs = GRACE_MS, endWith, endedByCtrlC = false } = options;
  const name = shown(command, args);
  const windows = process.platform === 'win32';
  return new Promise((resolve, reject) => {
    if (ending) return; // the process is about to end
    const start = Date.now();
    listen();
    longestGraceMs = Math.max(longestGraceMs, graceMs);
    if (endedByCtrlC) endStatus = -1;
    const child = spawn(command, args, {
      cwd,
      env: childEnv(env),
      stdio: inherit ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that its children end with it. With `inherit` it stays in the terminal's group,
      // where it may read the keyboard and gets Ctrl-C by itself.
      detached: !inherit && !windows,
      windowsHide: true,
    });
    /** @param {NodeJS.Signals} signal */
    const kill = (signal) => {
      if (child.pid === undefined) return;
      try {
        if (inherit || windows) child.kill(signal);
        else process.kill(-child.pid, signal);
      } catch {
        // it has ended already
      }
    };
    /** @type {NodeJS.Timeout | undefined} */
    let killer;
    /** @param {NodeJS.Signals} signal */
    const end = (signal) => {
      // A terminal has sent its Ctrl-C to the program as well, and a second one may mean something else to it.
      const sent = inherit && signal === 'SIGINT' && process.stdin.isTTY;
      if (signal === 'SIGKILL') kill(signal);
      else if (endWith || !sent) kill(endWith ?? signal);
      killer = setTimeout(() => kill('SIGKILL'), graceMs);
    };
    let timedOut = false;
    const timer = timeoutMs
      ? setTimeout(() => {
          timedOut = true;
          end('SIGTERM');
        }, timeoutMs)
      : undefined;
    const output = { stdout: '', stderr: '', both: '' };
    /** @param {'stdout' | 'stderr'} stream */
    const capture = (stream) => {
      let rest = '';
      child[stream]?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
        output[stream] = (output[stream] + text).slice(-KEEP_CHARS);
        output.both = (output.both + text).slice(-KEEP_CHARS);
        if (!onLine) return;
        const lines = (rest + text).split(/\r\n|\r|\n/);
        rest = lines.pop() ?? '';
        for (const line of lines) onLine(line);
      });
    };
    capture('stdout');
    capture('stderr');
    running.add(end);
    if (child.pid !== undefined) started(child.pid, !inherit && !windows);
    const settle = () => {
      clearTimeout(timer);
      clearTimeout(killer);
      running.delete(end);
      unlisten();
    };
    child.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
      settle();
      const why = error.code === 'ENOENT' ? 'not found (is it installed, and on PATH?)' : error.message;
      reject(new RunError(name, why, 127, ''));
    });
    child.on('close', (code, signal) => {
      settle();
      if (ending) return;
      const status = code ?? 128 + (signal ? os.constants.signals[signal] : 0);
      const seconds = (Date.now() - start) / 1000;
      if (timedOut)
        reject(new RunError(name, `took longer than ${(timeoutMs ?? 0) / 1000} s`, 124, output.both));
      else if (status === 0 || anyStatus)
        resolve({ status, stdout: output.stdout, stderr: output.stderr, seconds });
      else {
        const why = signal ? `was ended by ${signal}` : `ended with exit status ${status}`;
        reject(new RunError(name, why, status, output.both));
      }
    });
  });
}

/**
 * Run a quick program and return what it printed, trimmed; null when it is missing, fails or takes longer.
 * @param {string} command @param {readonly string[]} args @param {{ env?: NodeJS.ProcessEnv, cwd?: string, timeoutMs?: number }} [options]
 */
export function ask(command, args, { env, cwd = root, timeoutMs = 20_000 } = {}) {
  const result = spawnSync(command, args, {
    cwd,
    env: childEnv(env),
    encoding: 'utf8',
    timeout: timeoutMs,
    stdio: ['ignore', 'pipe', 'ignore'],
    windowsHide: true,
  });
  return result.status === 0 ? result.stdout.trim() : null;
}

/** @param {string} text */
function tail(text) {
  const lines = text.trimEnd().split('\n');
  return lines.length > TAIL_LINES ? `...\n${lines.slice(-TAIL_LINES).join('\n')}` : lines.join('\n');
}

/** @param {string} text */
const indent = (text) => text.replace(/^/gm, '  ');

/** The command as a reader would type it, inside the project by relative paths. @param {string} command @param {readonly string[]} args */
function shown(command, args) {
  const short = (/** @type {string} */ text) =>
    text === process.execPath ? 'node' : text.replaceAll(`${root}/`, '');
  const text = [command, ...args]
    .map(short)
    .map((part) => (/[\s"'$]/.test(part) ? `'${part}'` : part))
    .join(' ');
  return text.length > 160 ? `${text.slice(0, 157)}...` : text;
}
