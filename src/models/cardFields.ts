/** Takes a value out of a file if it is as it should be. @param where - what to call it in an error: "classes[3]" */
export type Field<T> = (value: unknown, where: string) => T;

/** A value of a file that is not as it should be. */
export class FieldError extends Error {}

function refuse(where: string, expected: string): never {
  throw new FieldError(`${where} should be ${expected}`);
}

/** A text of 1 to `longest` characters; `pattern` names what else it must be. */
export function text(
  longest: number,
  [pattern, expected]: [RegExp, string] = [/^[^]/u, 'a text'],
): Field<string> {
  return (value, where) =>
    typeof value === 'string' && value.length <= longest && pattern.test(value)
      ? value
      : refuse(where, `${expected} of at most ${longest} characters`);
}

/** One of some texts. */
export function oneOf<T extends string>(...allowed: readonly T[]): Field<T> {
  return (value, where) =>
    allowed.find((each) => each === value) ?? refuse(where, allowed.map((each) => `"${each}"`).join(' or '));
}

/** A finite number within bounds. */
export function number(low: number, high: number, { integer = false } = {}): Field<number> {
  return (value, where) =>
    typeof value === 'number' && value >= low && value <= high && (!integer || Number.isInteger(value))
      ? value
      : refuse(where, `${integer ? 'a whole number' : 'a number'} from ${low} to ${high}`);
}

/** A list of `least` to `most` values. */
export function list<T>(of: Field<T>, least: number, most = least): Field<T[]> {
  return (value, where) =>
    Array.isArray(value) && value.length >= least && value.length <= most
      ? value.map((each, i) => of(each, `${where}[${i}]`))
      : refuse(where, `a list of ${least === most ? least : `${least} to ${most}`}`);
}

/** An object with these fields; further ones are left out, so that a newer version may add some. */
export function object<T extends object>(fields: { [Name in keyof T]-?: Field<T[Name]> }): Field<T> {
  return (value, where) => {
    if (!isObject(value)) return refuse(where, 'an object');
    const entries = Object.entries<Field<unknown>>(fields).map(([name, field]) => [
      name,
      field(Object.hasOwn(value, name) ? value[name] : undefined, where ? `${where}.${name}` : name),
    ]);
    return Object.fromEntries(entries.filter(([, each]) => each !== undefined)) as T;
  };
}

/** An object of at most 100 names, all of whose values are of one kind. */
export function record<T>(of: Field<T>): Field<Record<string, T>> {
  return (value, where) => {
    if (!isObject(value) || Object.keys(value).length > 100)
      return refuse(where, 'an object of at most 100 entries');
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, of(each, `${where}.${name.slice(0, 40)}`)]),
    );
  };
}

/** A field that may be missing. */
export function optional<T>(of: Field<T>): Field<T | undefined> {
  return (value, where) => (value === undefined ? undefined : of(value, where));
}

/** Either of two kinds. */
export function either<A, B>(one: Field<A>, other: Field<B>): Field<A | B> {
  return (value, where) => {
    try {
      return one(value, where);
    } catch {
      return other(value, where);
    }
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
