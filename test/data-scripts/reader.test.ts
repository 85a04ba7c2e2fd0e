import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { parse, programFromReader, Trouble, wholeNumber } from '../../data-scripts/lib/reader.cjs';
import { root } from '../setup/scripts';

/** What a program says that ends with this error. */
function said(error: string): { status: number | null; stderr: string } {
  const reader = JSON.stringify(join(root, 'data-scripts/lib/reader.cjs'));
  return spawnSync(process.execPath, ['-e', `const r = require(${reader}); r.fail(${error})`], {
    encoding: 'utf8',
  });
}

test('a reader is told what is wrong and what mends it; a mistake of ours, where it is', () => {
  assert.deepEqual(
    ["new r.Trouble('No room.', 'make some')", "new Error('ENOSPC')", "'words'"].map(
      (error) => said(error).stderr,
    ),
    ['No room.\nTo mend it: make some\n', 'ENOSPC\n', 'words\n'],
  );
  const { status, stderr } = said("new TypeError('x is no function')");
  assert.match(stderr, /^TypeError: x is no function\n {4}at /);
  assert.equal(status, 1);
});

test('words are read, or answered with the help', () => {
  const options = { size: { type: 'string' } } as const;
  assert.equal(parse('HELP', { args: ['--size', '3'], options })?.values.size, '3');
  assert.throws(
    () => parse('HELP', { args: ['--colour'], options }),
    (error) => error instanceof Trouble && /^Unknown option '--colour'.*\n\nHELP$/s.test(error.message),
  );
});

test('numbers are whole, and not below the lowest', () => {
  assert.equal(wholeNumber('size', '12'), 12);
  assert.equal(wholeNumber('size', '0', 0), 0);
  for (const text of ['0', '-1', '1.5', '1e3', '', ' 2', 'two', '99999999999999999999'])
    assert.throws(() => wholeNumber('size', text), /^Trouble: --size must be a whole number from 1, got /);
});

test('a program is taken by its name from PATH, and by a path from where the reader is', () => {
  assert.equal(programFromReader('python3'), 'python3');
  assert.equal(
    programFromReader('./env/python'),
    resolve(process.env.INIT_CWD ?? process.cwd(), 'env/python'),
  );
});
