import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CifarResNet } from '../../src/models/cifar';
import { onForward } from '../../src/nn/hooks';
import { Conv2d } from '../../src/nn/conv';
import { Identity, Linear, MaxPool2d, ReLU } from '../../src/nn/layers';
import { CrossEntropyLoss, MultiMarginLoss } from '../../src/nn/loss';
import { Module } from '../../src/nn/module';
import { BatchNorm2d, FrozenBatchNorm2d, GroupNorm } from '../../src/nn/norm';
import { Parameter } from '../../src/nn/parameter';
import type { StateDict } from '../../src/state/stateDict';
import { backend } from '../../src/ops/backend';
import { capture } from '../../src/ops/capture';
import { Random, manualSeed } from '../../src/random';
import { backward } from '../../src/training/backward';
import { Adam } from '../../src/training/optim';
import {
  type Options,
  type Training,
  adam,
  sgd,
  batch,
  bottlenecks,
  compare,
  first,
  functionsRun,
  gradients,
  net,
  small,
  state,
  steps,
  tensorsOfTensorFlow,
  training,
} from './capturing';

/** Convolutions of all kinds, normalizations, poolings and shortcuts, one after the other. */
class Drawn extends Module {
  constructor(
    readonly layers: Module[],
    readonly fc: Linear,
  ) {
    super();
    layers.forEach((layer, i) => Reflect.set(this, `layer${i}`, layer));
  }

  forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => {
      const out = this.layers.reduce((y, layer) => {
        const next = layer.forward(y);
        return tf.util.arraysEqual(next.shape, y.shape) ? next.add(y) : next;
      }, x);
      return this.fc.forward(out.mean([1, 2]));
    });
  }
}

function drawnNet(seed: number): Module {
  const random = new Random(seed, 15);
  const pick = <T>(...options: T[]): T => options[random.integer(options.length)];
  let channels = 3;
  const layers: Module[] = [];
  for (let i = 0; i < 5; i++) {
    const out = 8 * (1 + random.integer(3));
    const groups = channels % 4 === 0 ? pick(1, 2, 4) : 1;
    const kernelSize = pick(1, 2, 3, 5);
    const [stride, dilation, bias] = [pick(1, 1, 2), pick(1, 1, 2), pick(true, false)];
    const padding = Math.ceil(((kernelSize - 1) * dilation) / 2) + random.integer(2);
    layers.push(new Conv2d(channels, out, { kernelSize, stride, padding, dilation, groups, bias }));
    const norms = [new BatchNorm2d(out), new FrozenBatchNorm2d(out), new GroupNorm(4, out), new Identity()];
    layers.push(pick<Module>(...norms), pick<Module>(new ReLU(), new Identity()));
    if (i % 2 === 0)
      layers.push(
        pick<Module>(new Identity(), new MaxPool2d({ kernelSize: 3, stride: pick(1, 2), padding: 1 })),
      );
    channels = out;
  }
  return new Drawn(layers, new Linear(channels, 5));
}

describe('capture gives the bits that op by op gives', () => {
  const nets: Record<string, Options> = {
    'a CIFAR net of 20 layers, SGD': { model: () => new CifarResNet(20, { numClasses: 5 }), size: 32 },
    'projections instead of padding, Adam': {
      model: () => new CifarResNet(8, { numClasses: 5, shortcut: 'B' }),
      optimizer: adam,
    },
    'bottlenecks, max pooling, Adam': { model: bottlenecks(), optimizer: adam, size: 32 },
    'groups (ResNeXt)': { model: bottlenecks({ groups: 4, widthPerGroup: 16 }), size: 32 },
    dilations: { model: bottlenecks({ replaceStrideWithDilation: [false, true, true] }), size: 32 },
    'group normalization': {
      model: bottlenecks({ normLayer: (channels) => new GroupNorm(4, channels) }),
      size: 32,
    },
    'frozen batch normalization': {
      model: bottlenecks({ normLayer: (channels) => new FrozenBatchNorm2d(channels) }),
      size: 32,
    },
    'label smoothing': { lossFunc: new CrossEntropyLoss({ labelSmoothing: 0.1 }) },
    'the hinge loss': { lossFunc: new MultiMarginLoss({ p: 2 }), optimizer: adam },
  };
  for (const [name, options] of Object.entries(nets)) {
    it(name, () => compare(options, (side) => steps(side, first(4), { size: options.size }), 2));
  }
  for (const seed of first(Number(process.env.DRAWN_NETS ?? 8))) {
    it(`layers drawn at random, ${seed}`, () =>
      compare(
        { model: () => drawnNet(seed), optimizer: seed % 2 ? adam : sgd },
        (side) => steps(side, first(5)),
        3,
      ));
  }

  it('gradients that add up over three batches', () => {
    // one graph makes gradients, another adds to them; each is recorded twice
    compare({}, (side) => steps(side, first(12), { accumulate: 3 }), 2 + 6);
  });

  it('frozen parts, and their batch normalization in evaluation mode', () => {
    const freeze = (side: Training): void => {
      side.model.requiresGrad(false, (name) => name.startsWith('conv1') || name.startsWith('layer1'));
      net(side).layer1.eval();
    };
    compare({}, (side) => (freeze(side), steps(side, first(5))), 3);
  });

  it('a parameter that the loss does not use', () => {
    const [used, unused] = [1, 2].map((n) => new Parameter(tf.tensor1d([n, n])));
    const step = capture([used, unused], (x: tf.Tensor) =>
      backward([used, unused], () => tf.sum<tf.Scalar>(used.value.mul(x))),
    );
    for (const value of [1, 2, 3, 4]) {
      const x = tf.fill([2], value);
      tf.dispose([step(x), x]);
      assert.deepEqual([...used.grad!.dataSync()], [value, value]);
      assert.equal(unused.grad, null);
      [used, unused].forEach((parameter) => parameter.zeroGrad());
    }
    assert.equal(step.graphs(), 1);
    step.dispose();
    [used, unused].forEach((parameter) => parameter.dispose());
  });

  it('what is made, read and kept on first use', () => {
    let factor: number | undefined;
    const captured = capture([], (x: tf.Tensor) => {
      factor ??= tf.tidy(() => tf.scalar(2).mul(3).dataSync()[0]);
      return x.mul(factor);
    });
    const x = tf.ones([1]);
    const values = first(6).map(() => {
      const product = captured(x);
      const [value] = product.dataSync();
      product.dispose();
      return value;
    });
    assert.deepEqual(values, Array(6).fill(6));
    assert.deepEqual(captured.ops(), [['Mul']]);
    captured.dispose();
    x.dispose();
  });

  it('softmax runs op by op: with AVX-512 a graph of it would round otherwise', () => {
    const lines: string[] = [];
    const captured = capture([], (x: tf.Tensor) => tf.softmax(x), { log: (line) => void lines.push(line) });
    const x = tf.randomNormal([33, 40], 0, 1, 'float32', 1);
    const expected = tf.softmax(x);
    for (let i = 0; i < 4; i++) {
      const got = captured(x);
      assert.deepEqual(got.dataSync(), expected.dataSync());
      got.dispose();
    }
    assert.deepEqual(lines, ['Runs op by op, not as a graph: in a graph Softmax would round otherwise.']);
    captured.dispose();
    tf.dispose([x, expected]);
  });

  it('evaluation mode, outputs as a list', () => {
    const model = small().eval();
    const run = (x: tf.Tensor): tf.Tensor[] => {
      const logits = model.forward(x) as tf.Tensor2D;
      return [logits, tf.argMax(logits, 1)];
    };
    const captured = capture([model], run);
    for (let i = 0; i < 5; i++) {
      const [x, labels] = batch(i);
      const [got, expected] = [captured(x), run(x)];
      got.forEach((each, j) => assert.deepEqual(each.dataSync(), expected[j].dataSync()));
      tf.dispose([x, labels, got, expected]);
    }
    assert.equal(captured.graphs(), 1);
    captured.dispose();
    model.dispose();
  });

  it('two models that are alike, each with its own weights, and again after dispose', () => {
    const [one, other] = [training(true), training(true)];
    const alone = training(false);
    const expected = steps(alone, first(6));
    const got = first(6).map((i) => [one, other].map((side) => steps(side, [i])[0]));
    assert.deepEqual(
      got,
      expected.map((loss) => [loss, loss]),
    );
    one.step.dispose();
    assert.equal(one.step.graphs(), 0);
    assert.deepEqual(steps(one, [6, 7, 8, 9]), steps(alone, [6, 7, 8, 9]));
    assert.equal(one.step.graphs(), 1);
    [one, other, alone].forEach((side) => side.dispose());
  });
});

describe('what changes after a capture has its effect', () => {
  const other = (): StateDict => {
    manualSeed(2);
    const model = small();
    const dict = model.stateDict();
    model.dispose();
    return dict;
  };
  const property = (object: object, name: string, value: unknown): void =>
    void Reflect.set(object, name, value);
  const changes: Record<string, (side: Training) => void> = {
    'the learning rate': ({ optimizer }) => (optimizer.lr = 0.5),
    'the weight decay': ({ optimizer }) => property(optimizer, 'weightDecay', 0.5),
    'weights loaded from a state dict': ({ model }) => void model.loadStateDict(other()),
    'one weight': ({ model }) => model.parameters()[0].assign(tf.fill([...model.parameters()[0].shape], 0.1)),
    'running statistics': (side) => net(side).bn1.runningMean.assign(tf.fill([4], 0.3)),
    'evaluation mode': ({ model }) => void model.eval(),
    'evaluation mode of one layer': (side) => void net(side).bn1.eval(),
    'a frozen part': ({ model }) => void model.requiresGrad(false, (name) => name.startsWith('layer2')),
    'a replaced head of the same size': (side) => {
      const [head, { parameters }] = [net(side), side.optimizer];
      head.linear.dispose();
      manualSeed(3);
      head.linear = new Linear(8, 5);
      parameters.splice(-2, 2, head.linear.weight, head.linear.bias);
    },
    'a replaced head of another size': (side) => {
      const [head, { parameters }] = [net(side), side.optimizer];
      head.linear.dispose();
      head.linear = new Linear(8, 7);
      parameters.splice(-2, 2, head.linear.weight, head.linear.bias);
    },
    "a layer's property": (side) => property(net(side).bn1, 'momentum', 0.5),
  };
  for (const [name, change] of Object.entries(changes)) {
    it(name, () => {
      const changed = training(false);
      const unchanged = training(false);
      const work = (side: Training): unknown => {
        const before = steps(side, first(4));
        change(side);
        return [before, steps(side, first(4)), gradients(side.model), side.model.stateDict()];
      };
      const expected = work(changed);
      steps(unchanged, [...first(4), ...first(4)]);
      const all = ({ model }: Training): unknown => [gradients(model), model.stateDict()];
      assert.notDeepEqual(all(unchanged), all(changed), 'the change has an effect');
      changed.dispose();
      unchanged.dispose();
      const captured = training(true);
      assert.deepEqual(work(captured), expected);
      assert.deepEqual(captured.lines, []);
      captured.dispose();
    });
  }

  it('the loss: label smoothing', () => {
    const [eager, captured] = [false, true].map((enabled) => {
      const lossFunc = new CrossEntropyLoss();
      const side = training(enabled, { lossFunc });
      const before = steps(side, first(4));
      Reflect.set(lossFunc, 'labelSmoothing', 0.3);
      const after = steps(side, first(4));
      side.dispose();
      return [before, after];
    });
    assert.deepEqual(captured, eager);
  });

  it('a variable around the function, once it is rechecked; changed again, it runs op by op', () => {
    let factor = 1;
    const lines: string[] = [];
    const captured = capture([], (x: tf.Tensor) => x.mul(factor), { log: (line) => void lines.push(line) });
    const x = tf.ones([1]);
    const names = [1, 2, 3].map((next) => {
      factor = next;
      captured.recheck();
      return functionsRun(() => {
        for (let i = 0; i < 4; i++) {
          const product = captured(x);
          assert.equal(product.dataSync()[0], factor);
          product.dispose();
        }
      }).length;
    });
    assert.deepEqual(names, [2, 2, 0]);
    assert.deepEqual(lines, [
      'Runs op by op, not as a graph: each time it does something else, or with other numbers.',
    ]);
    captured.recheck();
    captured.dispose();
    x.dispose();
  });

  it('the batch size', () => {
    const work = (side: Training): unknown => [
      steps(side, first(4)),
      steps(side, first(4), { n: 3 }),
      steps(side, [8]),
    ];
    compare({}, work, 2 + 2 + 1);
  });

  it('a hook on the layers sees each step, and once it is off graphs run again', () => {
    const side = training(true);
    steps(side, first(3));
    const seen: string[] = [];
    const takeOff = onForward(side.model, (name) => void seen.push(name));
    assert.deepEqual(
      functionsRun(() => steps(side, [3, 4])),
      [],
    );
    assert.equal(seen.filter((name) => name === '').length, 2);
    takeOff();
    assert.equal(functionsRun(() => steps(side, [5])).length, 1);
    assert.deepEqual(side.lines, ['Runs op by op, not as a graph: a layer is hooked (onForward).']);
    side.dispose();
  });

  it('labels that are no class are found before anything runs', () => {
    const side = training(true);
    steps(side, first(4));
    side.optimizer.zeroGrad();
    const before = state(side);
    const tensors = tf.memory().numTensors;
    const [x, labels] = batch(5);
    for (const label of [99, -1]) {
      const wrong = tf.tensor1d([0, 1, label, 2], 'int32');
      assert.throws(
        () => side.step(x, wrong),
        new RegExp(`The label ${label} is no class: there are 5 outputs`),
      );
      wrong.dispose();
    }
    tf.dispose([x, labels]);
    assert.equal(tf.memory().numTensors, tensors);
    assert.deepEqual(state(side), before);
    assert.equal(functionsRun(() => steps(side, [6])).length, 1);
    side.dispose();
  });
});

describe('what cannot be a graph runs op by op, and says why once', () => {
  const x = (): tf.Tensor1D => tf.tensor1d([1, 2, 3]);

  /** Calls it five times, and compares with what it gives without capture. */
  function refused(make: () => (x: tf.Tensor) => tf.Tensor, why: RegExp, dependsOn: unknown[] = []): void {
    const lines: string[] = [];
    const [plain, captured] = [make(), capture(dependsOn, make(), { log: (line) => void lines.push(line) })];
    const names = functionsRun(() => {
      for (let i = 0; i < 5; i++) {
        const input = tf.tensor1d([1 + i, 2, 3]);
        const [expected, got] = [plain(input), captured(input)];
        assert.deepEqual(got.dataSync(), expected.dataSync());
        tf.dispose([input, expected, got]);
      }
    });
    assert.deepEqual([names, captured.graphs()], [[], 0]);
    assert.equal(lines.length, 1);
    assert.match(lines[0], /^Runs op by op, not as a graph: [^\n]*\.$/);
    assert.match(lines[0], why);
    captured.dispose();
  }

  it('a read in the middle, and a branch on it', () => {
    refused(() => (input) => tf.tidy(() => input.mul(input.sum().dataSync()[0])), /reads numbers/);
    refused(
      () => (input) => tf.tidy(() => (input.max().dataSync()[0] > 3 ? input.square() : input.neg())),
      /reads numbers/,
    );
    refused(
      () => (input) => tf.tidy(() => (input.dataSync()[0] > 3 ? input.square() : input.neg())),
      /reads numbers/,
    );
  });

  it("numbers of the host's that change", () => {
    let calls = 0;
    const make = () => {
      calls = 0;
      let own = calls;
      return (input: tf.Tensor) => input.mul(++own);
    };
    refused(make, /with other numbers/);
  });

  it('random ops of the host', () => {
    const lines: string[] = [];
    const captured = capture([], (input: tf.Tensor) => tf.tidy(() => tf.dropout(input, 0.5)), {
      log: (line) => void lines.push(line),
    });
    const input = tf.ones([1000]);
    const results = first(5).map(() => captured(input));
    const sums = results.map((each) => [...each.dataSync()].join());
    assert.equal(new Set(sums).size, 5);
    assert.match(lines.join('\n'), /^[^\n]*with other numbers\.$/);
    tf.dispose([input, results]);
  });

  it("random ops of TensorFlow's", () => {
    const lines: string[] = [];
    const captured = capture([], (input: tf.Tensor) => tf.multinomial(input as tf.Tensor1D, 50), {
      log: (line) => void lines.push(line),
    });
    const input = x();
    tf.dispose([first(4).map(() => captured(input)), input]);
    assert.equal(captured.graphs(), 0);
    assert.match(lines.join('\n'), /^[^\n]*depends on more than its inputs/);
  });

  it('a tensor from outside; as part of an object depended on it is taken along', () => {
    const outside = tf.tensor1d([10, 20, 30]);
    refused(() => (input) => input.add(outside), /Add uses a tensor that it was not told to depend on/);
    const holder = { outside };
    const captured = capture([holder], (input: tf.Tensor) => input.add(holder.outside));
    const input = x();
    const values = first(6).map((i) => {
      if (i === 4) {
        holder.outside = tf.tensor1d([100, 200, 300]);
        outside.dispose();
      }
      const sum = captured(input);
      const [value] = sum.dataSync();
      sum.dispose();
      return value;
    });
    assert.deepEqual(values, [11, 11, 11, 11, 101, 101]);
    assert.equal(captured.graphs(), 1);
    captured.dispose();
    tf.dispose([input, holder]);
  });

  it("an optimizer's step inside: parameters go where they go without capture", () => {
    const [eager, captured] = [false, true].map((enabled) => {
      const p = new Parameter(tf.tensor1d([1, 2, 3]));
      const optimizer = new Adam([p], { lr: 0.1 });
      const lines: string[] = [];
      const run = (input: tf.Tensor): tf.Scalar => {
        const loss = backward([p], () => tf.sum<tf.Scalar>(p.value.mul(input).square()));
        optimizer.step();
        optimizer.zeroGrad();
        return loss;
      };
      const step = capture([p], run, { enabled, log: (line) => void lines.push(line) });
      const input = x();
      const losses = first(5).map(() => {
        const loss = step(input);
        const [value] = loss.dataSync();
        loss.dispose();
        return value;
      });
      const values = [...p.value.dataSync()];
      assert.match(lines.join('\n'), enabled ? /^[^\n]*an optimizer's step stays outside\.$/ : /^$/);
      input.dispose();
      optimizer.dispose();
      p.dispose();
      return { losses, values };
    });
    assert.deepEqual(captured, eager);
  });

  it('a tensor that is kept outside', () => {
    const kept: tf.Tensor[] = [];
    refused(
      () => (input) =>
        tf.tidy(() => {
          kept.push(tf.keep(input.square()));
          return input.neg();
        }),
      /keeps tensors \(tf\.keep\) that it does not return/,
    );
    assert.equal(kept.length, 10);
    tf.dispose(kept);
  });

  it('private fields, also of a base class', () => {
    class Hiding {
      #factor = 2;
      set(factor: number): void {
        this.#factor = factor;
      }
      run(input: tf.Tensor): tf.Tensor {
        return input.mul(this.#factor);
      }
    }
    class Below extends Hiding {}
    const below = new Below();
    below.set(3);
    refused(() => (input) => below.run(input), /the private fields \(#\) of Below can't be seen/, [[below]]);
  });

  it('arguments that it disposes of', () => {
    const lines: string[] = [];
    const run = (input: tf.Tensor): tf.Tensor => {
      const square = input.square();
      input.dispose();
      return square;
    };
    const captured = capture([], run, { log: (line) => void lines.push(line) });
    const before = tf.memory().numTensors;
    for (let i = 0; i < 5; i++) captured(x()).dispose();
    assert.equal(tf.memory().numTensors, before);
    assert.deepEqual(lines, ['Runs op by op, not as a graph: it disposes of its arguments.']);
  });

  it('properties that the function changes', () => {
    const counter = { calls: 0 };
    refused(() => (input) => ((counter.calls += 1), input.neg()), /changes properties/, [counter]);
  });

  it('shapes that are never twice the same', () => {
    const lines: string[] = [];
    const captured = capture([], (input: tf.Tensor) => input.neg(), { log: (line) => void lines.push(line) });
    for (let n = 1; n < 50; n++) tf.tidy(() => void captured(tf.ones([n])));
    assert.match(lines.join('\n'), /^[^\n]*graphs are hardly ever used\.$/);
    captured.dispose();
  });

  it('what TensorFlow refuses', () => {
    const lines: string[] = [];
    const captured = capture([], (input: tf.Tensor) => input.square(), {
      log: (line) => void lines.push(line),
    });
    const native = backend();
    const { binding } = native;
    const addFunction = (): void => {
      throw new Error('no\nmore');
    };
    native.binding = Object.create(binding, { addFunction: { value: addFunction } }) as typeof binding;
    const input = x();
    const results = first(4).map(() => {
      const squares = captured(input);
      const values = [...squares.dataSync()];
      squares.dispose();
      return values;
    });
    native.binding = binding;
    input.dispose();
    assert.deepEqual(results, Array(4).fill([1, 4, 9]));
    assert.deepEqual(lines, ['Runs op by op, not as a graph: TensorFlow does not take it (Error: no more).']);
  });

  it("somebody else's gradient computation", () => {
    const lines: string[] = [];
    const captured = capture([], (input: tf.Tensor) => input.square(), {
      log: (line) => void lines.push(line),
    });
    const input = x();
    tf.dispose(first(4).map(() => captured(input)));
    assert.equal(captured.graphs(), 1);
    const gradient = tf.grad((each) => captured(each))(input);
    assert.deepEqual([...gradient.dataSync()], [2, 4, 6]);
    assert.match(lines.join('\n'), /^[^\n]*somebody else's gradient computation\.$/);
    captured.dispose();
    tf.dispose([input, gradient]);
  });

  it('a capture within a capture is part of the outer one', () => {
    const inner = capture([], (input: tf.Tensor) => input.square());
    const outer = capture([], (input: tf.Tensor) => tf.tidy(() => inner(input).add(1)));
    const input = x();
    const results = first(4).map(() => outer(input));
    results.forEach((each) => assert.deepEqual([...each.dataSync()], [2, 5, 10]));
    assert.deepEqual([inner.graphs(), outer.graphs()], [0, 1]);
    outer.dispose();
    tf.dispose([input, results]);
  });
});

describe('a captured function', () => {
  it('hands NaN and infinities on', () => {
    const side = training(true);
    steps(side, first(3));
    side.optimizer.zeroGrad();
    const labels = tf.tensor1d([0, 1, 2, 3], 'int32');
    for (const value of [NaN, Infinity, -Infinity]) {
      const x = tf.fill([4, 16, 16, 3], value);
      const names = functionsRun(() => {
        const loss = side.step(x, labels);
        assert.ok(Number.isNaN(loss.dataSync()[0]));
        loss.dispose();
      });
      assert.equal(names.length, 1);
      side.optimizer.zeroGrad();
      x.dispose();
    }
    labels.dispose();
    side.dispose();
  });

  it('gives the same bits each time', () => {
    const side = training(true, { model: bottlenecks() });
    steps(side, first(3), { size: 32 });
    side.model.eval();
    steps(side, first(3), { size: 32 });
    const once = (): unknown => {
      side.optimizer.zeroGrad();
      const inputs = batch(9, 4, 32);
      const loss = side.step(...inputs);
      const got = [loss.dataSync(), gradients(side.model)];
      tf.dispose([loss, ...inputs]);
      return got;
    };
    const names = functionsRun(() => {
      const expected = once();
      for (let i = 0; i < 10; i++) assert.deepEqual(once(), expected);
    });
    assert.equal(names.length, 11);
    side.dispose();
  });

  it('keeps no tensor from call to call, and none after dispose', () => {
    const before = [tf.memory().numTensors, tensorsOfTensorFlow()];
    const side = training(true);
    steps(side, first(3));
    const counts = first(5).map((i) => {
      steps(side, [i]);
      return `${tf.memory().numTensors} ${tensorsOfTensorFlow()}`;
    });
    assert.equal(new Set(counts).size, 1, counts.join(', '));
    side.dispose();
    assert.deepEqual([tf.memory().numTensors, tensorsOfTensorFlow()], before);
  });

  it('leaves no tensor behind when the function throws', () => {
    const captured = capture([], (input: tf.Tensor): tf.Tensor =>
      tf.tidy(() => {
        input.square();
        throw new Error('boom');
      }),
    );
    const input = tf.ones([2]);
    input.neg().dispose(); // TensorFlow has it now
    const before = [tf.memory().numTensors, tensorsOfTensorFlow()];
    for (let i = 0; i < 4; i++) assert.throws(() => captured(input), /boom/);
    assert.deepEqual([tf.memory().numTensors, tensorsOfTensorFlow()], before);
    const own = Object.hasOwn(backend().binding, 'executeOp') && Object.hasOwn(backend().binding, 'TF_FLOAT');
    assert.ok(own, 'the binding is the real one again');
    input.dispose();
  });

  it('keeps eight graphs, and gives the others back', () => {
    const before = tensorsOfTensorFlow();
    const captured = capture([], (input: tf.Tensor) => input.mul(3));
    const names = functionsRun(() => {
      for (let n = 1; n <= 12; n++) for (let i = 0; i < 3; i++) tf.tidy(() => void captured(tf.ones([n])));
    });
    assert.equal(captured.graphs(), 8);
    assert.equal(new Set(names).size, 12);
    const known = names.filter((name) => {
      try {
        backend().binding.executeOp(name, [], [], 1);
        return true;
      } catch (error) {
        return !String(error).includes('neither a type of a primitive operation nor a name of a function');
      }
    });
    assert.deepEqual(known, names.slice(4));
    captured.dispose();
    assert.equal(captured.graphs(), 0);
    assert.equal(tensorsOfTensorFlow(), before);
  });

  it('runs nothing but the ops where it is switched off', () => {
    const side = training(false);
    assert.deepEqual(
      functionsRun(() => steps(side, first(5))),
      [],
    );
    assert.equal(side.step.graphs(), 0);
    side.dispose();
  });
});
