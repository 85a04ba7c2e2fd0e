import { createHash } from 'node:crypto';
import { types } from 'node:util';
import * as tf from '@tensorflow/tfjs-node';

/** Thrown for a value that cannot be told from others: nothing may be kept under its fingerprint. */
export class CannotTell extends Error {}

type Contents = [is: (value: object) => boolean, contents: (value: never) => unknown[]];

/** Objects of JavaScript's own that hold more than their fields, and what they hold. */
const CONTENTS: Contents[] = [
  [types.isMap, (map: Map<unknown, unknown>) => [...map].flat()],
  [types.isSet, (set: Set<unknown>) => [...set]],
  [types.isDate, (date: Date) => [date.getTime()]],
  [types.isRegExp, (regExp: RegExp) => [regExp.source, regExp.flags]],
  [types.isBoxedPrimitive, (boxed: object) => [boxed.valueOf()]],
  [types.isAnyArrayBuffer, (buffer: ArrayBuffer) => [new Uint8Array(buffer)]],
];
/** Others hold nothing but their fields. */
const OPEN = new Set(['Object', 'Array', 'Function', 'AsyncFunction', 'GeneratorFunction', 'Error']);

/** How code reads a private field, as it is written and as older targets compile it. */
const PRIVATE = /\.\s*#|__classPrivateFieldGet/;

/** What functions have beside their code. */
const OF_FUNCTIONS = new Set(['length', 'name', 'prototype', 'arguments', 'caller']);

const codeOf = (value: object): string => Function.prototype.toString.call(value);
const isNative = (code: string): boolean => /\{\s*\[native code\]\s*\}$/.test(code);

/**
 * A hash (SHA-256) of values of any kind: equal values give equal digests, in any process.
 *
 * Objects count by their classes, with their code, and by their fields; functions by their code. So a reader's own
 * transform that was edited is another one. What may hide something is refused ({@link CannotTell}). One thing is not seen:
 * variables that a function takes from outside itself. Make them fields.
 */
export class Fingerprint {
  private readonly hash = createHash('sha256');

  /**
   * Takes in a value; the order of several matters.
   *
   * @throws CannotTell for private fields (`#x`), native and bound functions, unique symbols, proxies, and what JavaScript
   *   has besides Map, Set, Date, RegExp and arrays (weak maps, promises, generators ...).
   */
  add(value: unknown): this {
    this.addValue(value, []);
    return this;
  }

  /** 64 hexadecimal digits; nothing can be added afterwards. */
  digest(): string {
    return this.hash.digest('hex');
  }

  /** @param above - the objects that hold this one, so that one that holds itself comes to an end. */
  private addValue(value: unknown, above: readonly object[]): void {
    if ((typeof value === 'object' && value !== null) || typeof value === 'function') {
      if (above.includes(value)) return this.text(`its holder ${above.indexOf(value)}`);
      if (ArrayBuffer.isView(value)) this.addBytes(value);
      else this.addObject(value, [...above, value]);
    } else if (typeof value === 'symbol' && Symbol.keyFor(value) === undefined) {
      throw new CannotTell(`${String(value)} cannot be told from another symbol of that name; use a string.`);
    } else this.text(`${typeof value} ${Object.is(value, -0) ? '-0' : String(value)}`);
  }

  private addBytes(view: ArrayBufferView): void {
    this.text(`${view.constructor.name} ${view.byteLength}`);
    this.hash.update(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  }

  private addObject(value: object, above: readonly object[]): void {
    if (types.isProxy(value)) throw new CannotTell('a Proxy cannot be seen through.');
    if (value instanceof tf.Tensor) {
      const { dtype, shape } = value as tf.Tensor;
      this.text(`tensor ${dtype} [${shape.join()}]`);
      return this.addValue(value.dataSync(), above);
    }
    if (typeof value === 'function') this.addCode(value, above);
    const contents = CONTENTS.find(([is]) => is(value))?.[1](value as never);
    if (contents) contents.forEach((each) => this.addValue(each, above));
    this.addClasses(value, above, contents !== undefined);
    this.addFields(value, above);
  }

  private addCode(value: object, above: readonly object[]): void {
    const { name, prototype } = value as { name: string; prototype?: object };
    const code = codeOf(value);
    if (isNative(code)) throw new CannotTell(`the code of ${name} cannot be seen (it is native, or bound).`);
    if (PRIVATE.test(code))
      throw new CannotTell(`the private fields (#) of ${name} cannot be seen; use plain ones.`);
    this.text(code);
    if (prototype) this.addFields(prototype, above); // methods may have been replaced
  }

  /** The classes of an object, from its own to that of JavaScript's own below them. */
  private addClasses(value: object, above: readonly object[], known: boolean): void {
    let below = Object.getPrototypeOf(value) as object | null;
    for (; below !== null; below = Object.getPrototypeOf(below) as object | null) {
      if (typeof below === 'function')
        return isNative(codeOf(below)) ? this.text(below.name) : this.addValue(below, above);
      const own = Object.getOwnPropertyDescriptor(below, 'constructor')?.value as unknown;
      if (typeof own !== 'function') this.addFields(below, above);
      else if (!isNative(codeOf(own))) this.addValue(own, above);
      else {
        if (!known && !OPEN.has(own.name))
          throw new CannotTell(`what a ${own.name} holds cannot be seen; use plain fields.`);
        return this.text(own.name);
      }
    }
    this.text('no class');
  }

  private addFields(value: object, above: readonly object[]): void {
    const fields = Object.entries(Object.getOwnPropertyDescriptors(value)).filter(
      ([name, field]) =>
        !(typeof value === 'function' && OF_FUNCTIONS.has(name)) &&
        !(name === 'constructor' && (field.value as { prototype?: unknown } | null)?.prototype === value),
    );
    const symbols = Object.getOwnPropertySymbols(value);
    this.text(`${fields.length} and ${symbols.length} fields`);
    for (const [name, { get, set, value: field }] of fields) {
      this.text(name);
      for (const part of [get, set, field as unknown]) this.addValue(part, above);
    }
    for (const symbol of symbols) {
      this.text(String(symbol));
      this.addValue((value as Record<symbol, unknown>)[symbol], above);
    }
  }

  /** The length goes first, so that "ab", "c" is not "a", "bc". */
  private text(text: string): void {
    const bytes = Buffer.from(text);
    this.hash.update(`${bytes.length} `).update(bytes);
  }
}
