import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs-node';
import { CannotTell, Fingerprint } from '../src/fingerprint';
import { projectRoot } from '../src/locations';
import { Compose, Normalize, RandomCrop } from '../src/data/transforms';

const print = (value: unknown): string => new Fingerprint().add(value).digest();

class Plain {
  constructor(readonly held: unknown) {}
  forward(): unknown {
    return this.held;
  }
}
class Child extends Plain {}
const namesake = (() => {
  class Plain {
    constructor(readonly held: unknown) {}
    forward(): unknown {
      return [this.held];
    }
  }
  return Plain;
})();
const made = (held: unknown): Plain => new Plain(held);
const ring = (more?: number): object => {
  const value: Record<string, unknown> = { more };
  return Object.assign(value, { self: [value] });
};
const patched = (): Plain =>
  Object.assign(new Plain(1), {
    forward: () => 2,
  });
class Accessor {
  get rate(): number {
    return Math.sign(1);
  }
}
class OtherAccessor {
  get rate(): number {
    return Math.sign(2);
  }
}
const withBuffer = (...bytes: number[]): ArrayBuffer => Uint8Array.from(bytes).buffer;

/** In each row all are different, and each is equal to itself made anew. */
const DIFFERENT: Record<string, (() => unknown)[]> = {
  maps: [
    () => new Map([['a', 1]]),
    () => new Map([['a', 2]]),
    () => new Map([['b', 1]]),
    () => new Map(),
    () => new Set(['a', 1]),
    () => ({ a: 1 }),
  ],
  sets: [() => new Set([1, 2]), () => new Set([2, 1]), () => new Set([1]), () => [1, 2]],
  'regular expressions': [() => /a/, () => /b/, () => /a/i, () => 'a', () => '/a/'],
  dates: [() => new Date(1), () => new Date(2), () => new Date(NaN), () => 1],
  numbers: [
    () => 0,
    () => -0,
    () => NaN,
    () => '0',
    () => 0n,
    () => false,
    () => null,
    () => undefined,
    () => [0],
  ],
  bigints: [() => 1n, () => 2n, () => 2n ** 70n],
  'boxed numbers': [() => new Number(1), () => new Number(2), () => new String('1'), () => 1],
  symbols: [() => Symbol.for('a'), () => Symbol.for('b'), () => 'Symbol(a)'],
  'symbol keys': [() => ({ [Symbol.for('a')]: 1 }), () => ({ [Symbol.for('a')]: 2 }), () => ({})],
  'typed arrays': [
    () => Float32Array.of(1, 2),
    () => Float32Array.of(1, 3),
    () => Float64Array.of(1, 2),
    () => Float32Array.of(-0, 2),
    () => Float32Array.of(0, 2),
    () => [1, 2],
  ],
  buffers: [
    () => withBuffer(1, 2),
    () => withBuffer(1, 3),
    () => new DataView(withBuffer(1, 2)),
    () => Buffer.from([1, 2]),
  ],
  tensors: [
    () => tf.tensor1d([1, 2]),
    () => tf.tensor1d([1, 3]),
    () => tf.tensor2d([[1, 2]]),
    () => tf.tensor1d([1, 2], 'int32'),
  ],
  functions: [
    () => (x: number) => x,
    () => (x: number) => 2 * x,
    () => async (x: number) => Promise.resolve(x),
  ],
  'functions with fields': [() => Object.assign(() => 1, { k: 1 }), () => Object.assign(() => 1, { k: 2 })],
  classes: [() => made(1), () => made(2), () => new Child(1), () => new namesake(1), () => ({ held: 1 })],
  'methods of its own': [() => made(1), patched],
  'null prototypes': [
    () => Object.create(null) as object,
    () => ({}),
    () => Object.create({ a: 1 }) as object,
    () => Object.create({ a: 2 }) as object,
  ],
  getters: [
    () => new Accessor(),
    () => new OtherAccessor(),
    () => ({
      get rate() {
        return 3;
      },
    }),
    () => ({ rate: 3 }),
  ],
  'hidden fields': [
    () => Object.defineProperty({}, 'k', { value: 1 }),
    () => Object.defineProperty({}, 'k', { value: 2 }),
    () => ({}),
  ],
  'a field named constructor': [() => ({ constructor: 1 }), () => ({ constructor: 2 })],
  cycles: [() => ring(), () => ring(1), () => ({ more: undefined, self: [{}] })],
  nesting: [() => [['a'], 'b'], () => ['a', ['b']], () => [['a', 'b']], () => ['ab'], () => ['a', 'b']],
  'arrays with holes': [() => [undefined], () => Array<number>(1), () => []],
  transforms: [
    () => new Compose([new Normalize([0.5, 0.5, 0.5], [1, 1, 1])]),
    () => new Compose([new Normalize([0.5, 0.5, 0.5], [1, 1, 2])]),
    () => new Compose([new RandomCrop(32)]),
    () => new Compose([new RandomCrop(32, { padding: 4 })]),
  ],
};

for (const [what, values] of Object.entries(DIFFERENT)) {
  test(`${what} that differ have fingerprints that differ, equal ones the same, alone or held by something`, () => {
    tf.tidy(() => {
      for (const hold of [(x: unknown) => x, made, (x: unknown) => new Map([[1, { x }]])]) {
        const prints = values.map((make) => print(hold(make())));
        assert.deepEqual(
          prints,
          values.map((make) => print(hold(make()))),
          'made anew',
        );
        prints.forEach((each, i) =>
          assert.equal(prints.indexOf(each), i, `${i} is like ${prints.indexOf(each)}`),
        );
      }
    });
  });
}

class Hidden {
  #factor: number;
  constructor(factor: number) {
    this.#factor = factor;
  }
  forward(x: number): number {
    return x * this.#factor;
  }
}
class BelowHidden extends Hidden {}

test('what may hide something is refused, in words, alone or held by something', () => {
  for (const [value, words] of [
    [new Hidden(1), /the private fields \(#\) of Hidden cannot be seen; use plain ones/],
    [new BelowHidden(1), /the private fields \(#\) of Hidden/],
    [Math.max.bind(null, 2), /the code of bound max cannot be seen/],
    [Math.max, /the code of max cannot be seen/],
    [Symbol('a'), /Symbol\(a\) cannot be told from another symbol of that name/],
    [new Proxy({}, {}), /a Proxy cannot be seen through/],
    [new WeakMap(), /what a WeakMap holds cannot be seen/],
    [new WeakSet(), /what a WeakSet holds/],
    [new WeakRef({}), /what a WeakRef holds/],
    [Promise.resolve(1), /what a Promise holds/],
    [new Map([[1, 2]]).entries(), /cannot be seen/],
    [new Intl.NumberFormat('en'), /what a NumberFormat holds/],
    [new URL('http://a/'), /cannot be seen/],
  ] as const) {
    for (const hold of [(x: unknown) => x, made, (x: unknown) => new Map([[1, { x }]])])
      assert.throws(
        () => print(hold(value)),
        (error: Error) => error instanceof CannotTell && words.test(error.message),
        String(words),
      );
  }
});

test('another process comes to the same fingerprint', () => {
  const value =
    'new Map([["a", [1, -0, 2n, /x/g, new Date(5), Float32Array.of(1), { b: new Set([null]) }]]])';
  const here = new Map([['a', [1, -0, 2n, /x/g, new Date(5), Float32Array.of(1), { b: new Set([null]) }]]]);
  const script = `const { Fingerprint } = require('./.build/src/fingerprint');
    console.log(new Fingerprint().add(${value}).digest())`;
  const there = execFileSync(
    process.execPath,
    ['-r', './data-scripts/kernel/node-compat.cjs', '-e', script],
    {
      cwd: projectRoot(),
      encoding: 'utf8',
    },
  );
  assert.equal(there.trim().split('\n').at(-1), print(here));
});
