import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { CifarResNet, PreActResNet } from '../../src/models/cifar';
import { BasicBlock, Bottleneck, ResNet, conv1x1 } from '../../src/models/resnet';
import { Conv2d } from '../../src/nn/conv';
import { AdaptiveAvgPool2d, Linear, MaxPool2d, ReLU, Sequential } from '../../src/nn/layers';
import { CrossEntropyLoss } from '../../src/nn/loss';
import type { Module } from '../../src/nn/module';
import { BatchNorm2d, FrozenBatchNorm2d, GroupNorm } from '../../src/nn/norm';
import { Parameter } from '../../src/nn/parameter';
import { isNative } from '../../src/ops/backend';
import { batchNormEval, batchNormTrain } from '../../src/ops/batchNorm';
import { biasAdd } from '../../src/ops/biasAdd';
import { conv2d } from '../../src/ops/conv2d';
import { crossEntropy } from '../../src/ops/crossEntropy';
import { maxPool2d } from '../../src/ops/maxPool2d';
import { pad } from '../../src/ops/pad';
import { randomNormal, randomUniform } from '../../src/ops/randomTensors';
import { relu } from '../../src/ops/relu';
import { Random, manualSeed } from '../../src/random';
import { backward } from '../../src/training/backward';
import { Adam, SGD } from '../../src/training/optim';
import { fill, relativeError, uniform } from '../golden/formula';

const TOLERANCE = 1e-5;

/** What came out, by name: numbers on the host. */
type Numbers = Record<string, ArrayLike<number>>;

/** Runs something on TensorFlow's kernels and in portable form, and returns the largest difference, relative to the largest number. */
async function difference(run: () => Numbers): Promise<number> {
  const results: Numbers[] = [];
  for (const backend of ['tensorflow', 'wasm']) {
    assert.ok(await tf.setBackend(backend));
    assert.equal(isNative(), backend === 'tensorflow');
    const before = tf.memory().numTensors;
    results.push(run());
    assert.equal(tf.memory().numTensors, before, `${backend}: tensors are left`);
  }
  const [native, portable] = results;
  assert.deepEqual(Object.keys(portable), Object.keys(native));
  return Math.max(
    ...Object.entries(native).map(([name, numbers]) => {
      const zeros = Array.from(numbers).every((number, i) => number === 0 && portable[name][i] === 0);
      const error = zeros ? 0 : relativeError(portable[name], numbers);
      assert.ok(error < TOLERANCE, `${name} differs by ${error}`);
      return error;
    }),
  );
}

after(() => tf.setBackend('tensorflow'));

const field = (name: string, shape: number[]): tf.Tensor =>
  tf.tensor(uniform(name, tf.util.sizeFromShape(shape)), shape);

/** An op's outputs and, for a weighted sum of the first of them, the gradients of its inputs. */
function outputsAndGradients(
  make: () => tf.NamedTensorMap,
  op: (inputs: tf.Tensor[]) => tf.Tensor[],
): Numbers {
  const numbers: Numbers = {};
  tf.tidy(() => {
    const inputs = make();
    const names = Object.keys(inputs);
    const tensors = Object.values(inputs);
    const outputs = op(tensors);
    const dy = field('dy', outputs[0].shape);
    const gradients = tf.grads((...each: tf.Tensor[]) => op(each)[0])(tensors, dy);
    outputs.forEach((each, i) => (numbers[`output ${i}`] = each.dataSync()));
    gradients.forEach((each, i) => (numbers[`gradient of ${names[i]}`] = each.dataSync()));
  });
  return numbers;
}

const convolutions = [
  [8, 3, 1, 1, 1, 1],
  [8, 3, 2, 1, 1, 1],
  [9, 3, 2, 1, 1, 1],
  [9, 1, 2, 0, 1, 1],
  [15, 7, 2, 3, 1, 1],
  [8, 3, 1, 2, 2, 1],
  [8, 3, 1, 1, 1, 4],
  [7, 3, 2, 1, 1, 8],
  [9, 3, 1, 2, 2, 2],
].map(([side, kernel, stride, padding, dilation, groups]): [string, () => Numbers] => [
  `conv2d ${JSON.stringify({ side, kernel, stride, padding, dilation, groups })}`,
  () =>
    outputsAndGradients(
      () => ({
        x: field('x', [2, side, side + 1, 8]),
        filter: field('filter', [kernel, kernel, 8 / groups, 16]),
      }),
      ([x, filter]) => [
        conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, { stride, padding, dilation, groups }),
      ],
    ),
]);

const poolings = [
  [8, 1, 2, 0],
  [9, 1, 2, 0],
  [16, 3, 2, 1],
  [15, 3, 2, 1],
  [9, 2, 2, 0],
  [9, 3, 1, 0],
].map(([side, kernelSize, stride, padding]): [string, () => Numbers] => [
  `maxPool2d ${JSON.stringify({ side, kernelSize, stride, padding })}`,
  () =>
    outputsAndGradients(
      // of eight values, so that there are equal ones in a window
      () => ({ x: tf.floor(tf.mul(field('x', [2, side, side + 1, 4]), 4)) }),
      ([x]) => [maxPool2d(x as tf.Tensor4D, { kernelSize, stride, padding })],
    ),
]);

const channels = (): { scale: tf.Tensor; offset: tf.Tensor } => ({
  scale: field('scale', [6]),
  offset: field('offset', [6]),
});

const ops: [string, () => Numbers][] = [
  ...convolutions,
  ...poolings,
  [
    'relu',
    () =>
      outputsAndGradients(
        () => ({ x: field('x', [3, 5]) }),
        ([x]) => [relu(x)],
      ),
  ],
  [
    'biasAdd',
    () =>
      outputsAndGradients(
        () => ({ x: field('x', [3, 5, 4, 6]), bias: field('bias', [6]) }),
        ([x, bias]) => [biasAdd(x as tf.Tensor4D, bias)],
      ),
  ],
  [
    'pad',
    () =>
      outputsAndGradients(
        () => ({ x: field('x', [3, 5, 4, 6]) }),
        ([x]) => [
          pad(x, [
            [0, 0],
            [1, 2],
            [0, 0],
            [3, 4],
          ]),
        ],
      ),
  ],
  [
    'crossEntropy',
    () =>
      outputsAndGradients(
        () => ({ logits: tf.mul(field('x', [5, 7]), 20) }),
        ([logits]) => [
          crossEntropy(logits as tf.Tensor2D, tf.softmax(field('targets', [5, 7])) as tf.Tensor2D),
        ],
      ),
  ],
  [
    'batchNormTrain',
    () =>
      outputsAndGradients(
        () => ({ x: tf.add(field('x', [4, 9, 7, 6]), 3), ...channels() }),
        ([x, scale, offset]) => {
          const statistics = { mean: field('mean', [6]), variance: tf.square(field('variance', [6])) };
          const tensors = { scale, offset, ...statistics } as unknown as Parameters<typeof batchNormTrain>[1];
          const { y, mean, variance } = batchNormTrain(x as tf.Tensor4D, tensors, 1e-5, 0.1);
          return [y, mean, variance];
        },
      ),
  ],
  [
    'batchNormEval',
    () =>
      outputsAndGradients(
        () => ({ x: field('x', [4, 9, 7, 6]), ...channels() }),
        ([x, scale, offset]) => {
          const statistics = { mean: field('mean', [6]), variance: tf.square(field('variance', [6])) };
          const tensors = { scale, offset, ...statistics } as unknown as Parameters<typeof batchNormEval>[1];
          return [batchNormEval(x as tf.Tensor4D, tensors, 1e-5)];
        },
      ),
  ],
];

for (const [name, run] of ops)
  test(`${name}: the portable form gives what TensorFlow's kernel gives, and its gradients`, async (t) => {
    t.diagnostic(`largest difference ${(await difference(run)).toExponential(1)}`);
  });

test('random numbers from a seed are the same', async (t) => {
  const draw = (make: typeof randomNormal, shape: number[]): Float32Array => {
    const tensor = make(shape, new Random(7));
    const values = tensor.dataSync<'float32'>();
    tensor.dispose();
    return values;
  };
  for (const make of [randomUniform, randomNormal]) {
    // more than one thread's share, and not a multiple of the generator's four
    const largest = await difference(() => ({
      small: draw(make, [3]),
      large: draw(make, [37, 41, 101]),
    }));
    assert.ok(largest < 3e-7, `${make.name}: ${largest}`);
    t.diagnostic(`${make.name}: largest difference ${largest.toExponential(1)}`);
  }
});

/** A module's weights from a seed; its output; gradients; buffers; and all weights after three steps of an optimizer. */
function trains(
  make: () => Module,
  shape: number[],
  optimizer: (parameters: Parameter[]) => Adam | SGD = (parameters) => new Adam(parameters, { lr: 1e-2 }),
): Numbers {
  manualSeed(3);
  const model = make();
  const result: Numbers = {};
  const note = (when: string): void => {
    for (const [name, { value }] of model.namedTensors()) result[`${name} ${when}`] = value.dataSync();
  };
  note('at first');
  const parameters = model.parameters();
  const optim = parameters.length > 0 ? optimizer(parameters) : undefined;
  const lossFunc = new CrossEntropyLoss();
  const x = field('x', shape);
  const labels = tf.tensor1d(
    Array.from({ length: shape[0] }, (_, i) => i % 3),
    'int32',
  );
  for (let step = 0; step < (optim ? 3 : 0); step++) {
    const loss = backward(parameters, () => {
      const output = model.forward(x);
      return lossFunc.forward(output.reshape([shape[0], -1]), labels);
    });
    result[`loss ${step}`] = loss.dataSync();
    loss.dispose();
    if (step === 0)
      model.namedParameters().forEach(([name, { grad }]) => {
        if (grad) result[`gradient of ${name}`] = grad.dataSync();
      });
    optim?.step();
    optim?.zeroGrad();
    if (step === 0) note('after a step');
  }
  model.eval();
  const output = tf.tidy(() => model.forward(x));
  result['output'] = output.dataSync();
  tf.dispose([x, labels, output]);
  optim?.dispose();
  model.dispose();
  return result;
}

/** What a network with made-up weights gives for two pictures. */
function answers(model: Module): Numbers {
  const output = tf.tidy(() =>
    fill(model)
      .eval()
      .forward(field('x', [2, 40, 32, 3])),
  );
  const result = { output: output.dataSync() };
  output.dispose();
  model.dispose();
  return result;
}

const gentle = (parameters: Parameter[]): SGD => new SGD(parameters, { lr: 1e-2 });
const modules: [string, () => Numbers][] = [
  ['ReLU', () => trains(() => new ReLU(), [3, 4, 5, 6])],
  ['MaxPool2d', () => trains(() => new MaxPool2d({ kernelSize: 3, stride: 2, padding: 1 }), [3, 9, 8, 6])],
  ['AdaptiveAvgPool2d', () => trains(() => new AdaptiveAvgPool2d(), [3, 9, 8, 6])],
  ['Linear', () => trains(() => new Linear(12, 5), [6, 12])],
  ['Conv2d', () => trains(() => new Conv2d(6, 8, { kernelSize: 3, groups: 2 }), [3, 5, 5, 6])],
  ['BatchNorm2d', () => trains(() => new BatchNorm2d(6), [3, 5, 5, 6])],
  ['FrozenBatchNorm2d', () => trains(() => new FrozenBatchNorm2d(6), [3, 5, 5, 6])],
  ['GroupNorm', () => trains(() => new GroupNorm(3, 6), [3, 5, 5, 6])],
  [
    'Linear, momentum',
    () =>
      trains(
        () => new Linear(12, 5),
        [6, 12],
        (p) => new SGD(p, { lr: 0.1, momentum: 0.9 }),
      ),
  ],
  [
    'Linear, Nesterov, weight decay',
    () =>
      trains(
        () => new Linear(12, 5),
        [6, 12],
        (p) => new SGD(p, { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
      ),
  ],
  ...(['A', 'B', 'C', 'none'] as const).map((shortcut): [string, () => Numbers] => [
    `CifarResNet, shortcut ${shortcut}`,
    () => trains(() => new CifarResNet(8, { shortcut, widths: [4, 8, 8] }), [4, 12, 12, 3], gentle),
  ]),
  ['PreActResNet', () => trains(() => new PreActResNet(8, { widths: [4, 8, 8] }), [4, 12, 12, 3], gentle)],
  ['BasicBlock', () => trains(() => new BasicBlock(8, 8), [4, 7, 7, 8], gentle)],
  [
    'Bottleneck, projected, grouped, dilated',
    () => {
      const downsample = (): Sequential => new Sequential(conv1x1(8, 32, 2), new BatchNorm2d(32));
      const options = { groups: 2, baseWidth: 32, dilation: 2, stride: 1 };
      return {
        ...trains(() => new Bottleneck(8, 8, { stride: 2, downsample: downsample() }), [4, 9, 9, 8], gentle),
        ...trains(() => new Bottleneck(32, 8, options), [4, 9, 9, 32], gentle),
      };
    },
  ],
  ['ResNet of BasicBlocks', () => answers(new ResNet(BasicBlock, [1, 1, 1, 1], { numClasses: 3 }))],
  [
    'ResNet of grouped, dilated Bottlenecks',
    () => {
      const replaceStrideWithDilation = [false, true, true];
      return answers(
        new ResNet(Bottleneck, [1, 1, 2, 1], { groups: 8, widthPerGroup: 4, replaceStrideWithDilation }),
      );
    },
  ],
];

for (const [name, run] of modules)
  test(`${name}: weights, outputs, gradients and steps are the same in both forms`, async (t) => {
    t.diagnostic(`largest difference ${(await difference(run)).toExponential(1)}`);
  });
