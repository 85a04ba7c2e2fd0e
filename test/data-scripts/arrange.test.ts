import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrange, type Found } from '../../data-scripts/commands/data/arrange';

const found = (...names: string[]): Found[] => names.map((name) => ({ name, size: 1000, source: 'here' }));
const many = (folder: string, stem: string, n: number): string[] =>
  Array.from({ length: n }, (_, i) => `${folder}/${stem}.${i}.jpg`);
const targets = (files: Found[], folder: string): string[] =>
  arrange(files)
    .pictures.filter(({ target }) => target.startsWith(`${folder}/`))
    .map(({ target }) => target.slice(folder.length + 1));

const PUBLISHED = found(
  ...many('cats_and_dogs_filtered/train/cats', 'cat', 1000),
  ...many('cats_and_dogs_filtered/train/dogs', 'dog', 1000),
  ...many('cats_and_dogs_filtered/validation/cats', 'cat', 500),
  ...many('cats_and_dogs_filtered/validation/dogs', 'dog', 500),
  ...many('hymenoptera_data/train/ants', 'a', 123),
  ...many('hymenoptera_data/train/bees', 'b', 121),
  ...many('hymenoptera_data/val/ants', 'a', 70),
  ...many('hymenoptera_data/val/bees', 'b', 83),
  'hymenoptera_data/train/ants/imageNotFound.gif',
  '__MACOSX/hymenoptera_data/train/ants/a.jpg',
);

test("the published archives give the article's counts, of cats and dogs the first by name", () => {
  const { pictures, leftOut, missing } = arrange(PUBLISHED);
  const count = (folder: string): number =>
    pictures.filter(({ target }) => target.startsWith(`${folder}/`)).length;
  assert.deepEqual(missing, []);
  assert.deepEqual(leftOut, ['hymenoptera_data/train/ants/imageNotFound.gif']);
  for (const [split, counts] of [
    ['train', [130, 222, 123, 121]],
    ['eval', [100, 102, 70, 83]],
  ] as const)
    assert.deepEqual(
      ['0_cat', '1_dog', '2_ants', '3_bees'].map((name) => count(`${split}/${name}`)),
      counts,
    );
  assert.deepEqual(targets(PUBLISHED, 'train/0_cat').slice(0, 4), [
    'cat.0.jpg',
    'cat.1.jpg',
    'cat.10.jpg',
    'cat.100.jpg',
  ]);
});

test("the article's layout is taken whole, whatever its counts, below any folder", () => {
  const files = found(
    ...many('data/set/train/0_cat', 'cat', 300),
    ...many('data/set/train/1_dog', 'dog', 5),
    ...many('data/set/train/2_ants', 'a', 5),
    ...many('data/set/train/3_bees', 'b', 5),
    ...['0_cat', '1_dog', '2_ants', '3_bees'].flatMap((name) => many(`data/set/eval/${name}`, 'x', 2)),
    'data/set/eval/0_cat/a picture 图.JPEG',
  );
  assert.equal(targets(files, 'train/0_cat').length, 300);
  assert.deepEqual(targets(files, 'eval/0_cat'), ['a picture 图.JPEG', 'x.0.jpg', 'x.1.jpg']);
  assert.deepEqual(arrange(files).missing, []);
});

test('a set without a split gives its first pictures to train and its next to evaluate', () => {
  const files = found(...many('PetImages/Cat', 'c', 400), ...many('PetImages/Dog', 'd', 250));
  const [train, evaluate] = [targets(files, 'train/0_cat'), targets(files, 'eval/0_cat')];
  assert.deepEqual([train.length, evaluate.length], [130, 100]);
  assert.equal(train.filter((name) => evaluate.includes(name)).length, 0);
  assert.equal(targets(files, 'eval/1_dog').length, 28, 'what is left of 250 after 222');
  assert.deepEqual(arrange(files).missing, ['train/2_ants', 'train/3_bees', 'eval/2_ants', 'eval/3_bees']);
});

test('empty files are left out and told, files outside class folders are not looked at', () => {
  const empty: Found = { name: 'train/0_cat/empty.jpg', size: 0, source: 'here' };
  const { pictures, leftOut } = arrange([
    empty,
    ...found('readme.jpg', 'train/x.jpg', 'train/0_cat/.hidden.jpg', 'train/0_cat/a.jpg'),
  ]);
  assert.deepEqual(pictures.map(({ target }) => target), ['train/0_cat/a.jpg']); // prettier-ignore
  assert.deepEqual(leftOut, ['train/0_cat/empty.jpg']);
});

test('a picture that is there both packed and unpacked is taken once', () => {
  const twice = [...found('train/0_cat/a.jpg'), { name: 'x/train/0_cat/a.jpg', size: 9, source: 'archive' }];
  assert.equal(arrange(twice).pictures.length, 1);
});
