import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-node';
import { saveSafetensors } from '../../src/checkpoint/safetensors';
import { download } from '../../src/data/download';
import { projectRoot } from '../../src/locations';
import { imageClassification } from '../../src/data/presets';
import * as builders from '../../src/models/builders';
import * as cifarBuilders from '../../src/models/cifarBuilders';
import * as cifarWeights from '../../src/models/cifarWeights';
import * as enumerations from '../../src/models/resnetWeights';
import { summarize } from '../../src/models/summarize';
import { buildAndLoad } from '../../src/models/build';
import { Weights, verifyWeights, weightsEnum } from '../../src/models/weights';

const { ResNet18_Weights, ResNet34_Weights, ResNet50_Weights } = enumerations;
const { resnet20_cifar, resnet56_cifar } = cifarBuilders;
const IMAGENET_CATEGORIES = ResNet34_Weights.DEFAULT.meta.categories;

/** torchvision's own lists, as test/golden/weights.py read them. */
const golden = JSON.parse(readFileSync(join(projectRoot(), 'test/golden/weights.json'), 'utf8')) as {
  categories: string;
  weights: Record<string, object>;
};

test('every enumeration has its members, with hash, preset and metrics', () => {
  const all: Weights[] = Object.values<Record<string, Weights>>(enumerations).flatMap((members) =>
    Object.values(members),
  );
  assert.equal(Object.keys(enumerations).length, 10);
  assert.equal(new Set(all).size, 17); // torchvision 0.29.1: seven of the ten have a second version
  for (const weights of all) {
    assert.match(
      weights.url,
      new RegExp(`^https://download\\.pytorch\\.org/models/.*-${weights.hashPrefix}\\.pth$`),
    );
    assert.match(weights.hashPrefix, /^[0-9a-f]{8}$/);
    assert.equal(weights.meta.categories.length, 1000);
    const metrics = weights.meta.metrics['ImageNet-1K'];
    assert.ok(metrics['acc@1'] > 69 && metrics['acc@1'] < (metrics['acc@5'] ?? 0));
    assert.equal(weights.transforms.cropSize, 224);
    const resize =
      weights.name === 'IMAGENET1K_V1' && weights.enumName !== 'ResNeXt101_64X4D_Weights' ? 256 : 232;
    assert.equal(weights.transforms.resizeSize, resize);
  }
});

test('names, defaults and categories read as in torchvision', () => {
  assert.equal(String(ResNet50_Weights.DEFAULT), 'ResNet50_Weights.IMAGENET1K_V2');
  assert.equal(ResNet50_Weights.DEFAULT, ResNet50_Weights.IMAGENET1K_V2);
  assert.equal(ResNet34_Weights.DEFAULT, ResNet34_Weights.IMAGENET1K_V1);
  assert.equal(new Set(IMAGENET_CATEGORIES).size, 1000);
  assert.deepEqual(
    [0, 281, 986, 999].map((i) => IMAGENET_CATEGORIES[i]),
    ['tench', 'tabby', "yellow lady's slipper", 'toilet tissue'],
  );
  assert.equal(imageClassification(ResNet50_Weights.DEFAULT.transforms).transforms.length, 4);
});

test('every weight and all 1000 categories are those of torchvision 0.29.1', () => {
  assert.deepEqual(
    IMAGENET_CATEGORIES.filter((name) => !/^[A-Za-z'. -]+$/.test(name)),
    [],
  );
  const hash = createHash('sha256').update(JSON.stringify(IMAGENET_CATEGORIES)).digest('hex');
  assert.equal(hash, golden.categories);
  const all: Weights[] = Object.values<Record<string, Weights>>(enumerations).flatMap((members) =>
    Object.entries(members).flatMap(([name, member]) => (name === 'DEFAULT' ? [] : [member])),
  );
  const ours = all.map((weights) => {
    const { transforms, meta } = weights;
    const { [weights.enumName as 'ResNet18_Weights']: enumeration } = enumerations;
    const described = {
      url: weights.url,
      default: enumeration.DEFAULT === weights,
      crop_size: [transforms.cropSize],
      resize_size: [transforms.resizeSize],
      mean: transforms.mean,
      std: transforms.std,
      interpolation: transforms.interpolation,
      meta: {
        min_size: meta.minSize,
        num_params: meta.numParams,
        recipe: meta.recipe,
        _metrics: meta.metrics,
        _ops: meta.gigaOps,
        _file_size: meta.fileSize,
        _docs: meta.docs,
      },
    };
    return [String(weights), described];
  });
  assert.deepEqual(Object.fromEntries(ours), golden.weights);
});

test('a member is found by itself, by its name and by its full name; others are refused', () => {
  const member = ResNet50_Weights.IMAGENET1K_V1;
  for (const choice of [member, 'IMAGENET1K_V1', 'ResNet50_Weights.IMAGENET1K_V1']) {
    assert.equal(verifyWeights(ResNet50_Weights, choice), member);
  }
  assert.equal(verifyWeights(ResNet50_Weights, null), null);
  assert.throws(
    () => verifyWeights(ResNet50_Weights, 'V3'),
    /no member V3; it has IMAGENET1K_V1, IMAGENET1K_V2, DEFAULT/,
  );
  // @ts-expect-error -- the types refuse it too
  assert.throws(() => builders.resnet34({ weights: ResNet18_Weights.DEFAULT }), {
    name: 'TypeError',
    message: 'Invalid Weight class provided; expected ResNet34_Weights but received ResNet18_Weights.',
  });
});

test('builders carry their own names, by which showSource finds them', () => {
  for (const [name, builder] of Object.entries({ ...builders, ...cifarBuilders }))
    assert.equal((builder as () => unknown).name, name);
});

test('weights decide the number of classes, and builders what makes them; other values are refused', () => {
  const expected = (param: string, value: number, came: number): { message: string } => ({
    message: `The parameter '${param}' expected value ${value} but got ${came} instead.`,
  });
  const weights = 'DEFAULT';
  assert.throws(() => builders.resnet34({ weights, numClasses: 4 }), expected('num_classes', 1000, 4));
  assert.throws(() => builders.resnext50_32x4d({ groups: 8 }), expected('groups', 32, 8));
  assert.throws(() => builders.resnext101_32x8d({ widthPerGroup: 4 }), expected('width_per_group', 8, 4));
  assert.throws(() => builders.resnext101_64x4d({ groups: 32 }), expected('groups', 64, 32));
  assert.throws(() => builders.wide_resnet101_2({ widthPerGroup: 64 }), expected('width_per_group', 128, 64));
});

for (const [name, build, shipped] of [
  [
    'resnet20_cifar',
    () => resnet20_cifar({ weights: 'DEFAULT' }),
    cifarWeights.ResNet20_Cifar_Weights.WORKBOOK_V1,
  ],
  [
    'resnet56_cifar',
    () => resnet56_cifar({ weights: 'DEFAULT' }),
    cifarWeights.ResNet56_Cifar_Weights.WORKBOOK_V1,
  ],
] as const) {
  test(`the weights that the workbook ships load by name, and their card says what they are: ${name}`, async () => {
    assert.ok(shipped.available && shipped.url === '');
    assert.equal(shipped.meta.categories[3], 'cat');
    assert.ok(shipped.meta.metrics['CIFAR-10']['acc@1'] > 85);
    const mebibytes = statSync(shipped.path).size / 2 ** 20;
    assert.equal(shipped.meta.fileSize.toFixed(2), mebibytes.toFixed(2));
    const model = await build();
    assert.equal(model.linear.outFeatures, 10);
    assert.notEqual(model.stateDict().get('bn1.num_batches_tracked')!.data[0], 0n);
    model.dispose();
  });
}

const folder = mkdtempSync(join(tmpdir(), 'weights-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('a builder with weights gives a promise of a model that has them, and leaves nothing behind when it fails', async () => {
  const source = resnet20_cifar();
  const path = join(folder, 'good.safetensors');
  saveSafetensors(path, source.stateDict());
  const details = { transforms: ResNet34_Weights.DEFAULT.transforms, meta: ResNet34_Weights.DEFAULT.meta };
  const { GOOD, MISSING } = weightsEnum(
    'Test_Weights',
    {
      GOOD: { source: { path }, ...details },
      MISSING: { source: { path: join(folder, 'none') }, ...details },
    },
    'GOOD',
  );
  const before = tf.memory().numTensors;
  const model = await buildAndLoad(() => resnet20_cifar(), GOOD);
  assert.deepEqual(model.stateDict(), source.stateDict());
  model.dispose();
  await assert.rejects(
    async () => buildAndLoad(() => builders.resnet18({ numClasses: 10 }), GOOD),
    /does not fit the module/,
  );
  await assert.rejects(async () => buildAndLoad(() => resnet20_cifar(), MISSING), /none/);
  assert.equal(tf.memory().numTensors, before);
  source.dispose();
});

test('without a network the error says which file to put where', async () => {
  const server = createServer((_request, response) => response.writeHead(503).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const weights = new Weights('ResNet34_Weights', 'TEST', {
    source: { url: `http://127.0.0.1:${port}/resnet34-00000000.pth`, sha256: '00000000' },
    transforms: ResNet34_Weights.DEFAULT.transforms,
    meta: ResNet34_Weights.DEFAULT.meta,
  });
  await assert.rejects(weights.getStateDict({ progress: false }), (error: Error) => {
    assert.match(error.message, /^ResNet34_Weights\.TEST: 127\.0\.0\.1:\d+ answered 503/);
    assert.match(
      error.message,
      /put it into .*weights, or run `npm run data -- weights resnet34-00000000\.pth --from PATH`/,
    );
    return true;
  });
  server.close();
});

test('a file with another hash is refused before it is read', async () => {
  const path = join(folder, 'resnet34-b627a593.pth');
  writeFileSync(path, 'not the weights');
  const { url, hashPrefix } = ResNet34_Weights.DEFAULT;
  await assert.rejects(
    download({ url, hash: { algorithm: 'sha256', digest: hashPrefix } }, path),
    /not the published file: expected sha256 b627a593/,
  );
});

test('numbers of parameters and multiply-adds that the enumerations state are those of the models', () => {
  for (const [name, build] of [
    ['ResNet18_Weights', () => builders.resnet18()],
    ['ResNet50_Weights', () => builders.resnet50()],
    ['ResNeXt50_32X4D_Weights', () => builders.resnext50_32x4d()],
    ['ResNet20_Cifar_Weights', () => resnet20_cifar()],
  ] as const) {
    const { meta, transforms } = (
      { ...enumerations, ...cifarWeights } as Record<string, Record<string, Weights>>
    )[name][name === 'ResNet20_Cifar_Weights' ? 'AKAMASTER_V1' : 'IMAGENET1K_V1'];
    const model = build();
    const { parameters, flops } = summarize(model, [1, transforms.cropSize, transforms.cropSize, 3]);
    assert.equal(parameters, meta.numParams, name);
    assert.equal((flops / 1e9).toFixed(3), meta.gigaOps.toFixed(3), name);
    model.dispose();
  }
});
