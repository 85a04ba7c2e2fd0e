import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Conv2d } from '../../src/nn/conv';
import { constant, kaimingNormal } from '../../src/nn/init';
import { Linear } from '../../src/nn/layers';
import { Parameter } from '../../src/nn/parameter';
import { manualSeed } from '../../src/random';
import { golden } from '../golden/layers';

/** Mean, deviation and the largest size. */
function statistics({ value }: Parameter): { mean: number; deviation: number; bound: number } {
  return tf.tidy(() => {
    const { mean, variance } = tf.moments(value);
    const bound = tf.max(tf.abs(value));
    return {
      mean: mean.dataSync()[0],
      deviation: Math.sqrt(variance.dataSync()[0]),
      bound: bound.dataSync()[0],
    };
  });
}

function assertNear(actual: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(actual / expected - 1) < tolerance, `${what}: ${actual}, torch has ${expected}`);
}

test("kaimingNormal's deviation is torch's, by fan_in and by fan_out", () => {
  manualSeed(0);
  const weight = new Parameter(tf.zeros([3, 3, 64, 256]), 'filter');
  for (const mode of ['fan_in', 'fan_out'] as const) {
    kaimingNormal(weight, mode);
    const { mean, deviation } = statistics(weight);
    // of 147,456 draws the deviation itself deviates by 0.2 %, torch's too
    assertNear(deviation, golden.initializations[mode], 0.01, mode);
    assert.ok(Math.abs(mean) < 0.02 * deviation);
  }
  weight.dispose();
});

test("Conv2d and Linear start as torch's do", () => {
  manualSeed(0);
  const [conv, linear] = [new Conv2d(64, 256, { kernelSize: 3 }), new Linear(512, 1000)];
  for (const [name, parameter] of [
    ['conv.weight', conv.weight],
    ['conv.bias', conv.bias!],
    ['linear.weight', linear.weight],
    ['linear.bias', linear.bias],
  ] as const) {
    const [deviation, bound] = golden.initializations[name];
    const actual = statistics(parameter);
    assertNear(actual.deviation, deviation, parameter.size > 10_000 ? 0.01 : 0.1, `${name}, deviation`);
    assertNear(actual.bound, bound, 0.02, `${name}, bound`);
  }
  conv.dispose();
  linear.dispose();
});

test('equal seeds give equal weights, different ones different weights', () => {
  const draw = (seed: number): number[] => {
    manualSeed(seed);
    const layer = new Linear(3, 2);
    const values = [...layer.weight.value.dataSync(), ...layer.bias.value.dataSync()];
    layer.dispose();
    return values;
  };
  assert.deepEqual(draw(1), draw(1));
  assert.notDeepEqual(draw(1), draw(2));
});

test('constant fills', () => {
  const weight = new Parameter(tf.zeros([2, 3]));
  constant(weight, 0.5);
  assert.deepEqual([...weight.value.dataSync()], [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
  weight.dispose();
});
