// Our side of `npm run bench -- train`: one repetition for every line on stdin, one line of JSON for each.
import { createInterface } from 'node:readline';
import * as tf from '@tensorflow/tfjs-node';
import { resnet34 } from '../../../src/models/builders';
import { resnet20_cifar, resnet56_cifar } from '../../../src/models/cifarBuilders';
import { fuse } from '../../../src/models/fuse';
import type { Module } from '../../../src/nn/module';
import { CrossEntropyLoss } from '../../../src/nn/loss';
import { capture } from '../../../src/ops/capture';
import { tensorflowVersion } from '../../../src/ops/execute';
import { withPrecision } from '../../../src/ops/precision';
import { backward } from '../../../src/training/backward';
import { Adam, SGD } from '../../../src/training/optim';
import { profile } from './profile';
import { NETWORKS, type Network, type Ready, type Repetition, type Work } from './trainWorks';

const BUILDERS: Record<Network, (options: { numClasses: number }) => Module> = {
  resnet34,
  resnet20_cifar,
  resnet56_cifar,
};

function say(line: Ready | Repetition): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/**
 * Makes what a repetition does; its end is awaited by reading a number that all of it leads to.
 *
 * @returns the repetition as a graph, and op by op, which is what a profile can look into.
 */
function prepare({ kind, network, precision, batch }: Work): { graph: () => void; ops: () => void } {
  const { classes, size } = NETWORKS[network];
  const model = BUILDERS[network]({ numClasses: classes });
  const x = tf.randomNormal<tf.Rank.R4>([batch, size, size, 3]);
  if (kind === 'inference') {
    const fused = fuse(model, precision);
    const forward = (pictures: tf.Tensor): tf.Tensor => fused.forward(pictures);
    const captured = capture([model, fused.weights], forward);
    const repetition = (run: typeof forward) => () => {
      const logits = run(x);
      logits.dataSync();
      logits.dispose();
    };
    return { graph: repetition(captured), ops: repetition(forward) };
  }
  const labels = tf.tensor1d(
    Array.from({ length: batch }, (_, i) => i % classes),
    'int32',
  );
  const parameters = model.train().parameters();
  const optimizer =
    network === 'resnet34'
      ? new Adam(parameters, { lr: 1e-4 })
      : new SGD(parameters, { lr: 0.1, momentum: 0.9, weightDecay: 1e-4 });
  const lossFunc = new CrossEntropyLoss();
  const pass = (pictures: tf.Tensor, targets: tf.Tensor1D): tf.Scalar =>
    backward(optimizer.parameters, () =>
      withPrecision(precision, () => lossFunc.forward(model.forward(pictures) as tf.Tensor2D, targets)),
    );
  const captured = capture([model, lossFunc], pass);
  const repetition = (run: typeof pass) => () => {
    optimizer.zeroGrad();
    const loss = run(x, labels);
    optimizer.step();
    loss.dataSync();
    loss.dispose();
  };
  return { graph: repetition(captured), ops: repetition(pass) };
}

function main(): void {
  const { graph, ops } = prepare(JSON.parse(process.argv[2]) as Work);
  for (let i = 0; i < 4; i++) graph(); // memory is taken, kernels are made; from the third on it is a graph
  say({ versions: { node: process.version, tensorflow: tensorflowVersion() } });
  createInterface({ input: process.stdin }).on('line', (line) => {
    const { profiled } = JSON.parse(line) as { profiled?: boolean };
    const start = performance.now();
    const parts = profiled ? profile(ops) : graph();
    const milliseconds = performance.now() - start;
    say({
      milliseconds,
      peakMegabytes: process.resourceUsage().maxRSS / 1024,
      ...(parts && { profile: parts }),
    });
  });
}

main();
