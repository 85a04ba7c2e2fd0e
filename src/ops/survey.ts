import * as tf from '@tensorflow/tfjs-node';

/** A place that holds a tensor, or none: a parameter's value, its gradient, a buffer. */
export interface Cell {
  get(): tf.Tensor | null;
  /** Takes a tensor over; a cell that no forward or backward pass changes has none. */
  set?(value: tf.Tensor): void;
}

/** What holds tensors says by this method where; of its own properties only plain ones are looked at then. */
export const CELLS = Symbol('cells');

/** What a function depends on besides its arguments, at one moment. */
export interface Survey {
  cells: Cell[];
  /** The rest as text: classes, and properties with their values. */
  structure: string;
  /** Why it can't be relied on: something hides what it holds, or does something else than its class says. */
  doubt: string | undefined;
}

const numbers = new WeakMap<object, number>();
let count = 0;

/** A number that stands for one object. */
function numberOf(object: object): number {
  let number = numbers.get(object);
  if (number === undefined) numbers.set(object, (number = count++));
  return number;
}

/** How code reads a private field, as it is written and as older targets compile it. */
const PRIVATE = /\.\s*#|__classPrivateFieldGet/;
const hiding = new WeakMap<object, boolean>();

/** Whether objects of a class have private fields (#), its own or a base class's. */
function hides(prototype: object | null): boolean {
  if (prototype === null) return false;
  const known = hiding.get(prototype);
  if (known !== undefined) return known;
  const { constructor } = prototype;
  const own =
    typeof constructor === 'function' && PRIVATE.test(Function.prototype.toString.call(constructor));
  const all = own || hides(Object.getPrototypeOf(prototype) as object | null);
  hiding.set(prototype, all);
  return all;
}

/** Looks at objects and at all that they hold; what lies in variables around their functions can't be seen. */
export function survey(roots: readonly unknown[]): Survey {
  const cells: Cell[] = [];
  const parts: (string | number)[] = [];
  const seen = new Map<object, number>();
  let doubt: string | undefined;

  const visit = (value: unknown): void => {
    if (typeof value === 'string') parts.push(JSON.stringify(value));
    else if (typeof value === 'function') parts.push('f', numberOf(value));
    else if (typeof value === 'object' && value !== null) visitObject(value);
    else parts.push(Object.is(value, -0) ? '-0' : String(value));
  };
  const visitObject = (object: object): void => {
    const before = seen.get(object);
    if (before !== undefined) return void parts.push('#', before);
    seen.set(object, seen.size);
    const itsClass = (Object.getPrototypeOf(object) ?? Object.prototype) as object;
    if (hides(itsClass)) doubt ??= `the private fields (#) of ${itsClass.constructor.name} can't be seen`;
    parts.push('{', numberOf(itsClass));
    const own = (object as { [CELLS]?: () => Cell[] })[CELLS]?.();
    if (own) cells.push(...own);
    if (object instanceof tf.Tensor) cells.push({ get: () => (object.isDisposed ? null : object) });
    else if (ArrayBuffer.isView(object)) parts.push(numberOf(object));
    else {
      if (object instanceof Map || object instanceof Set) visit([...(object as Iterable<unknown>)]);
      for (const key of Object.getOwnPropertyNames(object)) {
        const value = (object as Record<string, unknown>)[key];
        if (typeof value === 'function' && key in itsClass) doubt ??= 'a layer is hooked (onForward)';
        if (own && typeof value === 'object') continue;
        parts.push(key);
        visit(value);
      }
    }
    parts.push('}');
  };
  roots.forEach(visit);
  return { cells, structure: parts.join(' '), doubt };
}
