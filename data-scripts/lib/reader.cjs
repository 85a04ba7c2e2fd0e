// @ts-check
// What a reader types, and what they are told when it can't be done: one way for set-up, which runs before anything is
// installed, and for the compiled commands. CommonJS, since Node 20 can't load an ES module from compiled code.
'use strict';
const path = require('node:path');
const { parseArgs } = require('node:util');

/** An error whose message is meant for the reader: printed as it is, without a stack. */
class Trouble extends Error {
  /**
   * @param {string} message what was expected and what came, in one or two lines
   * @param {string} [mend] the one command (or action) that mends it
   */
  constructor(message, mend) {
    super(message);
    this.name = 'Trouble';
    this.mend = mend;
  }
}

/** Mistakes of a program, of which the place counts; any other error says in its message what is wrong. */
const MISTAKES = [TypeError, RangeError, ReferenceError, SyntaxError];

/** @param {unknown} error */
function said(error) {
  if (!(error instanceof Error)) return String(error);
  if (MISTAKES.some((kind) => error instanceof kind) || error.name === 'AssertionError')
    return error.stack ?? error.message;
  return error.message + (error instanceof Trouble && error.mend ? `\nTo mend it: ${error.mend}` : '');
}

/**
 * Say what went wrong and end with a non-zero status.
 * @param {unknown} error
 * @returns {never}
 */
function fail(error) {
  process.stderr.write(`${said(error)}\n`);
  process.exit(1);
}

/** @template {import('node:util').ParseArgsConfig} T @typedef {ReturnType<typeof parseArgs<T>>} Parsed */

/**
 * Reads a command's words. `--help` and `-h` are understood everywhere.
 * @template {import('node:util').ParseArgsConfig} T
 * @param {string} help what --help says
 * @param {T} config of node:util's parseArgs
 * @returns {Parsed<T> | undefined} undefined where help was asked for, which has been printed
 * @throws {Trouble} for words that the command does not know
 */
function parse(help, config) {
  const args = config.args ?? process.argv.slice(2);
  const options = { ...config.options, help: { type: /** @type {const} */ ('boolean'), short: 'h' } };
  let parsed;
  try {
    parsed = parseArgs({ ...config, args: [...args], options });
  } catch (error) {
    throw new Trouble(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
  }
  if (/** @type {{ help?: boolean }} */ (parsed.values).help) {
    console.log(help);
    return undefined;
  }
  return /** @type {Parsed<T>} */ (/** @type {unknown} */ (parsed));
}

/**
 * An option's value as a whole number.
 * @param {string} option its name, without the two dashes
 * @param {string} text
 * @param {number} [lowest] default 1
 */
function wholeNumber(option, text, lowest = 1) {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number) || number < lowest)
    throw new Trouble(`--${option} must be a whole number from ${lowest}, got ${text}.`);
  return number;
}

/** A path as the reader meant it: npm changes into the project's root first. @param {string} file */
const fromReader = (file) => path.resolve(process.env.INIT_CWD ?? process.cwd(), file);

/** A program that a reader names: by its path, as they meant it, or by its name on PATH. @param {string} name */
const programFromReader = (name) => (name.includes('/') ? fromReader(name) : name);

module.exports = { Trouble, fail, fromReader, parse, programFromReader, wholeNumber };
