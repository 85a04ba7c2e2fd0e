import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import sharp from 'sharp';
import type { ModelData } from '../../data-scripts/pages/bundle';
import { interleave, unpack } from '../../data-scripts/pages/live/unpack';
import { modelData } from '../../data-scripts/pages/modelData';
import { loadCheckpoint } from '../../src/checkpoint/load';
import { readSafetensors } from '../../src/checkpoint/safetensors';
import { ImageFolder } from '../../src/data/imageFolder';
import { projectRoot } from '../../src/locations';
import type { Network } from '../../src/models/backbones';
import { resnet18 } from '../../src/models/builders';
import { resnet20_cifar, resnet20x2_cifar } from '../../src/models/cifarBuilders';
import { loadModel, saveModel } from '../../src/models/modelFolder';
import { Random } from '../../src/random';
import { convert } from '../../src/state/convert';
import type { StateDict } from '../../src/state/stateDict';
import { fill, uniform } from '../golden/formula';
import { readOnnx } from '../onnx/runOnnx';

const root = projectRoot();
const scratch = mkdtempSync(join(tmpdir(), 'export-'));
after(() => rmSync(scratch, { recursive: true }));

function command(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const script = join(root, '.build/data-scripts/commands/export.js');
  const preload = join(root, 'data-scripts/kernel/node-compat.cjs');
  return spawnSync(process.execPath, ['-r', preload, script, ...args], {
    encoding: 'utf8',
    env: { ...process.env, INIT_CWD: scratch, TF_CPP_MIN_LOG_LEVEL: '3' },
  });
}

const classes = ['猫', 'a "dog"', 'ants\n', "bee's"];
const transforms = {
  resizeSize: 54,
  cropSize: 48,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  interpolation: 'bilinear' as const,
};
const FOLDERS = {
  resnet18: () => resnet18({ numClasses: classes.length }),
  resnet20x2_cifar: () => resnet20x2_cifar({ numClasses: classes.length }),
};
for (const [backbone, build] of Object.entries(FOLDERS)) {
  const network = fill(build());
  saveModel(join(scratch, backbone), network, { classes, backbone, transforms });
  network.dispose();
}

test('export explains itself, and says in a line what is wrong', () => {
  const help = command('--help');
  assert.equal(help.status, 0);
  for (const word of ['--to pth', '--to onnx', '--to page', '--out FILE'])
    assert.ok(help.stdout.includes(word), word);
  const taken = join(scratch, 'taken.onnx');
  writeFileSync(taken, 'mine');
  for (const [args, message] of [
    [['--to', 'onnx'], /^Which model\? One folder, got 0/],
    [['resnet18'], /^--to must be pth, onnx or page; it is missing\.$/m],
    [['resnet18', '--to', 'tflite'], /^--to must be pth, onnx or page; got tflite\.$/m],
    [['nowhere', '--to', 'onnx'], /nowhere is no model: it has no card\.json/],
    [['resnet18', '--to', 'onnx', '--out', taken], /taken\.onnx is there already, and is not replaced/],
    [['resnet18', '--to', 'onnx', '--out', 'no/such/folder.onnx'], /cannot write .*no such file or folder/],
    [
      ['resnet20x2_cifar', '--to', 'page', '--out', 'no/such/folder.html'],
      /cannot write .*no such file or folder/,
    ],
  ] as const) {
    const { status, stderr } = command(...args);
    assert.equal(status, 1, args.join(' '));
    assert.match(stderr, message);
    assert.ok(!stderr.includes('    at '), 'a stack is not for readers');
  }
});

test('an ONNX file says its classes and how pictures are prepared', () => {
  const { status, stdout, stderr } = command('resnet18', '--to', 'onnx');
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^Wrote .*model\.onnx\.\n\nIn Python, .*\n\nimport json/);
  const { metadataProps } = readOnnx(join(scratch, 'resnet18', 'model.onnx'));
  const about = Object.fromEntries(
    metadataProps.map(({ key, value }) => [key, JSON.parse(value) as unknown]),
  );
  assert.deepEqual(about, {
    classes,
    mean: transforms.mean,
    std: transforms.std,
    resize_size: 54,
    crop_size: 48,
    interpolation: 'bilinear',
  });
});

for (const backbone of Object.keys(FOLDERS)) {
  test(`${backbone}: the .pth holds the model's weights, and the script beside it names what is needed`, () => {
    const { status, stdout, stderr } = command(backbone, '--to', 'pth');
    assert.equal(status, 0, stderr);
    const file = join(scratch, backbone, 'model.pth');
    assert.deepEqual(loadCheckpoint(file), loadCheckpoint(join(scratch, backbone, 'model.safetensors')));
    assert.equal(existsSync(join(scratch, backbone, 'cifar_resnet.py')), backbone === 'resnet20x2_cifar');
    assert.match(stdout, /torch\.load\("model\.pth", weights_only=True\)/);
  });
}

/** What a page holds: its text without scripts, what runs, what it may do, and its network. */
async function readPage(file: string) {
  const html = readFileSync(file, 'utf8');
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? '';
  const scripts = [...html.matchAll(/<script([^>]*)>([^]*?)<\/script>/g)];
  const ofType = (attributes: string): string[] =>
    scripts.filter(([, own]) => own === attributes).map(([, , text]) => text);
  const model = JSON.parse(ofType(' type="application/json" id="model"')[0]) as ModelData;
  const pieces = ofType(' type="text/plain" class="weights"');
  const bytes = interleave(await unpack(pieces), model.weights.width);
  const read = (offset: number, length: number): ArrayBuffer => bytes.slice(offset, offset + length);
  return {
    text: html.replace(/<script[^]*?<\/script>/g, ''),
    policy,
    running: ofType(''),
    blocks: scripts.length,
    pieces: pieces.length,
    model,
    weights: readSafetensors({ size: bytes.byteLength, read }),
  };
}

test('a page holds the model, and nothing else in it runs, whatever its texts say', async () => {
  const hostile = ['</script><script>alert(1)</script>', '<img src=x onerror=alert(1)>', '__proto__', '<!--'];
  const count = hostile.map(() => 1);
  const training = {
    command: '</pre><script>alert(2)</script>',
    date: '<b>',
    machine: '"><iframe src="https://example.org">',
    versions: { '<i>': '<u>' },
    startedFrom: "' onload='alert(3)",
    way: 'features' as const,
    settings: {},
    minutes: 1,
    parts: [],
    validation: { pictures: 4, right: 1, interval: [0, 1] as const, confusion: hostile.map(() => count) },
  };
  const folder = join(scratch, 'hostile');
  const network = fill(resnet20_cifar({ numClasses: hostile.length }));
  saveModel(folder, network, { classes: hostile, backbone: 'resnet20_cifar', transforms, training });
  const { status, stdout, stderr } = command('hostile', '--to', 'page');
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^Wrote .*model\.html, \d\.\d MB: open it in a browser\.\n$/);

  const { text, policy, running, blocks, pieces, model, weights } = await readPage(
    join(folder, 'model.html'),
  );
  assert.equal(running.length, 1);
  assert.equal(blocks, 2 + pieces);
  const hash = createHash('sha256').update(running[0]).digest('base64');
  assert.equal(
    policy,
    `default-src 'none'; script-src 'sha256-${hash}' 'wasm-unsafe-eval'; worker-src blob:; style-src 'unsafe-inline'; ` +
      "img-src data: blob:; form-action 'none'; base-uri 'none'",
  );
  assert.doesNotMatch(text, /<(script|img|iframe|b|i|u)\b/);
  assert.doesNotMatch(text, /<[^>]*\bon\w+=/);
  assert.ok(text.includes('&lt;img src=x onerror=alert(1)&gt;'));
  assert.deepEqual(model.classes, hostile);
  assert.deepEqual(weights, network.stateDict());
  network.dispose();
});

test('of a large network a page holds the filters in 16 bits, and says what that changes', async () => {
  const { status, stdout, stderr } = command('resnet18', '--to', 'page');
  assert.equal(status, 0, stderr);
  const said =
    /^The filters are rounded to 16 bits, .* by up to (\S+), where they spread over (\S+)\.$/m.exec(stdout);
  assert.ok(Number(said?.[1]) < 0.02 * Number(said?.[2]), stdout);
  const { model, weights, pieces } = await readPage(join(scratch, 'resnet18', 'model.html'));
  assert.ok(pieces > 1 && model.rounding === said?.[0], model.rounding);
  const own: StateDict = loadCheckpoint(join(scratch, 'resnet18', 'model.safetensors'));
  const expected = [...own].map(([name, tensor]) => [
    name,
    tensor.shape.length > 1 ? convert(tensor, 'float16') : tensor,
  ]);
  assert.deepEqual([...weights], expected);
});

test('a network that no page can hold is refused', () => {
  const data = { length: 2e8 }; // numbers
  const huge = { stateDict: () => new Map([['weight', { dtype: 'float32', shape: [2e8], data }]]) };
  assert.throws(
    () => modelData(huge as unknown as Network, { backbone: 'resnet18', classes, transforms }),
    /A page holds at most 268 MB of weights; this resnet18 has 400 MB, rounded to 16 bits\./,
  );
});

/** A Python in which the printed scripts are run as they are. */
const python = process.env.RESNET_WORKBOOK_TORCH;
const has = (module: string): boolean =>
  python !== undefined && spawnSync(python, ['-c', `import PIL, ${module}`]).status === 0;
const NEEDED = { pth: 'torchvision', onnx: 'onnxruntime' };

/** Pictures of noise, high, wide and square. */
async function noisyPictures(folder: string): Promise<void> {
  mkdirSync(join(folder, 'any'), { recursive: true });
  for (const [width, height] of [
    [61, 97],
    [120, 60],
    [54, 54],
  ]) {
    const pixels = uniform(`${width}`, 3 * width * height).map(
      (value, i) => 128 + 120 * value * Math.sin(i / 500),
    );
    const image = sharp(Uint8Array.from(pixels), { raw: { width, height, channels: 3 } });
    await image.png().toFile(join(folder, 'any', `${width}.png`));
  }
}

for (const [to, module] of Object.entries(NEEDED)) {
  const skip = !has(module) && `RESNET_WORKBOOK_TORCH names no Python with Pillow and ${module}`;
  test(
    `the script that is printed with a .${to}, run in Python, answers as the model does`,
    { skip },
    async () => {
      const pictures = join(scratch, 'pictures');
      await noisyPictures(pictures);
      for (const backbone of Object.keys(FOLDERS)) {
        const { stdout } = command(backbone, '--to', to, '--out', join(backbone, `again.${to}`));
        const script = stdout.slice(stdout.indexOf('\nimport ') + 1);
        const { network, classes, transform, dispose } = loadModel(join(scratch, backbone));
        const images = new ImageFolder(pictures, { transform });
        for (const index of images.imgs.keys()) {
          const sample = await images.get(index, new Random(0));
          const side = transforms.cropSize;
          const answer = tf.tidy(
            () =>
              tf
                .argMax(network.forward(tf.tensor4d(sample!.image.data, [1, side, side, 3])), 1)
                .dataSync()[0],
          );
          const [file] = images.imgs[index];
          const said = execFileSync(python!, ['-'], {
            cwd: join(scratch, backbone),
            input: script.replace('"picture.jpg"', JSON.stringify(file)),
            encoding: 'utf8',
          });
          assert.equal(said, `${classes[answer]}\n`);
        }
        dispose();
      }
    },
  );
}
