import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import * as tf from '@tensorflow/tfjs-node';
import { loadCheckpoint } from '../../src/checkpoint/load';
import { readSafetensorsMetadata, saveSafetensors } from '../../src/checkpoint/safetensors';
import { saveCheckpoint } from '../../src/checkpoint/save';
import { DataLoader } from '../../src/data/loader';
import { Linear } from '../../src/nn/layers';
import { Module } from '../../src/nn/module';
import type { StateDict, StateTensor } from '../../src/state/stateDict';
import { setProgress, silentProgress } from '../../src/progress';
import { Adam } from '../../src/training/optim';
import { trainAndEval } from '../../src/training/trainAndEval';
import { Halves, lossFunc } from '../training/small';
import { safetensors, torchLegacy, torchZip } from './forge';
import { entry, golden, temporaryFolder } from './golden';

setProgress(silentProgress);
const folder = temporaryFolder();
const VALUES = [1, 2, 3, 4];

function load(name: string, bytes: Buffer): StateDict {
  const file = path.join(folder, name);
  fs.writeFileSync(file, bytes);
  return loadCheckpoint(file);
}

describe('what a file is, its content says', () => {
  it('safetensors with a header of every length from 8 to 4,096 bytes', () => {
    const one = JSON.stringify({ w: { dtype: 'F32', shape: [4], data_offsets: [0, 16] } });
    for (let length = 8; length <= 4096; length++) {
      const json = (length < one.length ? '{}' : one).padEnd(length);
      const dict = load('header', safetensors(json, length < one.length ? Buffer.alloc(0) : undefined));
      assert.deepEqual([...dict.keys()], length < one.length ? [] : ['w'], `${length}`);
      if (length >= one.length) assert.deepEqual([...entry(dict, 'w').data], VALUES, `${length}`);
    }
  });

  it('what is written here under names of many lengths, which move all that follows', () => {
    for (let length = 1; length <= 600; length += 7) {
      const dict: StateDict = new Map([
        ['w'.repeat(length), { dtype: 'float32', shape: [4], data: Float32Array.from(VALUES) }],
      ]);
      for (const save of [saveCheckpoint, saveSafetensors]) {
        save(path.join(folder, 'named'), dict);
        assert.deepEqual(
          [...loadCheckpoint(path.join(folder, 'named'))],
          [...dict],
          `${save.name}, ${length}`,
        );
      }
    }
  });

  const GOOD = {
    zip: torchZip(),
    'old format': torchLegacy(),
    safetensors: safetensors({ w: { dtype: 'F32', shape: [4], data_offsets: [0, 16] } }),
  };
  const BAD = {
    garbage: Buffer.from('Not a checkpoint at all, but long enough to be one.'),
    empty: Buffer.alloc(0),
    zeros: Buffer.alloc(100),
    'a pickle of something else': Buffer.from('\x80\x04\x95\x05\0\0\0\0\0\0\0]q\0.', 'latin1'),
  };
  for (const extension of ['.pth', '.pt', '.th', '.bin', '.ckpt', '.safetensors', '']) {
    for (const name of [`a${extension}`, `A${extension.toUpperCase()}`]) {
      it(`whatever its name: ${name}`, () => {
        for (const bytes of Object.values(GOOD))
          assert.deepEqual([...entry(load(name, bytes), 'w').data], VALUES);
        for (const [what, bytes] of Object.entries(BAD))
          assert.throws(() => load(name, bytes), /^CheckpointError: cannot read /, what);
      });
    }
  }

  it("torch's old format in every protocol that has the magic number", () => {
    for (const protocol of [2, 3, 4, 5]) {
      const bytes = torchLegacy();
      bytes[1] = protocol;
      assert.deepEqual([...entry(load('old', bytes), 'w').data], VALUES);
    }
    for (const file of ['dtypes-old.pth', 'dtypes-old-protocol4.pth'])
      assert.ok(loadCheckpoint(golden(file)).size > 0);
  });
});

/** The mean of all pixels in, logits out. */
class Brightness extends Module {
  readonly fc = new Linear(3, 2);
  forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => this.fc.forward(tf.mean(x, [1, 2])));
  }
}

describe('300 checkpoints of a run that goes on', () => {
  it('saved by trainAndEval, each read back, and the last one taken up', async () => {
    const checkpoint = { path: path.join(folder, 'trained.safetensors'), everySeconds: 0 };
    const net = new Brightness();
    const optimizer = new Adam(net.parameters(), { lr: 1e-3 });
    const epochs = async (count: number, onStep?: () => void): Promise<number[]> => {
      const loaders = [1, 2].map((seed) => new DataLoader(new Halves(2, seed), { batchSize: 2 }));
      const options = { log: false, keep: 'last', checkpoint, onStep } as const;
      const { history } = await trainAndEval(
        net,
        count,
        lossFunc,
        optimizer,
        loaders[0],
        loaders[1],
        options,
      );
      return history.map(({ epoch }) => epoch);
    };
    let read = 0;
    let saved: StateTensor | undefined;
    await epochs(300, () => {
      const now = entry(net.stateDict(), 'fc.weight');
      // What was saved after the step before; nothing before the first.
      if (saved) assert.deepEqual(entry(loadCheckpoint(checkpoint.path), 'model.fc.weight'), saved);
      if (saved) read++;
      saved = now;
    });
    assert.equal(read, 299);
    const trained = net.stateDict();
    assert.deepEqual(entry(loadCheckpoint(checkpoint.path), 'model.fc.weight'), entry(trained, 'fc.weight'));
    net.fc.weight.assign(tf.zeros([...net.fc.weight.shape]));
    assert.equal((await epochs(300)).length, 300); // all of them from the file
    assert.deepEqual(net.stateDict(), trained);
    optimizer.dispose();
    net.dispose();
  });

  for (const [extension, save] of [
    ['pth', saveCheckpoint],
    ['safetensors', saveSafetensors],
  ] as const) {
    it(`as .${extension}, each read back as it was saved`, () => {
      const file = path.join(folder, `run.${extension}`);
      const history: number[] = [];
      for (let step = 0; step < 300; step++) {
        history.push(step / 7);
        const dict: StateDict = new Map([
          [
            `model.layer${step}.weight`,
            { dtype: 'float32', shape: [2, 2], data: Float32Array.from(VALUES, (v) => v * step) },
          ],
          ['best.bias', { dtype: 'float64', shape: [step], data: Float64Array.from(history.slice(1)) }],
          ['steps', { dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(step)) }],
        ]);
        if (step === 0) dict.delete('best.bias');
        const metadata = { run: JSON.stringify(history) };
        if (save === saveSafetensors) saveSafetensors(file, dict, { metadata });
        else save(file, dict);
        assert.deepEqual([...loadCheckpoint(file)], [...dict], `step ${step}`);
        if (save === saveSafetensors) assert.deepEqual(readSafetensorsMetadata(file), metadata);
      }
    });
  }
});
