// @ts-check
// Preloaded into the tslab kernel (node -r).
//
// A kernel ends with the program that started it, its messages wait for each other, and its sockets may be files. And
// where the notebook executor asks for it, by naming a folder in RESNET_WORKBOOK_RUN, faults are recorded; a reader's
// own JupyterLab runs without that.
//
// tslab answers "ok" for a rejection nobody awaits, a rejected promise as a cell's last expression, a throw in a
// timer and console.error. Here each of these becomes one JSON line in RUN/faults.jsonl, with the cell it came from.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const util = require('node:util');
const vm = require('node:vm');
const { isMainThread, Worker } = require('node:worker_threads');
const zeromq = require('zeromq');
const { speakLanguageOf } = require('./language.cjs');

// jupyter_client gives the kernel a session of its own, so the kernel would outlive a server or an executor that was
// killed. Looked for on a thread of its own: a cell may keep this one busy for hours. It costs 15 ms and 10 MB.
if (isMainThread)
  new Worker(
    `setInterval(() => {
       if (process.ppid !== ${process.ppid}) process.kill(process.pid, 'SIGKILL');
     }, 1000);`,
    { eval: true, execArgv: [], env: {} }, // without what is preloaded here
  ).unref();

// tslab hands its messages to zeromq without awaiting that they are sent. While one waits, for room or because zeromq
// finishes none of its next messages at once after 512 in a row, zeromq refuses the others ("Socket is busy writing",
// EBUSY) and the kernel dies: let them wait their turn. `writable` doesn't tell: it is about room alone.
/** @typedef {{ send(...message: unknown[]): Promise<void> }} Sender */
const { prototype } = /** @type {{ prototype: Sender }} */ (/** @type {unknown} */ (zeromq.Socket));
const { send } = prototype;
/** @type {WeakMap<Sender, Promise<void>>} when the message before is over, for each socket */
const over = new WeakMap();
/** @type {WeakSet<Sender>} sockets with messages that wait */
const waiting = new WeakSet();
Object.defineProperty(prototype, 'send', {
  /** @this {Sender} @param {...unknown} message @returns {Promise<void>} */
  value(...message) {
    const sent = (!waiting.has(this) && sendAtOnce(this, message)) || sendInTurn(this, message);
    const end = sent.catch(() => {}); // its own caller hears of the fault
    over.set(this, end);
    void end.then(() => over.get(this) === end && waiting.delete(this));
    return sent;
  },
});

/**
 * @param {Sender} socket
 * @param {unknown[]} message
 * @returns {Promise<void> | undefined} nothing where another message is on its way
 */
function sendAtOnce(socket, message) {
  try {
    return send.apply(socket, message);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EBUSY') throw error;
    return undefined;
  }
}

/**
 * @param {Sender} socket
 * @param {unknown[]} message
 */
async function sendInTurn(socket, message) {
  waiting.add(socket);
  await over.get(socket);
  return send.apply(socket, message);
}

// Jupyter's protocol names a socket's file FOLDER/NAME-1, where tslab writes ipc://FOLDER/NAME:1, as for a port.
for (const { prototype } of [zeromq.Publisher, zeromq.Reply, zeromq.Router]) {
  const { bind } = prototype;
  Object.defineProperty(prototype, 'bind', {
    /** @this {import('zeromq').Socket} @param {string} address */
    value(address) {
      return bind.call(this, address.replace(/^(ipc:.*):(\d+)$/, '$1-$2'));
    },
  });
}

const run = process.env.RESNET_WORKBOOK_RUN;
if (run) install(run);
// What the executor runs is translated when pages are made of it.
else if (isMainThread) speakLanguageOf(process.cwd());

/** @param {string} folder where the executor writes the number of the running cell and reads the faults */
function install(folder) {
  const executing = path.join(folder, 'cell');
  const faults = path.join(folder, 'faults.jsonl');
  const currentCell = () => Number(fs.readFileSync(executing, 'utf8')) || 0;

  // tslab compiles each cell's code under the same name (evalmachine.<anonymous>). With a name of its own, the stack
  // of an error thrown later, by a timer or a promise, still tells its cell.
  const runInThisContext = vm.runInThisContext;
  vm.runInThisContext = (code, options) =>
    runInThisContext(
      code,
      typeof options === 'object' && options.breakOnSigint
        ? { ...options, filename: `cell-${currentCell()}` }
        : options,
    );

  /**
   * @param {string} kind
   * @param {unknown} error
   */
  function record(kind, error) {
    const text = typeof error === 'string' ? error : util.inspect(error);
    const stack = error instanceof Error ? (error.stack ?? '') : '';
    const origin = /\bcell-(\d+):\d+:\d+/.exec(stack);
    const fault = { kind, text: text.slice(0, 4000), cell: origin ? Number(origin[1]) : currentCell() };
    fs.appendFileSync(faults, JSON.stringify(fault) + '\n');
  }

  process.on('unhandledRejection', (reason) => record('a rejection that nobody awaited', reason));
  process.on('uncaughtException', (error) => record('a throw outside the cell (timer or event)', error));

  const print = console.error;
  console.error = (...parts) => {
    // tslab reports these two itself, after the listeners above have recorded them.
    if (!/^Un(handledPromiseRejection|caughtException):$/.test(String(parts[0]))) {
      record('console.error', util.format(...parts));
    }
    print.apply(console, parts);
  };
}
