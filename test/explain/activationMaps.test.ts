import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type PooledNetwork, classActivationMaps, gradCam } from '../../src/explain/activationMaps';
import { enlargeMaps, overlay } from '../../src/explain/overlay';
import { projectRoot } from '../../src/locations';
import { resnet18, resnet50 } from '../../src/models/builders';
import { CifarResNet, PreActResNet } from '../../src/models/cifar';
import { fuse } from '../../src/models/fuse';
import { onForward } from '../../src/nn/hooks';
import type { Module } from '../../src/nn/module';
import { fill, pictures, relativeError, uniform } from '../golden/formula';

/** What explain.py wrote. */
interface Golden {
  networks: Record<
    string,
    {
      height: number;
      width: number;
      classes: number[];
      logits: number[];
      maps: number[];
      gradCam: Record<string, number[]>;
      ofTheLikeliest: number[];
    }
  >;
  enlarged: { shape: [number, number, number]; size: [number, number]; values: number[] }[];
}

const golden = JSON.parse(
  readFileSync(join(projectRoot(), 'test', 'golden', 'explain.json'), 'utf8'),
) as Golden;

const NETWORKS: Record<string, () => PooledNetwork> = {
  resnet18: () => resnet18({ numClasses: 5 }),
  resnet50: () => resnet50({ numClasses: 4 }),
  '20 A': () => new CifarResNet(20),
  '8 B, preact': () => new PreActResNet(8, { shortcut: 'B' }),
};

function close(actual: tf.Tensor, expected: number[], what: string): void {
  const error = relativeError(actual.dataSync(), expected);
  assert.ok(error < 1e-4, `${what}: off by ${error.toExponential(1)} of the largest`);
}

const stage = (network: Module, name: string): Module =>
  network.namedModules().find(([each]) => each === name)![1];

for (const [name, record] of Object.entries(golden.networks)) {
  test(`${name}: class activation maps and Grad-CAM at every stage are torch's`, () => {
    const start = tf.memory().numTensors;
    const network = fill(NETWORKS[name]()); // in training mode: the calls see to that
    const x = pictures('pictures', [3, 3, record.height, record.width], 2);
    const before = tf.memory().numTensors;

    const { maps, logits } = classActivationMaps(network, x);
    assert.equal(tf.memory().numTensors, before + 2);
    close(maps, record.maps, 'maps');
    close(logits, record.logits, 'logits');
    const sum = tf.tidy(() => maps.mean([1, 2]).add(network.fc.bias.value));
    close(sum, [...logits.dataSync()], 'the mean of the maps and the bias');
    tf.dispose([maps, logits, sum]);

    for (const [layer, expected] of Object.entries(record.gradCam)) {
      const cam = gradCam(network, x, stage(network, layer), record.classes);
      assert.equal(tf.memory().numTensors, before + 2);
      close(cam.maps, expected, `Grad-CAM, ${layer}`);
      close(cam.logits, record.logits, `logits, ${layer}`);
      tf.dispose([cam.maps, cam.logits]);
    }
    const [last] = Object.keys(record.gradCam).slice(-1);
    const cam = gradCam(network, x, stage(network, last));
    close(cam.maps, record.ofTheLikeliest, 'Grad-CAM of the likeliest class');
    tf.dispose([cam.maps, cam.logits]);

    assert.equal(tf.memory().numTensors, before);
    assert.ok(
      network.modules().every(({ training }) => training),
      'modes are put back',
    );
    assert.ok(network.parameters().every(({ grad }) => grad === null));
    assert.ok(network.modules().every((module) => !Object.hasOwn(module, 'forward')));
    network.dispose();
    x.dispose();
    assert.equal(tf.memory().numTensors, start);
  });
}

test('what Grad-CAM is asked wrongly is refused, and leaves the network as it was', () => {
  const network = new CifarResNet(8);
  const other = new CifarResNet(8);
  const x = tf.zeros<tf.Rank.R4>([2, 16, 16, 3]);
  const before = tf.memory().numTensors;
  for (const [layer, classes, message] of [
    [other.layer3, undefined, /did not use the module given as `layer`/],
    [network.linear, undefined, /must be \[N, h, w, channels\], this one's is \[2,10\]/],
    [network.layer3, [1], /2 pictures need as many classes from 0 to 9; got \[1\]/],
    [network.layer3, [1, 10], /got \[1, 10\]/],
    [network.layer3, [1, 0.5], /got \[1, 0.5\]/],
  ] as const)
    assert.throws(() => gradCam(network, x, layer, classes), message);
  assert.equal(tf.memory().numTensors, before);
  assert.ok(network.modules().every((module) => module.training && !Object.hasOwn(module, 'forward')));
  fuse(network.eval()).dispose(); // no hook is left
  tf.dispose(x);
  [network, other].forEach((each) => each.dispose());
});

test("a reader's hooks stay, and see the passes", () => {
  const network = new CifarResNet(8);
  const x = tf.zeros<tf.Rank.R4>([1, 16, 16, 3]);
  let passes = 0;
  const stop = onForward(network.layer2, (name) => (passes += name === '' ? 1 : 0));
  const { maps, logits } = gradCam(network, x, network.layer2);
  assert.equal(passes, 1, 'once: the second pass has the maps already');
  network.forward(x).dispose();
  assert.equal(passes, 2);
  stop();
  tf.dispose([maps, logits, x]);
  network.dispose();
});

test("maps are enlarged as torch's interpolate does", () => {
  for (const { shape, size, values } of golden.enlarged) {
    const maps = tf.tensor3d(uniform('maps', shape[0] * shape[1] * shape[2]), shape);
    const large = enlargeMaps(maps, ...size);
    assert.deepEqual(large.shape, [shape[0], ...size]);
    const all = large.dataSync();
    const every = Math.ceil(all.length / values.length);
    const error = relativeError(
      all.filter((_, i) => i % every === 0),
      values,
    );
    assert.ok(error < 1e-6, `${shape} to ${size}: off by ${error}`);
    tf.dispose([maps, large]);
  }
});

test('an overlay is grey where the map is 0, red above and blue below, and refuses another size', () => {
  const picture = {
    data: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1),
    height: 1,
    width: 3,
    channels: 3 as const,
  };
  const { data } = overlay(picture, [0, 2, -1]);
  const [grey, red, blue] = [0, 1, 2].map((i) => [...data.subarray(3 * i, 3 * i + 3)]);
  assert.deepEqual(
    grey,
    [0, 0, 0].map(() => Math.fround(0.299)),
  );
  assert.ok(red[0] > red[1] + 0.4 && red[0] > red[2] + 0.4, `${red}`);
  assert.ok(blue[2] > blue[0] && blue[2] > blue[1], `${blue}`);
  assert.ok(blue[2] - blue[0] < red[0] - red[2], 'half as strong');
  const faint = overlay(picture, [0, 2, -1], 20).data;
  assert.ok(faint[3] - faint[4] < red[0] - red[1], 'the strongest of several maps sets the scale');
  assert.deepEqual(
    [...overlay(picture, [0, 0, 0]).data.subarray(3, 6)],
    [0, 0, 0].map(() => Math.fround(0.587)),
  );
  assert.throws(() => overlay(picture, [1, 2]), /a map of 2 numbers does not fit 1 x 3 pixels/);
});
