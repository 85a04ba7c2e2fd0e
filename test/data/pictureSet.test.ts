import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { test } from 'node:test';
import sharp, { type Sharp } from 'sharp';
import { parseCsv } from '../../src/data/csv';
import { findDuplicates, sketch } from '../../src/data/duplicates';
import { decodeImage } from '../../src/data/decode/decode';
import { type PictureSet, PARTS, openPictures } from '../../src/data/pictureSet';
import { readSkipList, suspectsText } from '../../src/data/skipList';
import { type Split, splitPictures } from '../../src/data/split';
import { type Survey, fingerprintOf, surveyPictures } from '../../src/data/survey';
import { surveyReport } from '../../src/data/surveyReport';
import { setProgress, silentProgress } from '../../src/progress';
import { Random } from '../../src/random';
import { goldenFile, scratch, write } from './scratch';

setProgress(silentProgress);
const jpeg = goldenFile('color.jpg');

/** A picture of blurred noise: a number gives always the same, and no two are alike. */
function noise(number: number, side = 64): Sharp {
  const random = new Random(3, number);
  const data = Uint8Array.from({ length: 4 * 4 * 3 }, () => random.integer(256));
  return sharp(data, { raw: { width: 4, height: 4, channels: 3 } }).resize(side, side, { kernel: 'cubic' });
}

/** Writes noise as JPEG. @returns its path. */
async function writeNoise(path: string, number: number, side?: number, quality = 90): Promise<string> {
  return write(path, await noise(number, side).jpeg({ quality }).toBuffer());
}

const shown = ({ root, classes, files }: PictureSet): string[] =>
  files.map(({ path, label, part }) => [relative(root, path), classes[label], part ?? '-'].join(' '));
const reasons = (set: Pick<PictureSet, 'leftOut'>): string[] =>
  set.leftOut.map(({ path, reason }) => `${basename(path)} ${reason}`);

test('a table is read as RFC 4180 has it', () => {
  const cells = (text: string): string[][] => parseCsv(text).map((row) => row.cells);
  assert.deepEqual(cells('a,b\r\nc,d'), [['a', 'b'], ['c', 'd']]); // prettier-ignore
  assert.deepEqual(cells('\ufeff"a, ""b""",\n\n x ;y, "z"\n'), [['a, "b"', ''], ['x ;y', '"z"']]); // prettier-ignore
  assert.deepEqual(cells('"two\nlines";b\n'), [['two\nlines', 'b']]);
  assert.deepEqual(cells('a\tb,c'), [['a', 'b,c']]);
  assert.deepEqual(cells(''), []);
  assert.deepEqual(parseCsv('"a\nb",c\nd,e').map(({ line }) => line), [1, 3]); // prettier-ignore
  assert.throws(() => parseCsv('a,b\n"c,d'), /line 2 has a quote that is not closed/);
  assert.throws(() => parseCsv('"a"b,c'), /line 1 has a quote/);
});

test('a folder a class', () => {
  for (const name of [
    'one/cat/b.jpg',
    'one/cat/deep/a.jpg',
    'one/犬/1.jpg',
    'one/.git/x.jpg',
    'one/__MACOSX/y.jpg',
  ])
    write(name, jpeg);
  write('one/cat/notes.txt', 'x');
  mkdirSync(join(scratch, 'one/empty'));
  const set = openPictures(join(scratch, 'one'));
  assert.deepEqual(shown(set), ['cat/b.jpg cat -', 'cat/deep/a.jpg cat -', '犬/1.jpg 犬 -']);
  assert.deepEqual(reasons(set), [
    'notes.txt is not a picture by its ending',
    'empty is a class folder without pictures',
  ]);
});

test('train, and other parts by any of their names', () => {
  for (const name of [
    'parts/Train/a/1.jpg',
    'parts/Train/b/1.jpg',
    'parts/valid/a/2.jpg',
    'parts/test/b/3.jpg',
    'parts/docs/x/1.jpg',
  ])
    write(name, jpeg);
  const set = openPictures(join(scratch, 'parts'));
  assert.deepEqual(shown(set).sort(), [
    'Train/a/1.jpg a train',
    'Train/b/1.jpg b train',
    'test/b/3.jpg b test',
    'valid/a/2.jpg a validation',
  ]);
  assert.deepEqual(reasons(set), ['docs is neither train, validation nor test']);
  // a class may be called train, and another test
  for (const name of ['vehicles/train/1.jpg', 'vehicles/bus/1.jpg', 'vehicles/test/1.jpg']) write(name, jpeg);
  assert.deepEqual(openPictures(join(scratch, 'vehicles')).classes, ['bus', 'test', 'train']);
  write('vehicles 2/train/steam/1.jpg', jpeg);
  write('vehicles 2/bus/1.jpg', jpeg);
  assert.deepEqual(shown(openPictures(join(scratch, 'vehicles 2'))), [
    'bus/1.jpg bus -',
    'train/steam/1.jpg train -',
  ]);
  write('parts/test/c/1.jpg', jpeg);
  assert.throws(() => openPictures(join(scratch, 'parts')), /no pictures to train on of c, though/);
});

test('a table of files and classes', () => {
  for (const name of ['1.jpg', 'ä b.jpg', '3.jpg']) write(`table/photos/${name}`, jpeg);
  const open = (text: string, name = 'table.csv'): PictureSet => openPictures(write(`table/${name}`, text));
  const set = open(
    'photos/1.jpg,cat\n"photos/ä b.jpg",dog\nphotos/3.jpg,cat\nphotos/4.jpg,cat\nphotos/1.jpg,cat\n',
  );
  assert.deepEqual(shown(set), ['photos/1.jpg cat -', 'photos/ä b.jpg dog -', 'photos/3.jpg cat -']);
  assert.deepEqual(reasons(set), ['4.jpg is no file that is there (line 4)']);
  const named = open('Label;Split;Image\ncat;val;photos/1.jpg\ncat;;photos/3.jpg\ndog;;photos/ä b.jpg');
  assert.deepEqual(shown(named), [
    'photos/1.jpg cat validation',
    'photos/3.jpg cat train',
    'photos/ä b.jpg dog train',
  ]);
  assert.equal(open('photos/1.jpg\tcat\nphotos/3.jpg\tdog', 'table.tsv').files.length, 2);
  assert.equal(open(`${join(scratch, 'table/photos/1.jpg')},cat\nphotos/3.jpg,dog`).files.length, 2);
  execFileSync('mkfifo', [join(scratch, 'table/pipe.jpg')]); // whoever read it would wait for ever
  assert.match(
    reasons(open('pipe.jpg,cat\nphotos/1.jpg,cat\nphotos/3.jpg,dog')).join(),
    /pipe\.jpg is no file/,
  );
  for (const [text, says] of [
    ['photos/1.jpg,cat\nphotos/1.jpg,dog', /line 2 says dog of photos\/1\.jpg, an earlier one cat/],
    ['photos/1.jpg,cat\nphotos/3.jpg', /line 2 has no class/],
    ['photos/1.jpg,cat\n,dog', /line 2 has no file/],
    ['photos/1.jpg,cat,training\nphotos/3.jpg,dog,later', /line 2 has the part "later"/],
    ['photos/1.jpg,cat\nphotos/3.jpg,cat', /one class alone, cat/],
    ['nothing.jpg,cat', /none of its 1 files is there/],
    ['', /is empty/],
    ['"photos', /line 1 has a quote/],
    ['\xff\xfe', /table\.csv: line 1 has no class/],
  ] as const)
    assert.throws(() => open(text), says);
  assert.throws(
    () => openPictures(write('table/latin.csv', Buffer.from([0x61, 0xff]))),
    /is not a text in UTF-8/,
  );
});

test('what holds no pictures is refused in a line that says what is expected', () => {
  mkdirSync(join(scratch, 'nothing'));
  assert.throws(
    () => openPictures(join(scratch, 'nothing')),
    /expected a folder a class, .*; found no folder in it/,
  );
  assert.throws(() => openPictures(join(scratch, 'not there')), /There is no .*not there: name a folder/);
  assert.throws(() => openPictures(write('a.jpg', jpeg)), /found a file/);
  write('single/cat/1.jpg', jpeg);
  assert.throws(() => openPictures(join(scratch, 'single')), /one class alone, cat/);
});

test('copies of a picture are found in other sizes and qualities, and nothing else is', async () => {
  const paths: string[] = [];
  for (let i = 0; i < 40; i++) paths.push(await writeNoise(`copies/${i}.jpg`, i));
  for (let i = 0; i < 40; i += 3) paths.push(await writeNoise(`copies/${i}-again.jpg`, i, 40, 40));
  const plain = [0, 60, 200].map((grey) => ({
    data: new Uint8Array(20 * 20 * 3).fill(grey),
    height: 20,
    width: 20,
    channels: 3 as const,
  }));
  const sketches = [...(await Promise.all(paths.map((path) => decodeImage(path)))), ...plain].map(sketch);
  const expected = [...paths.map((path) => parseInt(basename(path))), 54, 55, 56];
  assert.deepEqual(findDuplicates(sketches), expected);
});

/** Three classes of noise: 20 pictures, 12 and 8; the first of each is there again, smaller, and one under a wrong class. */
async function writeSet(): Promise<string> {
  for (const [label, count] of [20, 12, 8].entries()) {
    for (let i = 0; i < count; i++) await writeNoise(`set/class ${label}/${i}.jpg`, 100 * label + i, 48 + i);
    await writeNoise(`set/class ${label}/copy.jpg`, 100 * label, 40);
  }
  await writeNoise('set/class 2/wrong.jpg', 5);
  write('set/class 0/broken.jpg', jpeg.subarray(0, 100));
  write('set/class 1/empty.png', '');
  return join(scratch, 'set');
}

const places = (survey: Survey, split: Split): Map<string, string> =>
  new Map(PARTS.flatMap((part) => split[part].map(({ path }) => [relative(survey.root, path), part])));

test('a survey names what cannot be read; a split is by class, seeded, with copies on one side', async () => {
  const root = await writeSet();
  const survey = await surveyPictures(openPictures(root));
  assert.deepEqual(survey.unreadable.map(({ path }) => relative(root, path)).sort(), [
    'class 0/broken.jpg',
    'class 1/empty.png',
  ]);
  assert.equal(survey.pictures.length, 20 + 12 + 8 + 3 + 1);
  for (let seed = 0; seed < 20; seed++) {
    const split = splitPictures(survey, { seed });
    const where = places(survey, split);
    assert.equal(where.size, survey.pictures.length, 'each picture is in one part');
    for (const label of [0, 1, 2])
      assert.equal(where.get(`class ${label}/copy.jpg`), where.get(`class ${label}/0.jpg`));
    assert.equal(where.get('class 2/wrong.jpg'), where.get('class 0/5.jpg'));
    const { counts } = surveyReport(survey, split);
    assert.deepEqual(counts.map(({ train, validation, test }) => train + validation + test), [21, 13, 10]); // prettier-ignore
    for (const { train, validation, test } of counts) {
      assert.ok(train >= 6, String(train));
      for (const part of [validation, test]) assert.ok(part >= 1 && part <= 4, String(part));
    }
  }
  const [one, again, other] = [1, 1, 2].map((seed) => places(survey, splitPictures(survey, { seed })));
  assert.deepEqual(one, again);
  assert.notDeepEqual(one, other);
});

test('the report says what is worth knowing before training', async () => {
  const survey = await surveyPictures(openPictures(await writeSet()));
  const { copies, remarks } = surveyReport(survey, splitPictures(survey));
  assert.equal(copies.length, 4);
  for (const says of [
    /^Sizes \(width x height\): 40x40 to 67x67, in the middle 5\dx5\d\.$/m,
    /^2 pictures could not be read and are left out\.$/m,
    /^3 pictures are there more than once \(or nearly the same\), on one side/m,
    /^1 picture is there more than once under different classes: at least one label is wrong\.$/m,
    /^Fewer than 20 to train on: class 0 \(1\d\), class 1 \(\d+\), class 2 \(\d\)\./m,
    /^\d pictures to test on: if 90 % of them are right, it is known to lie between \d+ % and \d+ %\.$/m,
  ])
    assert.match(remarks.join('\n'), says);
});

test('pictures that came divided stay so; a missing part is made, and a leak is named', async () => {
  const root = join(scratch, 'divided');
  for (const label of [0, 1])
    for (const [part, from, to] of [
      ['train', 0, 20],
      ['eval', 20, 30],
      ['test', 30, 36],
    ] as const)
      // prettier-ignore
      for (let i = from; i < to; i++) await writeNoise(`divided/${part}/class ${label}/${i}.jpg`, 100 * label + i);
  await writeNoise('divided/test/class 0/leak.jpg', 3, 50);
  const sizes = async (...left: string[]): Promise<number[]> => {
    const set = openPictures(root);
    const survey = await surveyPictures({
      ...set,
      files: set.files.filter(({ part }) => !left.includes(part ?? '')),
    });
    const split = splitPictures(survey);
    const { remarks } = surveyReport(survey, split);
    assert.equal(remarks.join().includes('a leak'), !left.includes('test'));
    return PARTS.map((part) => split[part].length);
  };
  assert.deepEqual(await sizes(), [40, 20, 13]);
  assert.deepEqual(await sizes('test'), [40, 10, 10]);
  assert.deepEqual(await sizes('validation'), [34, 6, 13]);
  assert.deepEqual(await sizes('validation', 'test'), [28, 6, 6]);
});

test('a class that cannot be divided is named', async () => {
  await writeNoise('tiny/a/1.jpg', 1);
  await writeNoise('tiny/a/2.jpg', 2);
  await writeNoise('tiny/b/1.jpg', 3);
  await writeNoise('tiny/b/2.jpg', 3, 40);
  const survey = await surveyPictures(openPictures(join(scratch, 'tiny')));
  assert.throws(() => splitPictures(survey), /^Error: b has too few pictures that can be read and differ/);
  write('bad/a/1.jpg', 'x');
  write('bad/b/1.jpg', 'x');
  await assert.rejects(
    surveyPictures(openPictures(join(scratch, 'bad'))),
    /None of the 2 pictures in .* can be used: .*1\.jpg is no JPEG/,
  );
});

test('a fingerprint follows names, classes and contents, not the folder', async () => {
  await writeNoise('print/a/1.jpg', 1);
  await writeNoise('print/b/2.jpg', 2);
  cpSync(join(scratch, 'print'), join(scratch, 'elsewhere'), { recursive: true });
  const print = async (folder: string): Promise<string> => {
    const survey = await surveyPictures(openPictures(join(scratch, folder)));
    return fingerprintOf(survey, [...survey.pictures].reverse());
  };
  const before = await print('print');
  assert.equal(await print('elsewhere'), before);
  await writeNoise('elsewhere/b/2.jpg', 4);
  assert.notEqual(await print('elsewhere'), before);
});

test('suspects are written commented out; what a reader leaves in is skipped, whatever its name', async () => {
  const names = ['cat/1.jpg', '# odd.jpg', '"quoted".jpg', ' space.jpg ', 'two\nlines.jpg', 'ä 猫.jpg'];
  const text = suspectsText('/pictures', names.map((name) => ({ path: join('/pictures', name), reasons: ['looks\nodd', 'is double'] }))); // prettier-ignore
  const unread = readSkipList(write('suspects.txt', text), '/pictures');
  assert.equal(unread.size, 0);
  const edited = text.replace(/^#(?! )/gm, '');
  const skip = readSkipList(write('edited.txt', edited), '/pictures');
  assert.deepEqual([...skip], names.map((name) => join('/pictures', name))); // prettier-ignore
  assert.throws(() => readSkipList(write('wrong.txt', '"half'), '/'), /line 1 begins with " but is not JSON/);

  const set = openPictures(await writeSet());
  const survey = await surveyPictures(set, new Set([set.files[0].path]));
  assert.equal(survey.pictures.length, 43);
  assert.ok(reasons(survey).includes(`${basename(set.files[0].path)} is to be skipped`));
});

test('a table may name what the split gave', () => {
  writeFileSync(
    join(scratch, 'set.csv'),
    'file,class,part\nset/class 0/1.jpg,a,train\nset/class 1/1.jpg,b,train\nset/class 0/2.jpg,a,test\n',
  );
  assert.deepEqual(openPictures(join(scratch, 'set.csv')).files.map(({ part }) => part), ['train', 'train', 'test']); // prettier-ignore
});
