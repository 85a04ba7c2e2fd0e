import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp, { type Sharp } from 'sharp';
import { parseCsv } from '../../src/data/csv';
import { projectRoot } from '../../src/locations';
import type { ModelCard } from '../../src/models/modelCard';
import { Random } from '../../src/random';

const root = mkdtempSync(join(tmpdir(), 'own-model-'));
after(() => rmSync(root, { recursive: true, force: true }));
const pictures = join(root, 'my pictures');
const CLASSES = ['kühl', '暖'];
const SMALL = ['--backbone', 'resnet20_cifar']; // a quarter of the default network's work

/** A picture that is more blue or more red, of its class. */
function picture(label: number, number: number): Sharp {
  const random = new Random(11, label, number);
  const data = Uint8Array.from(
    { length: 4 * 4 * 3 },
    (_, i) => random.integer(150) + (i % 3 === (label === 0 ? 2 : 0) ? 100 : 0),
  );
  return sharp(data, { raw: { width: 4, height: 4, channels: 3 } }).resize(52, 60, {
    fit: 'fill',
    kernel: 'cubic',
  });
}

before(async () => {
  for (const [label, name] of CLASSES.entries()) {
    mkdirSync(join(pictures, name), { recursive: true });
    for (let i = 0; i < 24; i++)
      await picture(label, i)
        .jpeg()
        .toFile(join(pictures, name, `${i}.jpg`));
  }
  copyFileSync(join(pictures, CLASSES[0], '3.jpg'), join(pictures, CLASSES[1], 'wrong.jpg'));
  writeFileSync(join(pictures, CLASSES[1], 'broken.jpg'), 'no picture');
});

const nodeArguments = (name: string): string[] => [
  ...['-r', join(projectRoot(), 'data-scripts/kernel/node-compat.cjs')],
  join(projectRoot(), `.build/data-scripts/commands/${name}.js`),
];
const env = { ...process.env, INIT_CWD: root, TF_CPP_MIN_LOG_LEVEL: '3' };

function run(name: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [...nodeArguments(name), ...args], { encoding: 'utf8', env });
}

const cardOf = (folder: string): ModelCard =>
  JSON.parse(readFileSync(join(root, folder, 'card.json'), 'utf8')) as ModelCard;

test('train explains itself, and says in a line what is wrong', () => {
  assert.equal(run('train', '--help').status, 0);
  mkdirSync(join(root, 'full'));
  writeFileSync(join(root, 'full/letter.txt'), 'mine');
  for (const [args, message] of [
    [['--out', 'm'], /^--data is missing/],
    [['--data', 'nowhere', '--out', 'm'], /^There is no .*nowhere: name a folder/],
    [
      ['--data', pictures, '--out', 'm', '--backbone', 'vgg'],
      /^--backbone must be one of resnet18, .*, got vgg\.$/m,
    ],
    [['--data', pictures, '--out', 'm', '--resume'], /^There is no run to go on with in m/],
    [['--data', pictures, '--out', 'full'], /^full is not empty/],
  ] as const) {
    const { status, stderr } = run('train', ...args);
    assert.equal(status, 1, args.join(' '));
    assert.match(stderr, message);
    assert.ok(!stderr.includes('    at '), stderr);
  }
  assert.deepEqual(readdirSync(join(root, 'full')), ['letter.txt']);
});

test('a folder of pictures becomes a model, which predicts; suspects can be skipped', () => {
  const trained = run('train', '--data', pictures, '--out', 'model', '--way', 'features', ...SMALL);
  assert.equal(trained.status, 0, trained.stderr);
  for (const says of [
    /^kühl +\d+ +4 +4$/m,
    /^1 picture could not be read and is left out\.$/m,
    /^1 picture is there more than once under different classes/m,
    /^not used: .*broken\.jpg is no JPEG/m,
    /^A new last layer on the features of ResNet20_Cifar_Weights\.WORKBOOK_V1: \d/m,
    /^On the test, looked at once: \d+\.\d % \(\d of 8\)/m,
  ])
    assert.match(trained.stdout, says);
  const card = cardOf('model');
  assert.deepEqual(card.classes, CLASSES);
  assert.ok(card.training?.test && card.training.test.right >= 6, JSON.stringify(card.training?.test));
  assert.match(
    card.training.command,
    /^npm run train -- --data '.*my pictures' --out model --way features --backbone resnet20_cifar$/,
  );
  const second = run('train', '--data', pictures, '--out', 'model');
  assert.match(second.stderr, /^model holds a model already/);

  const asked = [join(pictures, CLASSES[0]), join(pictures, CLASSES[1], '1.jpg'), 'nowhere.png'];
  const page = join(root, 'answers.html');
  const said = run('predict', 'model', ...asked, '--json', '--report', page);
  assert.equal(said.status, 1, 'a picture is missing');
  assert.match(said.stderr, /^nowhere\.png is not there$/m);
  const { classes, predictions, unreadable } = JSON.parse(said.stdout) as {
    classes: string[];
    predictions: { file: string; top: { category: string; probability: number }[]; unlike: boolean }[];
    unreadable: { file: string; reason: string }[];
  };
  assert.deepEqual(classes, CLASSES);
  assert.equal(predictions.length, 25);
  assert.equal(predictions[24].file, join('my pictures', CLASSES[1], '1.jpg'));
  assert.ok(predictions.filter(({ top }) => top[0].category === CLASSES[0]).length >= 20);
  assert.deepEqual(unreadable, [{ file: 'nowhere.png', reason: 'is not there' }]);
  const html = readFileSync(page, 'utf8');
  assert.equal(html.match(/<img /g)?.length, 50);
  assert.ok(!html.includes('<script'));

  const csv = run('predict', 'model', join(pictures, CLASSES[1]), '--csv', '--top', '1');
  assert.equal(csv.status, 1);
  assert.match(csv.stderr, /broken\.jpg is no JPEG/);
  const rows = parseCsv(csv.stdout).map(({ cells }) => cells);
  assert.deepEqual(rows[0], ['file', 'class', 'probability', 'none of these?']);
  assert.equal(rows.length, 1 + 25);
  const good = run('predict', 'model', join(pictures, CLASSES[1], '2.jpg'));
  assert.deepEqual([good.status, good.stderr], [0, '']);
  assert.match(good.stdout, /^(none of these\? \()?(暖|kühl)\)? +\d\.\d\d +.*2\.jpg$/m);

  const suspects = join(root, 'model/training/suspects.txt');
  const text = readFileSync(suspects, 'utf8');
  assert.match(text, /^# is there already as 暖\/wrong\.jpg, a 暖$/m);
  writeFileSync(suspects, text.replace('#暖/wrong.jpg', '暖/wrong.jpg\nnot/there.jpg'));
  const features = ['--way', 'features', ...SMALL];
  const again = run('train', '--data', pictures, '--out', 'again', ...features, '--skip', suspects);
  assert.equal(again.status, 0, again.stderr);
  assert.match(again.stdout, /^not used: .*wrong\.jpg is to be skipped$/m);
  assert.match(again.stdout, /^To be skipped, but not among the pictures: .*there\.jpg$/m);
  assert.ok(!again.stdout.includes('more than once'));
  assert.ok(existsSync(join(pictures, CLASSES[1], 'wrong.jpg')), 'no picture is deleted');

  // the split that it made, as a table, gives the same split
  const table = run('train', '--data', 'model/training/pictures.csv', '--out', 'from table', ...features);
  assert.equal(table.status, 0, table.stderr);
  assert.match(table.stdout, /^Pictures, as they came divided$/m);
  assert.deepEqual(cardOf('from table').training?.parts.map((part) => part.pictures), card.training.parts.map((part) => part.pictures)); // prettier-ignore
});

test('fine-tuning that Ctrl-C stops keeps a model; --resume comes to the bits of a run that was not stopped', async () => {
  const args = [
    '--data',
    pictures,
    '--way',
    'fine-tune',
    '--epochs',
    '4',
    '--precision',
    'float32',
    ...SMALL,
  ];
  const whole = run('train', ...args, '--out', 'whole');
  assert.equal(whole.status, 0, whole.stderr);
  assert.equal(existsSync(join(root, 'whole/training/run.safetensors')), false);

  const child = spawn(process.execPath, [...nodeArguments('train'), ...args, '--out', 'stopped'], { env });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const before = said;
    said += chunk.toString();
    if (!before.includes('Epoch 1/4: val') && said.includes('Epoch 1/4: val')) child.kill('SIGINT');
  });
  const status = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(status, 0, said);
  assert.match(said, /^Fine-tuning was stopped; the same command with --resume goes on with it\.$/m);
  assert.match(
    String(cardOf('stopped').training?.settings['epochs of fine-tuning']),
    /^[12] of 4, stopped by the reader$/,
  );
  assert.match(
    run('train', ...args, '--out', 'stopped').stderr,
    /^stopped holds a run that was stopped\.\nTo mend it: add --resume/,
  );
  const resumed = run('train', ...args, '--out', 'stopped', '--resume');
  assert.equal(resumed.status, 0, resumed.stderr);
  assert.match(resumed.stdout, /^Going on after [12] epochs/m);
  assert.equal(cardOf('stopped').sha256, cardOf('whole').sha256);
});

test('published weights are asked by their name; what is no model is said', () => {
  const file = join(pictures, CLASSES[0], '1.jpg');
  const named = run('predict', 'resnet20_cifar', file, '--top', '10', '--json');
  assert.equal(named.status, 0, named.stderr);
  assert.match(named.stdout, /"category": "airplane"/);
  for (const [args, message] of [
    [['nothing', file], /^nothing is neither a model's folder nor one of resnet18/],
    [['my pictures', file], /my pictures is no model: it has no card\.json/],
    [['resnet20_cifar', file, '--json', '--csv'], /^--json and --csv are two forms/],
  ] as const) {
    const { status, stderr } = run('predict', ...args);
    assert.equal(status, 1);
    assert.match(stderr, message);
  }
});
