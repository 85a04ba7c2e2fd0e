import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { comparePictures } from '../../data-scripts/commands/compare/pictures';
import { projectRoot } from '../../src/locations';
import { golden } from '../data/golden';

const scratch = mkdtempSync(join(tmpdir(), 'compare-pictures-'));
after(() => rmSync(scratch, { recursive: true }));

/** Runs the command and returns its exit status and what it printed. */
async function compare(...args: string[]): Promise<{ status: number; lines: string }> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (line: string) => lines.push(line);
  try {
    return { status: await comparePictures(args), lines: lines.join('\n') };
  } finally {
    console.log = log;
  }
}

const count = (lines: string, kind: string): number =>
  Number(new RegExp(`^ +${kind} +(\\d+)$`, 'm').exec(lines)?.[1]);

/** A stand-in for a Python with Pillow: it says of each file what `answers` has under its name. */
function peer(answers: Record<string, object>): string {
  const path = join(scratch, 'python');
  const script = `#!${process.execPath}
    const answers = ${JSON.stringify(answers)};
    console.log(JSON.stringify({ Pillow: '0.0' }));
    require('readline').createInterface({ input: process.stdin }).on('line', (line) =>
      console.log(JSON.stringify(answers[require('path').basename(JSON.parse(line).path)])));`;
  writeFileSync(path, script);
  chmodSync(path, 0o755);
  return path;
}

test('each file is put where it belongs, and one that differs makes the command fail', async () => {
  const folder = join(scratch, 'folder');
  mkdirSync(join(folder, 'below'), { recursive: true });
  const entry = golden.decoded.find(({ name }) => name === 'color.png');
  assert.ok(entry);
  const file = Buffer.from(entry.file, 'base64');
  const names = ['same.png', 'below/other.png', 'ours.png'];
  for (const name of names) writeFileSync(join(folder, name), file);
  writeFileSync(join(folder, 'neither.txt'), 'no picture');
  writeFileSync(join(folder, 'pillow.xbm'), '#define x_width 1');
  const { createHash } = await import('node:crypto');
  const sha256 = createHash('sha256').update(Buffer.from(entry.data, 'base64')).digest('hex');
  const { height, width } = entry;
  const answers = {
    'same.png': { height, width, sha256 },
    'other.png': { height, width, sha256: 'another' },
    'ours.png': { refusal: 'OSError: no' },
    'neither.txt': { refusal: 'UnidentifiedImageError: no' },
    'pillow.xbm': { height: 1, width: 1, sha256 },
  };
  const { status, lines } = await compare(folder, '--python', peer(answers));
  assert.equal(status, 1, lines);
  for (const kind of ['equal', 'refused by both', 'only Pillow', 'only ours', 'differing'])
    assert.equal(count(lines, kind), 1, kind);
  assert.equal(count(lines, 'depends on the part'), 0);
  assert.match(
    lines,
    new RegExp(`^differing:\n {2}below/other\\.png: ${height}x${width}; Pillow: ${height}x${width}$`, 'm'),
  );
  assert.match(lines, /^only Pillow:\n {2}pillow\.xbm: is no JPEG, PNG/m);
  assert.doesNotMatch(lines, /neither\.txt|same\.png/);
  const { lines: all } = await compare(folder, '--verbose', '--python', peer(answers));
  assert.match(all, /^ {2}neither\.txt: is no JPEG, .*; Pillow: UnidentifiedImageError: no$/m);
  assert.match(all, /^ {2}same\.png$/m);
  rmSync(join(folder, 'below'), { recursive: true });
  assert.equal((await compare(folder, '--python', peer(answers))).status, 0);
});

test('the command explains itself, and says in a line what is wrong', async () => {
  await assert.rejects(compare('--python', 'python'), /^Trouble: Which folder\? Got none/);
  await assert.rejects(compare(scratch), /^Trouble: --python is missing/);
  await assert.rejects(compare(join(scratch, 'nowhere'), '--python', 'python'), /nowhere is no folder/);
  await assert.rejects(compare(scratch, '--python', join(scratch, 'no-python')), /gave no answer/);
});

const python = process.env.RESNET_WORKBOOK_PILLOW;
const withoutPillow = python ? false : 'RESNET_WORKBOOK_PILLOW names no Python with Pillow and numpy';

test('thousands of generated pictures: none differs from Pillow', { skip: withoutPillow }, async () => {
  const folder = join(scratch, 'generated');
  const script = join(projectRoot(), 'test/golden/pictures.py');
  const seed = process.env.FUZZ_SEED ?? '11';
  execFileSync(python as string, [script, folder, '2000', seed], { stdio: ['ignore', 'ignore', 'ignore'] });
  const { status, lines } = await compare(folder, '--python', python as string);
  assert.equal(status, 0, lines);
  assert.ok(count(lines, 'equal') > 1000, lines);
  assert.equal(count(lines, 'only ours'), 0, lines);
});

test('Pillow’s side answers line by line', { skip: withoutPillow }, () => {
  const script = join(projectRoot(), 'data-scripts/commands/compare/pictures_peer.py');
  const { stdout } = spawnSync(python as string, [script], {
    input: '{"path": "/nowhere"}\n',
    encoding: 'utf8',
  });
  const [version, answer] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>);
  assert.match(version.Pillow, /^\d+\./);
  assert.match(answer.refusal, /FileNotFoundError/);
});
