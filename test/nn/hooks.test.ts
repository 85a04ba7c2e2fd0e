import * as tf from '@tensorflow/tfjs-node';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resnet18 } from '../../src/models/builders';
import { BasicBlock } from '../../src/models/resnet';
import { onForward } from '../../src/nn/hooks';
import { ReLU, Sequential } from '../../src/nn/layers';

test('hooks see every module with its input and output, and come off again in any number', () => {
  const model = resnet18({ numClasses: 4 }).eval();
  const seen: string[] = [];
  const [off1, off2] = [
    onForward(model, (name, module, input, output) => {
      if (module instanceof BasicBlock) seen.push(`${name} ${input.shape[3]} ${output.shape[3]}`);
    }),
    onForward(model, (name) => name === '' && seen.push('done')),
  ];
  tf.tidy(() => void model.forward(tf.zeros([1, 32, 32, 3])));
  assert.equal(seen.length, 9);
  assert.deepEqual([seen[0], seen[2], seen[8]], ['layer1.0 64 64', 'layer2.0 64 128', 'done']);
  off2();
  off1();
  tf.tidy(() => void model.forward(tf.zeros([1, 32, 32, 3])));
  assert.equal(seen.length, 9);
  model.dispose();
});

test('hooks come off in any order, each as often as one likes, and leave nothing behind', () => {
  const model = new Sequential(new ReLU(), new ReLU());
  const [first] = model.children();
  const pass = (): string => {
    seen.length = 0;
    tf.tidy(() => void model.forward(tf.zeros([1, 2])));
    return seen.join(' ');
  };
  const seen: string[] = [];
  const say = (what: string) => (name: string) => name === '' && void seen.push(what);
  const same = say('s');
  for (const order of ['012', '021', '102', '120', '201', '210']) {
    const takeOffs = ['a', 'b', 'c'].map((what) => onForward(model, say(what)));
    assert.equal(pass(), 'a b c');
    let left = 'a b c';
    for (const i of order) {
      left = left.replace('abc'[Number(i)], '').replace(/ +/g, ' ').trim();
      takeOffs[Number(i)]();
      takeOffs[Number(i)](); // a second time does nothing
      assert.equal(pass(), left, order);
    }
    assert.ok(!Object.hasOwn(model, 'forward') && !Object.hasOwn(first, 'forward'), order);
  }
  // One function hooked twice is told twice; a module within is free as soon as nobody asks for it.
  const [whole, alone] = [onForward(model, same), onForward(model, same)];
  const inner = onForward(first, () => seen.push('inner'));
  assert.equal(pass(), 'inner s s');
  whole();
  alone();
  assert.equal(pass(), 'inner');
  inner();
  assert.ok(!Object.hasOwn(first, 'forward'));
  // A forward of the reader's own, put there before the hooks, or around them while they were on, stays.
  const own = (x: tf.Tensor) => tf.add(x, 1);
  first.forward = own;
  onForward(model, same)();
  assert.equal(first.forward, own);
  const off = onForward(model, same);
  const inside = model.forward.bind(model);
  model.forward = (x) => inside(x);
  off();
  assert.equal(pass(), '');
  const again = onForward(model, same);
  assert.equal(pass(), 's');
  again();
  assert.equal(pass(), '');
});
