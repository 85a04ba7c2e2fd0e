import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { loadCheckpoint } from '../../src/checkpoint/load';
import { saveSafetensors } from '../../src/checkpoint/safetensors';
import { buildBackbone, type Network } from '../../src/models/backbones';
import { resnet18 } from '../../src/models/builders';
import { resnet20_cifar, resnet32_cifar } from '../../src/models/cifarBuilders';
import type { ModelCard, TrainingRecord } from '../../src/models/modelCard';
import { loadModel, publishedModel, saveModel } from '../../src/models/modelFolder';
import { ResNet20_Cifar_Weights } from '../../src/models/cifarWeights';
import { defaultRandom } from '../../src/random';
import { toFloat32 } from '../../src/state/convert';
import { CheckpointError } from '../../src/state/error';

const root = fs.mkdtempSync(path.join(tmpdir(), 'model-folder-'));
after(() => fs.rmSync(root, { recursive: true }));

const classes = ['katze', '犬 <b>"2"</b>', 'a/b'];
const training: TrainingRecord = {
  command: 'npm run train -- --data "<script>alert(1)</script>"',
  date: '2026-11-28',
  machine: 'one, 2 threads',
  versions: { 'Node.js': '20.20.2' },
  startedFrom: 'ResNet20_Cifar_Weights.WORKBOOK_V1',
  way: 'fine-tune',
  settings: { epochs: 4, rate: 0.001, precision: 'float32' },
  minutes: 1.25,
  parts: [{ name: 'train', pictures: [5, 6, 7], fingerprint: '0'.repeat(64) }],
  validation: { pictures: 3, right: 2, interval: [0.2, 0.9], confusion: [[1, 0, 0], [0, 1, 0], [1, 0, 0]] }, // prettier-ignore
};
const card: Omit<ModelCard, 'format' | 'sha256'> = {
  classes,
  backbone: 'resnet20_cifar',
  transforms: {
    resizeSize: 55,
    cropSize: 48,
    mean: [0.5, 0.5, 0.5],
    std: [0.2, 0.2, 0.2],
    interpolation: 'bilinear',
  },
  training,
};
const net = resnet20_cifar({ numClasses: 3 });
const outputs = (network: Network): number[] =>
  tf.tidy(() => [...network.forward(tf.ones([1, 48, 48, 3])).dataSync()]);

const good = path.join(root, 'good');

/** A good model's folder, and what a test does to it. */
function folderWith(change: (folder: string) => void = () => undefined): string {
  if (!fs.existsSync(good)) saveModel(good, net, card);
  const folder = fs.mkdtempSync(path.join(root, 'model-'));
  fs.cpSync(good, folder, { recursive: true });
  change(folder);
  return folder;
}

/** Changes the card of a folder as an attacker would. */
const withCard = (change: (json: Record<string, unknown>) => void) => (folder: string) => {
  const file = path.join(folder, 'card.json');
  const json = JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, unknown>;
  change(json);
  fs.writeFileSync(file, JSON.stringify(json));
};

test('a saved model, loaded again, is the same: weights, classes, transforms, card', () => {
  net.eval();
  const folder = path.join(root, 'deep', 'in a new folder');
  const saved = saveModel(folder, net, card);
  assert.deepEqual(fs.readdirSync(folder).sort(), ['card.html', 'card.json', 'model.safetensors']);
  const before = tf.memory().numTensors;
  const random = defaultRandom().state;
  const model = loadModel(folder);
  assert.deepEqual(defaultRandom().state, random, 'loading draws no random numbers from others');
  assert.deepEqual(outputs(model.network), outputs(net));
  assert.equal(model.network.training, false);
  assert.deepEqual(model.classes, classes);
  assert.deepEqual(model.card, JSON.parse(JSON.stringify(saved)));
  assert.deepEqual(model.card?.training, training);
  const { data, height, width } = model.transform.forward(
    { data: new Uint8Array(60 * 80 * 3).fill(255), height: 60, width: 80, channels: 3 },
    defaultRandom(),
  );
  assert.deepEqual([height, width, data[0]], [48, 48, 2.5]);
  model.dispose();
  assert.equal(tf.memory().numTensors, before);
});

test('the card as a page shows every text as text, and has no script', () => {
  const page = fs.readFileSync(path.join(folderWith(), 'card.html'), 'utf8');
  assert.ok(!page.includes('<script') && !page.includes('<b>'));
  assert.ok(page.includes("default-src 'none'"));
  assert.ok(page.includes('犬 &lt;b&gt;&quot;2&quot;&lt;/b&gt;'));
  assert.match(page, /66\.7 % \(2 of 3\), 95 % interval 20\.0 % to 90\.0 %/);
});

test('saving refuses what would not load, and what is not its own, and then changes nothing', () => {
  const folder = folderWith();
  const before = fs.readdirSync(folder).map((name) => fs.readFileSync(path.join(folder, name), 'hex'));
  const tensors = tf.memory().numTensors;
  const deeper = resnet32_cifar({ numClasses: 3 });
  assert.throws(
    () => saveModel(folder, deeper, card),
    /a resnet20_cifar of 3 classes has .* where the network has/,
  );
  assert.throws(
    () => saveModel(folder, net, { ...card, classes: ['a', 'b'] }),
    /of 2 classes has .*\[2, 64\]/,
  );
  assert.throws(
    () => saveModel(folder, net, { ...card, backbone: 'resnet21' }),
    /no network named "resnet21"/,
  );
  deeper.dispose();
  assert.equal(tf.memory().numTensors, tensors);
  assert.deepEqual(
    fs.readdirSync(folder).map((name) => fs.readFileSync(path.join(folder, name), 'hex')),
    before,
  );

  const others = fs.mkdtempSync(path.join(root, 'others-'));
  fs.writeFileSync(path.join(others, 'model.safetensors'), 'mine');
  assert.throws(() => saveModel(others, net, card), /holds a model\.safetensors of something else/);
  fs.writeFileSync(path.join(others, 'card.json'), '{"ace": "spades"}');
  assert.throws(() => saveModel(others, net, card), /is not the card of a model: format should be/);
  assert.deepEqual(fs.readdirSync(others).sort(), ['card.json', 'model.safetensors']);
});

test('a model is replaced, and what else lies in its folder stays', () => {
  const folder = folderWith((each) => fs.writeFileSync(path.join(each, 'notes.txt'), 'mine'));
  saveModel(folder, net, { ...card, classes: ['x', 'y', 'z'] });
  const model = loadModel(folder);
  assert.deepEqual(model.classes, ['x', 'y', 'z']);
  model.dispose();
  assert.equal(fs.readFileSync(path.join(folder, 'notes.txt'), 'utf8'), 'mine');
});

describe('a folder from elsewhere is refused in one line, where', () => {
  const huge = 2 ** 40;
  const cases: [what: string, change: (folder: string) => void, says: RegExp][] = [
    ['it has no card', (at) => fs.rmSync(path.join(at, 'card.json')), /is no model: it has no card\.json/],
    ['it has no weights', (at) => fs.rmSync(path.join(at, 'model.safetensors')), /it has no model\.safetensors/],
    ['the card is no JSON', (at) => fs.writeFileSync(path.join(at, 'card.json'), '{'), /not JSON in UTF-8/],
    ['the card is no UTF-8', (at) => fs.writeFileSync(path.join(at, 'card.json'), Buffer.from([0x22, 0xff, 0x22])), /not JSON in UTF-8/],
    ['the card is huge', (at) => fs.truncateSync(path.join(at, 'card.json'), 2 ** 25), /a card has at most/],
    ['the card is a list', (at) => fs.writeFileSync(path.join(at, 'card.json'), '[]'), /should be an object/],
    ['the card is a folder', (at) => { fs.rmSync(path.join(at, 'card.json')); fs.mkdirSync(path.join(at, 'card.json')); }, /found a folder/],
    ['the card leads elsewhere', (at) => { fs.rmSync(path.join(at, 'card.json')); fs.symlinkSync('/etc/hostname', path.join(at, 'card.json')); }, /is a link out of the model folder/],
    ['the weights lead elsewhere', (at) => { fs.renameSync(path.join(at, 'model.safetensors'), `${at}.moved`); fs.symlinkSync(`${at}.moved`, path.join(at, 'model.safetensors')); }, /is a link out of the model folder/],
    ['the format is another', withCard((json) => (json.format = 'model 2')), /format should be "resnet-workbook model 1"/],
    ['the network is unknown', withCard((json) => (json.backbone = '__proto__')), /backbone should be "resnet18" or/],
    ['the network is another', withCard((json) => (json.backbone = 'resnet32_cifar')), /does not fit the module/],
    ['a class is no text', withCard((json) => (json.classes = ['a', 'b', 3])), /classes\[2\] should be a text/],
    ['a class comes twice', withCard((json) => (json.classes = ['a', 'b', 'a'])), /classes should be different names/],
    ['there are more classes', withCard((json) => { json.classes = ['a', 'b', 'c', 'd']; delete json.training; }), /does not fit the module/],
    ['there are too many classes', withCard((json) => (json.classes = Array.from({ length: 40_000 }, String))), /a list of 1 to 32768/],
    ['a side is huge', withCard((json) => ((json.transforms as Record<string, unknown>).cropSize = huge)), /transforms\.cropSize should be a whole number from 1 to 4096/],
    ['a deviation is 0', withCard((json) => ((json.transforms as Record<string, unknown>).std = [1, 0, 1])), /transforms\.std\[1\]/],
    ['a mean is no number', withCard((json) => ((json.transforms as Record<string, unknown>).mean = [null, 0, 0])), /transforms\.mean\[0\]/],
    ['the counts are others', withCard((json) => ((json.training as { parts: { pictures: number[] }[] }).parts[0].pictures = [1])), /pictures of each of the classes/],
    ['the hash is no hash', withCard((json) => (json.sha256 = '../../etc/passwd')), /sha256 should be 64 hexadecimal digits/],
    ['the weights are others', (at) => saveSafetensors(path.join(at, 'model.safetensors'), new Map([['a', { dtype: 'float32', shape: [1], data: new Float32Array(1) }]])), /its SHA-256 is another/],
    ['a bit of the weights has fallen', (at) => { const file = path.join(at, 'model.safetensors'); const bytes = fs.readFileSync(file); bytes[bytes.length - 5] ^= 1; fs.writeFileSync(file, bytes); }, /its SHA-256 is another/],
    ['the weights are endless', (at) => fs.truncateSync(path.join(at, 'model.safetensors'), 2 ** 33), /more than a resnet20_cifar can fill/],
  ]; // prettier-ignore
  for (const [what, change, says] of cases)
    test(what, () => {
      const folder = folderWith(change);
      const before = tf.memory().numTensors;
      assert.throws(
        () => loadModel(folder),
        (error) => {
          assert.ok(error instanceof CheckpointError, String(error));
          assert.match(error.message, says);
          assert.match(error.message, /^\P{Cc}*$/u);
          return true;
        },
      );
      assert.equal(tf.memory().numTensors, before);
    });
});

test('a card with a hostile text is quoted in one line', () => {
  const folder = folderWith(withCard((json) => (json.format = '\u001b[2J\n'.repeat(1000))));
  assert.throws(() => loadModel(folder), /^CheckpointError: [^\n\u001b]{1,300}$/);
});

test('published weights are a model too, with their own classes', async () => {
  const before = tf.memory().numTensors;
  const model = await publishedModel('resnet20_cifar');
  assert.deepEqual(model.classes, ResNet20_Cifar_Weights.DEFAULT.meta.categories);
  const bias = loadCheckpoint(ResNet20_Cifar_Weights.DEFAULT.path).get('linear.bias')!;
  assert.deepEqual(model.network.fc.bias.toState().data, toFloat32(bias));
  model.dispose();
  assert.equal(tf.memory().numTensors, before);
  await assert.rejects(
    publishedModel('resnet35'),
    /There is no network named "resnet35"; there are resnet18/,
  );
});

test('torchvision’s networks can be rebuilt by their names', () => {
  const [one, other] = [resnet18({ numClasses: 5 }), buildBackbone('resnet18', 5)];
  assert.deepEqual(
    other.namedTensors().map(([name, { torchShape }]) => [name, torchShape]),
    one.namedTensors().map(([name, { torchShape }]) => [name, torchShape]),
  );
  [one, other].forEach((each) => each.dispose());
});
