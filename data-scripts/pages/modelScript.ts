// modelScript.js FOLDER TARGET: a model's folder as the script that a live part of a page loads. A program of its own, for it
// needs TensorFlow, which the pages' making does not.
import { basename } from 'node:path';
import { writeAtomically } from '../../src/checkpoint/file';
import { loadModel } from '../../src/models/modelFolder';
import { fail } from '../lib/reader.cjs';
import { modelScript } from './bundle';
import { picturesFor } from './gallery';
import { modelData } from './modelData';

try {
  const [folder, target] = process.argv.slice(2);
  const { network, card, dispose } = loadModel(folder);
  if (!card) throw new Error(`${folder} has no card.`);
  const page = { model: modelData(network, card), pictures: picturesFor(card.classes) };
  const script = modelScript(basename(folder), page);
  writeAtomically(target, (write) => write(Buffer.from(script)));
  dispose();
} catch (error) {
  fail(error);
}
