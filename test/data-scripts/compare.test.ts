import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { bytesOf } from '../../src/state/dtype';
import { saveSafetensors } from '../../src/checkpoint/safetensors';
import { saveCheckpoint } from '../../src/checkpoint/save';
import { projectRoot } from '../../src/locations';
import type { StateDict } from '../../src/state/stateDict';
import { entry } from '../checkpoint/golden';

const root = projectRoot();
const scratch = mkdtempSync(join(tmpdir(), 'compare-'));
after(() => rmSync(scratch, { recursive: true }));

/** A Python with torch and safetensors, for the comparisons that need it. */
const torch = process.env.RESNET_WORKBOOK_TORCH;

function compare(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const script = join(root, '.build/data-scripts/commands/compare.js');
  const preload = join(root, 'data-scripts/kernel/node-compat.cjs');
  return spawnSync(process.execPath, ['-r', preload, script, ...args], {
    encoding: 'utf8',
    env: { ...process.env, INIT_CWD: scratch },
  });
}

/** The counts of the table. */
function counts(stdout: string): Record<string, number> {
  return Object.fromEntries(
    [...stdout.matchAll(/^ {2}(\w.*?) +(\d+)$/gm)].map(([, kind, count]) => [kind, Number(count)]),
  );
}

const folder = join(scratch, 'checkpoints');
mkdirSync(join(folder, 'within'), { recursive: true });
const dict: StateDict = new Map([
  ['w', { dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) }],
  ['n', { dtype: 'int64', shape: [], data: BigInt64Array.of(3n) }],
]);
saveCheckpoint(join(folder, 'a.pth'), dict);
saveSafetensors(join(folder, 'within', 'b.safetensors'), dict);
writeFileSync(join(folder, 'c.txt'), 'no checkpoint');
for (const name of ['wrapped-twice.pth', 'wrapped-weights.pth', 'complex.pth', 'dtypes-protocol5.pth'])
  cpSync(join(root, 'test/golden/checkpoint', name), join(folder, name));

test('compare explains itself, and says in a line what is wrong', () => {
  for (const args of [['--help'], ['checkpoints', '-h'], ['pictures', '--help']]) {
    const { status, stdout } = compare(...args);
    assert.equal(status, 0);
    for (const word of ['checkpoints', 'FOLDER', '--python']) assert.ok(stdout.includes(word), word);
  }
  for (const [args, message] of [
    [[], /^What is to be compared, .*checkpoints/],
    [['toString'], /^What is to be compared, /],
    [['checkpoints'], /^Which folder\? Got none\.$/m],
    [['checkpoints', 'a', 'b', '--python', 'p'], /^Which folder\? Got a, b\.$/m],
    [['checkpoints', 'nowhere', '--python', 'p'], /nowhere is no folder\.$/m],
    [['checkpoints', 'checkpoints'], /^--python is missing/],
    [['checkpoints', 'checkpoints', '--colour'], /^Unknown option '--colour'/],
    [['checkpoints', 'checkpoints', '--python', './no-python'], /no-python gave no answer: .*ENOENT/],
  ] as const) {
    const { status, stderr } = compare(...args);
    assert.equal(status, 1, args.join(' '));
    assert.match(stderr, message);
    assert.ok(!stderr.includes('    at '), 'a stack is not for readers');
  }
});

/** In the place of Python: answers by the file's name, by default that it holds nothing. */
function standIn(name: string, answers: Record<string, unknown>): string {
  const program = join(scratch, name);
  writeFileSync(
    program,
    `#!${process.execPath}
const answers = ${JSON.stringify(answers)};
console.log('{"versions":"a stand-in"}');
require('readline').createInterface({ input: process.stdin }).on('line', (line) =>
  console.log(JSON.stringify(answers[require('path').basename(JSON.parse(line).path)] ?? { error: 'unknown' })));
`,
  );
  chmodSync(program, 0o755);
  return program;
}

function sha256(state: StateDict, name: string): string {
  return createHash('sha256')
    .update(bytesOf(entry(state, name)))
    .digest('hex');
}

test('each way in which a file can come out is told from the others, differing ones by the status too', () => {
  const good = [
    ['w', 'float32', [2], sha256(dict, 'w')],
    ['n', 'int64', [], sha256(dict, 'n')],
  ];
  const answers = {
    'a.pth': { dicts: { '': good } },
    'b.safetensors': { dicts: { '': [...good].reverse() } },
    'complex.pth': { dicts: { '': [['z', 'complex64', [2], '']] } },
    'wrapped-weights.pth': { dicts: {} }, // a stand-in that overlooks them
  };
  const all = compare('checkpoints', 'checkpoints', '--python', standIn('right', answers));
  assert.match(all.stdout, /^7 files in .*checkpoints, against a stand-in$/m);
  assert.deepEqual(counts(all.stdout), {
    'equal to the bit': 2,
    'refused by both': 2,
    'only Python': 1,
    'only ours': 1,
    differing: 1,
  });
  assert.match(all.stdout, /^ {2}c\.txt: expected a \.pth .*; Python: unknown$/m);
  assert.match(all.stdout, /^ {2}wrapped-twice\.pth: it holds several state dicts;.*; Python: unknown$/m);
  assert.match(all.stdout, /^ {2}dtypes-protocol5\.pth: Python: unknown$/m);
  assert.match(all.stdout, /^ {2}complex\.pth: its pickle asks for "torch\.ComplexFloatStorage"/m);
  assert.match(all.stdout, /^ {2}wrapped-weights\.pth: Python finds no state dict in it$/m);
  assert.equal(all.status, 1);

  rmSync(join(folder, 'wrapped-weights.pth'));
  const equal = compare('checkpoints', folder, '--python', standIn('equal', answers));
  assert.equal(equal.status, 0, equal.stderr);

  for (const [what, entries] of [
    [/other numbers/, [good[0], ['n', 'int64', [], sha256(dict, 'w')]]],
    [/"n" is int64 \[\] here, int32 \[\] there/, [good[0], ['n', 'int32', [], sha256(dict, 'n')]]],
    [
      /"w" is float32 \[2\] here, float32 \[1, 2\] there/,
      [['w', 'float32', [1, 2], sha256(dict, 'w')], good[1]],
    ],
    [/2 tensors here, 1 there/, [good[0]]],
    [/"m" is missing here/, [good[0], ['m', 'int64', [], sha256(dict, 'n')]]],
  ] as const) {
    const wrong = { ...answers, 'a.pth': { dicts: { '': entries } } };
    const { status, stdout } = compare('checkpoints', 'checkpoints', '--python', standIn('wrong', wrong));
    assert.equal(status, 1);
    assert.match(stdout, new RegExp(`differing:\\n {2}a\\.pth: .*${what.source}`));
  }
});

test(
  'of 200 generated checkpoints, none differs from what torch and safetensors read',
  { skip: !torch && 'RESNET_WORKBOOK_TORCH names no Python with torch and safetensors' },
  () => {
    const generated = join(scratch, 'generated');
    const env = { ...process.env, OPENBLAS_CORETYPE: undefined, OPENBLAS_L2_SIZE: undefined };
    execFileSync(torch ?? '', [join(root, 'test/golden/random_checkpoints.py'), generated, '200', '7'], {
      env,
    });
    const { status, stdout, stderr } = compare('checkpoints', generated, '--python', torch ?? '');
    assert.equal(status, 0, stdout + stderr);
    assert.equal(counts(stdout).differing, 0);
    assert.ok(counts(stdout)['equal to the bit'] > 120, stdout);
  },
);
