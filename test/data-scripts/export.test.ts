import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { loadCheckpoint } from '../../src/checkpoint/load';
import { ImageFolder } from '../../src/data/imageFolder';
import { projectRoot } from '../../src/locations';
import { resnet18 } from '../../src/models/builders';
import { resnet20x2_cifar } from '../../src/models/cifarBuilders';
import { loadModel, saveModel } from '../../src/models/modelFolder';
import { Random } from '../../src/random';
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
  for (const word of ['--to pth', '--to onnx', '--out FILE']) assert.ok(help.stdout.includes(word), word);
  const taken = join(scratch, 'taken.onnx');
  writeFileSync(taken, 'mine');
  for (const [args, message] of [
    [['--to', 'onnx'], /^Which model\? One folder, got 0/],
    [['resnet18'], /^--to must be pth or onnx; it is missing\.$/m],
    [['resnet18', '--to', 'tflite'], /^--to must be pth or onnx; got tflite\.$/m],
    [['nowhere', '--to', 'onnx'], /nowhere is no model: it has no card\.json/],
    [['resnet18', '--to', 'onnx', '--out', taken], /taken\.onnx is there already, and is not replaced/],
    [['resnet18', '--to', 'onnx', '--out', 'no/such/folder.onnx'], /cannot write .*no such file or folder/],
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
