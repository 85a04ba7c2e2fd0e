import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setProgress, silentProgress } from '../../src/progress';
import { Halves, makeNet, run } from './small';

setProgress(silentProgress);

test('training and evaluation pictures of other classes are refused before the first step', async () => {
  const train = Object.assign(new Halves(4, 1), { classes: ['cat', 'eel'] });
  const held = Object.assign(new Halves(4, 2), { classes: ['cat', 'dog', 'eel'] });
  const net = makeNet();
  let steps = 0;
  await assert.rejects(
    run(1, { onStep: (step) => void (steps = step) }, net, train, held),
    /classes to train on are cat, eel, those to evaluate on cat, dog, eel: labels would mean different things/,
  );
  assert.equal(steps, 0);
  net.dispose();
});
