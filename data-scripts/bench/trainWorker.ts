// Our side of `npm run bench -- train`: one repetition for every line on stdin, one line of JSON for each.
import { createInterface } from 'node:readline';
import * as tf from '@tensorflow/tfjs-node';
import { resnet34 } from '../../src/models/builders';
import { fuse } from '../../src/models/fuse';
import { CrossEntropyLoss } from '../../src/nn/loss';
import { tensorflowVersion } from '../../src/ops/execute';
import { withPrecision } from '../../src/ops/precision';
import { backward } from '../../src/training/backward';
import { Adam } from '../../src/training/optimizers';
import { profile } from './profile';
import { CLASSES, type Ready, type Repetition, type Work } from './trainWorks';

function say(line: Ready | Repetition): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Makes what a repetition does; its end is awaited by reading a number that all of it leads to. */
function prepare({ kind, precision, batch, size }: Work): () => void {
  const model = resnet34({ numClasses: CLASSES });
  const x = tf.randomNormal<tf.Rank.R4>([batch, size, size, 3]);
  if (kind === 'inference') {
    const fused = fuse(model, precision);
    return () => {
      const logits = fused.forward(x);
      logits.dataSync();
      logits.dispose();
    };
  }
  const labels = tf.tensor1d(
    Array.from({ length: batch }, (_, i) => i % CLASSES),
    'int32',
  );
  const optimizer = new Adam(model.train().parameters(), { lr: 1e-4 });
  const lossFunc = new CrossEntropyLoss();
  return () => {
    optimizer.zeroGrad();
    const loss = backward(optimizer.parameters, () =>
      withPrecision(precision, () => lossFunc.forward(model.forward(x), labels)),
    );
    optimizer.step();
    loss.dataSync();
    loss.dispose();
  };
}

function main(): void {
  const repeat = prepare(JSON.parse(process.argv[2]) as Work);
  for (let i = 0; i < 2; i++) repeat(); // memory is taken, kernels are made
  say({ versions: { node: process.version, tensorflow: tensorflowVersion() } });
  createInterface({ input: process.stdin }).on('line', (line) => {
    const { profiled } = JSON.parse(line) as { profiled?: boolean };
    const start = performance.now();
    const parts = profiled ? profile(repeat) : repeat();
    const milliseconds = performance.now() - start;
    say({
      milliseconds,
      peakMegabytes: process.resourceUsage().maxRSS / 1024,
      ...(parts && { profile: parts }),
    });
  });
}

main();
