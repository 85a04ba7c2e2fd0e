import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { cifar10Folder, dataRoot, findPictures, projectRoot, weightsFolder } from '../src/locations';

let data: string;
const saved = { ...process.env };
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'locations-'));
  process.env.RESNET_WORKBOOK_DATA = data;
  delete process.env.RESNET_WORKBOOK_PICTURES;
});
afterEach(() => {
  rmSync(data, { recursive: true, force: true });
  process.env = { ...saved };
});

function pictureSet(name: string): string {
  for (const split of ['train', 'eval'])
    for (const folder of ['0_cat', '1_dog']) mkdirSync(join(data, name, split, folder), { recursive: true });
  return join(data, name);
}

test('photographs are taken when they are there, else drawings, and the reader is told which', () => {
  assert.throws(() => findPictures(), /No pictures in .*\n.*npm run data -- drawings/);
  const drawings = pictureSet('drawings');
  assert.deepEqual({ ...findPictures(), note: '' }, {
    root: drawings, train: join(drawings, 'train'), eval: join(drawings, 'eval'), kind: 'drawings', note: '',
  }); // prettier-ignore
  assert.match(findPictures().note, /^Drawings.*npm run data -- photos/);
  const photographs = pictureSet('photos');
  assert.equal(findPictures().root, photographs);
  assert.equal(findPictures().kind, 'photographs');
});

test("a folder of the reader's own goes before, by argument or by environment", () => {
  pictureSet('photos');
  const own = pictureSet('own');
  assert.equal(findPictures(own).root, own);
  process.env.RESNET_WORKBOOK_PICTURES = own;
  assert.equal(findPictures().root, own);
  assert.throws(
    () => findPictures(join(data, 'nowhere')),
    /is no picture set: expected folders train and eval/,
  );
  mkdirSync(join(data, 'empty', 'train'), { recursive: true });
  mkdirSync(join(data, 'empty', 'eval'));
  assert.throws(() => findPictures(join(data, 'empty')), /each with one folder a class/);
});

test("without the environment's word everything lies in the project", () => {
  assert.ok(existsSync(join(projectRoot(), 'tsconfig.json')));
  assert.equal(dataRoot(), data);
  delete process.env.RESNET_WORKBOOK_DATA;
  assert.equal(cifar10Folder(), join(projectRoot(), '.data', 'cifar-10-batches-bin'));
  assert.equal(weightsFolder(), join(projectRoot(), '.cache', 'weights'));
});
