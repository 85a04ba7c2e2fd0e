import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { loadCheckpoint } from '../../src/checkpoint/load';
import { projectRoot } from '../../src/locations';
import { CifarResNet, PreActResNet, type ShortcutOption } from '../../src/models/cifar';
import { plain20_cifar, resnet20_cifar } from '../../src/models/cifarBuilders';
import { ResNet20_Cifar_Weights } from '../../src/models/cifarWeights';
import { compareModel, layoutOf } from '../golden/compareModel';
import { fill, pictures, relativeError } from '../golden/formula';
import { readGolden } from '../golden/models';

const golden = readGolden('cifar.json');

const cases = Object.entries(golden).flatMap(([name, record]) =>
  [false, true].map((captured) => ({ name, record, captured })),
);
for (const { name, record, captured } of cases) {
  const how = captured ? ' (as a graph)' : '';
  test(`CIFAR net ${name}${how}: logits, gradients, running statistics and steps are torch's`, () => {
    const [depth, shortcut] = name.split(/[ ,]/);
    const options = name.includes('widths') ? { widths: [5, 12, 13] as const, numClasses: 7 } : {};
    const Network = name.includes('preact') ? PreActResNet : CifarResNet;
    const build = (): CifarResNet =>
      new Network(Number(depth), { shortcut: shortcut as ShortcutOption, ...options });
    const x = pictures('pictures', [6, 3, 32, 32], 2);
    const labels = tf.tensor1d([1, 2, 3, 0, 6, 5], 'int32');
    compareModel(build, x, labels, 1, record, captured);
    tf.dispose([x, labels]);
  });
}

test('a plain net has the layers of its residual twin, whose option-A shortcuts add nothing to load', () => {
  const [plain, residual] = [plain20_cifar(), resnet20_cifar()];
  assert.deepEqual(layoutOf(plain), layoutOf(residual));
  const fresh = new CifarResNet(20, { shortcut: 'B' });
  assert.notDeepEqual(layoutOf(fresh), layoutOf(residual));
  [plain, residual, fresh].forEach((model) => model.dispose());
});

test('without its shortcuts a residual net is another function than its plain twin', () => {
  const [plain, residual] = [fill(plain20_cifar()).eval(), fill(resnet20_cifar()).eval()];
  const x = pictures('pictures', [2, 3, 32, 32]);
  const [a, b] = [plain.forward(x), residual.forward(x)];
  assert.ok(relativeError(a.dataSync(), b.dataSync()) > 0.1);
  tf.dispose([x, a, b]);
  plain.dispose();
  residual.dispose();
});

test('depths that are not 6n + 2 are refused', () => {
  assert.throws(() => new CifarResNet(21), /depth must be 6n \+ 2 .*got 21/);
  assert.throws(() => new CifarResNet(2), /depth must be 6n \+ 2/);
});

test('weights and options that do not go together are refused', () => {
  const weights = ResNet20_Cifar_Weights.AKAMASTER_V1;
  assert.throws(
    () => resnet20_cifar({ weights, numClasses: 4 }),
    /'num_classes' expected value 10 but got 4/,
  );
  assert.throws(() => resnet20_cifar({ weights, shortcut: 'B' }), /'shortcut' expected value A but got B/);
});

const checkpoints = join(
  resolve(projectRoot(), process.env.RESNET_WORKBOOK_SHARED ?? '../shared'),
  'data/checkpoints',
);
const published = join(checkpoints, 'resnet20-12fca82f.th');

test('a published checkpoint loads strictly', { skip: !existsSync(published) && `no ${published}` }, () => {
  const model = resnet20_cifar();
  assert.deepEqual(model.loadStateDict(loadCheckpoint(published)), { missingKeys: [], unexpectedKeys: [] });
  model.dispose();
});
