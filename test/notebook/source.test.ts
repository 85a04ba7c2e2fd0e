import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BasicBlock } from '../../src/models/resnet';
import { projectRoot } from '../../src/locations';
import { type SymbolOrName, fenced, findSource } from '../../src/notebook/source';

const source = (symbol: SymbolOrName) => findSource(symbol).text;

test('a class is found by itself and by its name, as it stands in its file', () => {
  const found = findSource(BasicBlock);
  assert.equal(found.file, 'src/models/resnet.ts');
  assert.deepEqual(findSource('BasicBlock'), found);
  const file = readFileSync(join(projectRoot(), found.file), 'utf8');
  assert.ok(file.includes(found.text));
  assert.deepEqual(
    found.text,
    file
      .split('\n')
      .slice(found.lines[0] - 1, found.lines[1])
      .join('\n'),
  );
  assert.match(found.text, /^\/\*\*[\s\S]*export class BasicBlock [\s\S]*\n}$/);
});

test('a method comes alone, at the left margin, with the comment above it', () => {
  const text = source('BasicBlock.forward');
  assert.match(text, /^\/\*\* .* \*\/\n(override |public )*forward\(/);
  assert.match(text, /\n}$/);
  assert.match(source('BasicBlock.constructor'), /^constructor\(/m);
  const documented = source('escapeHtml');
  assert.ok(documented.startsWith('/**') && !documented.includes('class Output'));
});

test('constants, types and interfaces are found too', () => {
  assert.match(source('COLORS'), /export const COLORS = \[/);
  assert.match(source('Picture'), /export type Picture =/);
  assert.match(source('ProgressReporter.stop'), /stop\(reason\?: string\): void;$/);
});

test('what is not there, or there twice, is said', () => {
  assert.throws(
    () => source('Nonesuch'),
    /no function, class, interface, type or constant named "Nonesuch" in src/,
  );
  assert.throws(
    () => source('BasicBlock.backward'),
    /BasicBlock in src\/models\/resnet.ts has no member named "backward"/,
  );
  assert.throws(() => source('a.b.c'), /must be a name, or a class and its member/);
  assert.throws(() => source(() => 1), /has no name/);
  assert.throws(
    () => source('REDRAW_MS'),
    /"REDRAW_MS" is declared in src\/.*\.ts and src\/.*; it cannot tell/,
  );
});

test('a fence is longer than any in the text', () => {
  assert.equal(fenced('a ```` b', 'ts'), '`````ts\na ```` b\n`````');
  assert.equal(fenced('plain', 'ts'), '```ts\nplain\n```');
});
