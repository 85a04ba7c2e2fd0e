import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { CheckpointError } from '../../src/state/error';
import { loadCheckpoint } from '../../src/checkpoint/load';
import * as forge from './forge';
import { entry, golden, temporaryFolder } from './golden';

const { pickle, safetensors, stateDictPickle, STORAGE, tensor, text, torchLegacy, torchZip, zip } = forge;
const folder = temporaryFolder();
const file = path.join(folder, 'hostile.pth');
let shown = '';

/** The one line that loading these bytes prints, without the path; also checks what holds for all of them. */
function refusal(bytes: Buffer): string {
  fs.writeFileSync(file, bytes);
  try {
    loadCheckpoint(file);
  } catch (error) {
    assert.ok(error instanceof CheckpointError, `not a CheckpointError: ${(error as Error).stack}`);
    const start = `cannot read ${file}: `;
    assert.ok(error.message.startsWith(start), error.message);
    assert.match(error.message, /^\P{C}*$/u); // one line, no control characters
    assert.ok(error.message.length < 500, error.message);
    return error.message.slice(start.length);
  }
  throw new Error('it was loaded');
}

function refuses(
  group: string,
  cases: readonly (readonly [what: string, bytes: () => Buffer, line: RegExp])[],
): void {
  for (const [what, bytes, line] of cases) {
    it(what, () => {
      const message = refusal(bytes());
      shown += `${group}: ${what}\n    ${message}\n`;
      assert.match(message, line);
    });
  }
}

/** What the same files give before anything is wrong with them. */
describe('the forged files themselves are good', () => {
  const big = zip(
    [
      { name: 'a/data.pkl', data: stateDictPickle() },
      { name: 'a/data/0', data: STORAGE },
    ],
    { zip64: true },
  );
  const good: Record<string, Buffer> = {
    zip: torchZip(),
    zip64: big,
    'zip with a comment': torchZip(undefined, [], { comment: 'made by hand' }),
    'old format': torchLegacy(),
    safetensors: safetensors({ w: { dtype: 'F32', shape: [4], data_offsets: [0, 16] } }),
    "the old format's view of a storage": torchLegacy({
      root: stateDictPickle({ shape: [2], view: ['(', text('v'), 2, 2, 't'] }),
    }),
    'OrderedDict of pairs, as from Python 2': torchZip(
      pickle('ccollections\nOrderedDict\n(](](U\x01w', tensor(), 'eetR'),
    ),
  };
  for (const [name, bytes] of Object.entries(good)) {
    it(name, () => {
      fs.writeFileSync(file, bytes);
      const { dtype, data } = entry(loadCheckpoint(file), 'w');
      assert.equal(dtype, 'float32');
      assert.deepEqual([...data], name.includes('view') ? [3, 4] : [1, 2, 3, 4]);
    });
  }
});

describe('pickles that do more than a state dict needs', () => {
  const call = (module: string, name: string, argument: string) =>
    torchZip(pickle(`c${module}\n${name}\n`, '(', text(argument), 'tR'));
  refuses('pickles that do more than a state dict needs', [
    [
      'os.system',
      () => call('os', 'system', 'touch pwned'),
      /^its pickle asks for "os\.system".*nothing was run/,
    ],
    ['posix.system', () => call('posix', 'system', 'touch pwned'), /"posix\.system".*nothing was run/],
    ['builtins.eval', () => call('builtins', 'eval', '1'), /"builtins\.eval".*nothing was run/],
    [
      'os.system in the old format',
      () => torchLegacy({ root: pickle('cos\nsystem\n(', text('id'), 'tR') }),
      /"os\.system".*nothing was run/,
    ],
    [
      'os.system in the old format, in the place of the magic number',
      () => torchLegacy({ magic: pickle('cos\nsystem\n(', text('id'), 'tR') }),
      /"os\.system".*nothing was run/,
    ],
    [
      'builtins.eval by STACK_GLOBAL',
      () => torchZip(pickle('\x8c\x08builtins\x8c\x04eval\x93(', text('1'), 'tR')),
      /"builtins\.eval".*nothing was run/,
    ],
    [
      'torch.storage._load_from_bytes, which unpickles again',
      () => call('torch.storage', '_load_from_bytes', 'x'),
      /"torch\.storage\._load_from_bytes".*nothing was run/,
    ],
    [
      'a name that breaks the line and colours the terminal',
      () => torchZip(pickle(text('os\n\x1b[31m\u202e'), text('system'), '\x93')),
      /"os\\n\\u001b\[31m\\u\{202e\}\.system"/,
    ],
    ['INST, an opcode of protocol 0', () => torchZip(pickle('(ios\nsystem\n')), /opcode 0x69.* at byte 3;/],
    [
      'a global that is called __proto__',
      () => call('__proto__', 'constructor', 'x'),
      /"__proto__\.constructor"/,
    ],
    [
      'a call of a storage class',
      () => torchZip(pickle('ctorch\nFloatStorage\n)R')),
      /a call of torch\.FloatStorage/,
    ],
    ['a call of a text', () => torchZip(pickle(text('x'), ')R')), /a call of something that is no function/],
    ['attributes for a tensor', () => torchZip(pickle(tensor(), '}b')), /attributes for something/],
    ['a whole model', () => torchLegacy({ root: pickle('(', text('module'), 'tQ') }), /holds a whole model/],
  ]);

  it('nothing was run', () => assert.ok(!fs.existsSync('pwned')));
});

describe('pickles that are damaged or bombs', () => {
  const million = (opcode: string) => opcode.repeat(1_000_001);
  const char = String.fromCharCode;
  refuses('pickles that are damaged or bombs', [
    ['cut off', () => torchZip(stateDictPickle().subarray(0, 5)), /its pickle is cut off at byte 5;/],
    ['empty', () => torchZip(Buffer.alloc(0)), /its pickle is cut off at byte 0/],
    ['protocol 0', () => torchZip(Buffer.from('\x80\x00N.', 'latin1')), /pickle protocol 0, expected 2 to 5/],
    ['nesting', () => torchZip(pickle('('.repeat(100_000))), /more than 1000 open collections at byte 1002/],
    ['a million dicts', () => torchZip(pickle(million('}'))), /takes more than 1000000 steps/],
    [
      'a memo of millions',
      () =>
        torchZip(
          pickle(
            'N',
            Buffer.concat(
              Array.from({ length: 600_000 }, (_, i) =>
                Buffer.concat([Buffer.from('Nr'), forge.int(i * 7001, 4)]),
              ),
            ),
          ),
        ),
      /takes more than 1000000 steps/,
    ],
    [
      'a list in itself',
      () => torchZip(pickle(']q\x00h\x00a')),
      /expected a state dict \(names with tensors\), found a list/,
    ],
    [
      'a dict in itself',
      () => torchZip(pickle('}q\x00', text('state_dict'), 'h\x00s')),
      /expected a state dict \(names with tensors\), found a dict with "state_dict";/,
    ],
    [
      'doubling lists (billion laughs)',
      // Each list holds the one before twice: 2^60 items for who walks through it.
      () =>
        torchZip(
          pickle(
            ']q\x00',
            ...Array.from({ length: 60 }, (_, i) => `](h${char(i)}h${char(i)}eq${char(i + 1)}`),
          ),
        ),
      /expected a state dict \(names with tensors\), found a list/,
    ],
    [
      'a memo that is not there',
      () => torchZip(pickle('h\x07')),
      /a reference to object 7, which is not there/,
    ],
    ['an empty stack', () => torchZip(pickle('')), /an operation on an empty stack at byte 2/],
    ['a collection not begun', () => torchZip(pickle('t')), /end of a collection that was not begun/],
    [
      'items for a number',
      () => torchZip(pickle(1, '(', 2, 3, 'u')),
      /items for something that is not a dict/,
    ],
    ['a key without a value', () => torchZip(pickle('}(', 2, 'u')), /a key without a value/],
    [
      'a text that is not UTF-8',
      () => torchZip(pickle('}X', forge.int(1, 4), '\xff', tensor(), 's')),
      /a text that is not UTF-8 at byte 3/,
    ],
    [
      'a text longer than the pickle',
      () => torchZip(pickle('X', forge.int(0xffffffff, 4))),
      /its pickle is cut off/,
    ],
    [
      'a global without an end',
      () => torchZip(pickle(`c${'a'.repeat(1000)}\nb\n`)),
      /a global whose name does not end/,
    ],
    [
      'a forged storage',
      () => torchZip(pickle('ctorch._utils\n_rebuild_tensor\n(}', 0, '))tR')),
      /no valid storage/,
    ],
    ['a reference that is no storage', () => torchZip(pickle('NQ')), /a reference that is not to a storage/],
    [
      'a number',
      () => torchZip(pickle(5)),
      /^expected a state dict \(names with tensors\), found a number; pass a file with a network's weights$/,
    ],
    ['a dict of numbers', () => torchZip(pickle('}', text('epoch'), 5, 's')), /found a dict with "epoch";/],
    [
      'two state dicts with a name that breaks the line',
      () =>
        torchZip(
          pickle('}(', text('a\n'), '}', text('w'), tensor(), 's', text('b'), '}', text('v'), tensor(), 'su'),
        ),
      /several state dicts; choose one by its key, which may be "a\\n", "b"$/,
    ],
    [
      'dicts that hold each other a thousand times over, at every level',
      () =>
        torchZip(
          pickle(
            ...Array.from({ length: 4 }, (_, i) => `}q${char(i)}`),
            ...Array.from({ length: 4 }, (_, i) => [
              `h${char(i)}(`,
              ...Array.from({ length: 1000 }, (_, k) =>
                Buffer.concat([text(`k${k}`), Buffer.from(`h${char((i + 1) % 4)}`)]),
              ),
              'u',
            ]).flat(),
            'h\x00',
          ),
        ),
      /found a dict with "k0", "k1".* and 994 more/,
    ],
    [
      'the conj bit, which only complex numbers have',
      () => torchZip(stateDictPickle({ metadata: ['}', text('conj'), '\x88s'] })),
      /metadata other than the neg bit/,
    ],
    [
      'metadata of another kind',
      () => torchZip(stateDictPickle({ metadata: [5] })),
      /metadata other than the neg bit/,
    ],
    [
      'a negated bool',
      () =>
        torchZip(
          stateDictPickle({ type: 'BoolStorage', storageSize: 16, metadata: ['}', text('neg'), '\x88s'] }),
        ),
      /"w" is a negated bool/,
    ],
  ]);
});

describe('sizes that lie in a pickle', () => {
  const sized = (parts: forge.TensorParts) => () => torchZip(stateDictPickle(parts));
  refuses('sizes that lie in a pickle', [
    [
      'a storage larger than the file has',
      sized({ storageSize: 2 ** 30, shape: [2 ** 30] }),
      /storage "0" has 1073741824 float32 \(4294967296 bytes\), the file has 16 bytes/,
    ],
    [
      'a storage of another type',
      sized({ type: 'DoubleStorage' }),
      /storage "0" has 4 float64 \(32 bytes\), the file has 16 bytes/,
    ],
    [
      'a shape larger than its storage',
      sized({ shape: [5] }),
      /tensor "w" reaches element 4 of a storage of 4/,
    ],
    ['an offset past the end', sized({ offset: 1 }), /tensor "w" reaches element 4 of a storage of 4/],
    ['a stride past the end', sized({ stride: [2] }), /tensor "w" reaches element 6/],
    [
      'a stride of 0 with a huge shape',
      sized({ shape: [2 ** 30], stride: [0] }),
      /tensor "w" of 1073741824 elements.*larger than the whole file/,
    ],
    [
      'a stride of 0 beyond all numbers',
      sized({ shape: Array<number>(40).fill(2 ** 30), stride: Array<number>(40).fill(0) }),
      /larger than the whole file/,
    ],
    ['a negative size', sized({ shape: [-4] }), /no valid storage, offset, size or stride/],
    ['a negative stride', sized({ stride: [-1], offset: 3 }), /no valid storage, offset, size or stride/],
    ['more sizes than strides', sized({ shape: [2, 2] }), /2 sizes but 1 strides/],
    [
      '65 dimensions',
      sized({ shape: Array<number>(65).fill(1), stride: Array<number>(65).fill(1) }),
      /no valid storage/,
    ],
    [
      'a key that is a path',
      sized({ key: '../../etc/passwd' }),
      /it has no entry "a\/data\/\.\.\/\.\.\/etc\/passwd"/,
    ],
    [
      'one storage described twice',
      () => torchZip(pickle('}(', text('a'), tensor(), text('b'), tensor({ type: 'IntStorage' }), 'u')),
      /storage "0" twice, as 4 float32 and 4 int32/,
    ],
    [
      'many strided copies, each smaller than the file',
      () =>
        torchZip(
          pickle(
            '}(',
            ...Array.from({ length: 99 }, (_, i) => [
              text(`t${i}`),
              tensor({ shape: [1000], stride: [0] }),
            ]).flat(),
            'u',
          ),
        ),
      /tensor "t\d+" of 1000 elements, with those before it, is larger than the whole file/,
    ],
  ]);
});

describe('zips that lie', () => {
  const entry = { name: 'a/data/0', data: STORAGE };
  const withEntry = (change: Partial<forge.ZipPart>, options?: forge.ZipOptions) => () =>
    zip(
      [
        { name: 'a/data.pkl', data: stateDictPickle() },
        { ...entry, ...change },
      ],
      options,
    );
  refuses('zips that lie', [
    [
      'an absolute path',
      withEntry({ name: '/etc/passwd' }),
      /its entry "\/etc\/passwd" points out of the archive/,
    ],
    ["a path with '..'", withEntry({ name: 'a/../../x' }), /"a\/\.\.\/\.\.\/x" points out of the archive/],
    ['a path of Windows', withEntry({ name: 'C:\\x' }), /"C:\\\\x" points out of the archive/],
    ['one name twice', () => torchZip(undefined, [entry]), /it names "a\/data\/0" twice/],
    [
      'another name in the entry',
      withEntry({ localName: 'a/data/1' }),
      /"a\/data\/0" has another name in its own header/,
    ],
    [
      'a size past the file',
      withEntry({ size: 2 ** 31 }),
      /"a\/data\/0" of 2147483648 bytes reaches past its place/,
    ],
    ['a zip64 size past the file', withEntry({ size: 2n ** 62n }, { zip64: true }), /reaches past its place/],
    ['an offset past the file', withEntry({ offset: 2 ** 31 }), /reaches past its place/],
    [
      'an offset into the directory',
      withEntry({ offset: 300 }),
      /reaches past its place|not where it should be/,
    ],
    [
      'two entries in one place',
      () => torchZip(undefined, [{ name: 'a/data/1', data: STORAGE, offset: 0 }]),
      /reaches past its place/,
    ],
    ['a wrong checksum', withEntry({ crc: 1 }), /"a\/data\/0" does not match its checksum/],
    ['a deflated entry', withEntry({ method: 8 }), /"a\/data\/0" is compressed, expected it stored.*zip -0/],
    ['an encrypted entry', withEntry({ flags: 1 }), /"a\/data\/0" is encrypted/],
    [
      'more entries than there are',
      withEntry({}, { count: 60_000 }),
      /its directory has 2 entries, expected 60000/,
    ],
    ['fewer entries than there are', withEntry({}, { count: 1 }), /it has no entry "a\/data\/0"/],
    [
      'a directory outside',
      withEntry({}, { directoryOffset: 2 ** 31 }),
      /its directory reaches past its end/,
    ],
    [
      'a directory of 4 GB',
      withEntry({}, { directorySize: 2 ** 32 - 2 }),
      /its directory reaches past its end/,
    ],
    [
      'a zip64 directory of 2^60 bytes',
      withEntry({}, { zip64: true, directorySize: 2 ** 60 }),
      /its directory reaches past its end/,
    ],
    [
      'big-endian',
      () => torchZip(undefined, [{ name: 'a/byteorder', data: Buffer.from('big') }]),
      /its byte order is "big", expected "little"/,
    ],
    ['no pickle', () => zip([entry]), /a zip with 0 entries FOLDER\/data\.pkl/],
    [
      'two pickles',
      () => torchZip(undefined, [{ name: 'b/data.pkl', data: STORAGE }]),
      /a zip with 2 entries/,
    ],
    [
      'a missing storage',
      () => zip([{ name: 'a/data.pkl', data: stateDictPickle() }]),
      /it has no entry "a\/data\/0"/,
    ],
  ]);
});

describe('the old format, wrong', () => {
  refuses('the old format, wrong', [
    [
      'another magic number',
      () => torchLegacy({ magic: pickle(5) }),
      /does not start with the magic number of torch\.save/,
    ],
    ['another version', () => torchLegacy({ version: 7 }), /its format is version "7", expected 1001/],
    ['big-endian', () => torchLegacy({ little: false }), /its byte order is not little-endian/],
    [
      'a storage cut off',
      () => torchLegacy().subarray(0, -1),
      /it ends too early: storage "0" needs 16 bytes at \d+/,
    ],
    ['a size cut off', () => torchLegacy({ data: Buffer.alloc(3) }), /it ends too early: expected 8 bytes/],
    [
      'another size than the pickle says',
      () => torchLegacy({ data: forge.int(5, 8) }),
      /has 4 float32 \(16 bytes\), the file has 20 bytes/,
    ],
    [
      'a huge size in both places',
      () =>
        torchLegacy({
          root: stateDictPickle({ storageSize: 2 ** 30, shape: [2 ** 30] }),
          data: forge.int(2 ** 30, 8),
        }),
      /it ends too early: storage "0" needs 4294967296 bytes/,
    ],
    ['a negative size', () => torchLegacy({ data: forge.int(-1, 8) }), /the file has -4 bytes/],
    ['a storage listed twice', () => torchLegacy({ keys: ['0', '0'] }), /it lists storage "0" twice/],
    ['a storage not listed', () => torchLegacy({ keys: [] }), /it lists 0 storages, its tensors need 1/],
    [
      'a view past its storage',
      () => torchLegacy({ root: stateDictPickle({ view: ['(', text('v'), 2, 3, 't'] }) }),
      /a view past the end of storage "0"/,
    ],
  ]);
});

describe('safetensors that lie', () => {
  const one = (entry: object) => () =>
    safetensors({ w: { dtype: 'F32', shape: [4], data_offsets: [0, 16], ...entry } });
  const two = (first: number[], second: number[]) => () =>
    safetensors({
      a: { dtype: 'U8', shape: [first[1] - first[0]], data_offsets: first },
      b: { dtype: 'U8', shape: [second[1] - second[0]], data_offsets: second },
    });
  refuses('safetensors that lie', [
    [
      'a huge header',
      () => safetensors({}, STORAGE, 2n ** 63n),
      /its header claims 9223372036854776000 bytes, more than the file/,
    ],
    [
      'a header over the limit',
      () => safetensors('{', Buffer.alloc(17 * 2 ** 20), 16 * 2 ** 20 + 1),
      /its header claims 16777217 bytes/,
    ],
    ['a header that is not JSON', () => safetensors('{x}'), /its header is not JSON/],
    [
      'a header in Latin-1',
      () => safetensors('', Buffer.from('{"\xff":1}', 'latin1'), 7),
      /its header is not JSON in UTF-8/,
    ],
    ['deep nesting', () => safetensors(`{"a":${'['.repeat(1_000_000)}`), /its header is not JSON/],
    [
      'overlapping tensors',
      two([0, 10], [8, 16]),
      /its tensors overlap at "b" \(expected it at byte 10, found 8\)/,
    ],
    ['a gap', two([0, 6], [8, 16]), /its tensors leave a gap at "b"/],
    [
      'out of range',
      one({ shape: [1000], data_offsets: [0, 4000] }),
      /its tensors take 4000 bytes, but 16 bytes follow/,
    ],
    ['bytes left over', one({ shape: [3], data_offsets: [0, 12] }), /take 12 bytes, but 16 bytes follow/],
    [
      'a shape that does not fit',
      one({ shape: [5] }),
      /"w" has 16 bytes, but shape \[5\] of float32 needs 20/,
    ],
    ['a shape beyond all numbers', one({ shape: Array(60).fill(2 ** 52) }), /of float32 needs Infinity/],
    ['an end before the begin', one({ data_offsets: [16, 0] }), /"w" has -16 bytes/],
    ['a negative offset', one({ data_offsets: [-16, 0] }), /"w" has no data_offsets/],
    ['a fraction', one({ shape: [1.5] }), /"w" has no shape of whole numbers/],
    ['an unknown type', one({ dtype: 'F8_E4M3' }), /"w" has dtype "F8_E4M3", expected one of F64, F32/],
    ['a type that is no text', one({ dtype: { toString: 1 } }), /"w" has dtype "object"/],
    ['no description', () => safetensors({ w: 5 }), /"w" has no description/],
    [
      'metadata that are no texts',
      () => safetensors({ __metadata__: { a: 1 } }, Buffer.alloc(0)),
      /its __metadata__ is not an object of texts/,
    ],
  ]);
});

describe('other files', () => {
  refuses('other files', [
    ['an empty file', () => Buffer.alloc(0), /found 0 bytes/],
    ['a web page', () => Buffer.from('<!DOCTYPE html><html>'), /start with "<!DOCTYPE ht" \(a web page\)/],
    [
      'a placeholder of Git LFS',
      () => Buffer.from('version https://git-lfs.github.com/spec/v1\n'),
      /git lfs pull/,
    ],
    ['control characters', () => Buffer.from('\x1b[2J\x07\n'), /start with "\\u001b\[2J\\u0007\\n"/],
  ]);

  it('a file that is not there, a folder, a named pipe', () => {
    assert.throws(
      () => loadCheckpoint(path.join(folder, 'none')),
      /^CheckpointError: cannot read .*no such file/,
    );
    assert.throws(
      () => loadCheckpoint(folder),
      /^CheckpointError: cannot read .*expected a file, found a folder/,
    );
    if (process.platform === 'win32') return;
    execFileSync('mkfifo', [path.join(folder, 'pipe')]);
    assert.throws(
      () => loadCheckpoint(path.join(folder, 'pipe')),
      /expected a file, found a folder or device/,
    );
  });
});

describe('files that end too early', () => {
  for (const name of ['dtypes.pth', 'dtypes-old.pth', 'official.safetensors', 'views.pth', 'views-old.pth']) {
    it(`${name}, cut off at every 23rd byte`, () => {
      const whole = fs.readFileSync(golden(name));
      const lines = new Set<string>();
      for (let length = 0; length < whole.length; length += 23) lines.add(refusal(whole.subarray(0, length)));
      assert.ok(lines.size > 1);
    });
  }
});

it('all of these lines, as refusals.txt lists them for readers (written anew with UPDATE_GOLDEN=1)', () => {
  if (process.env.UPDATE_GOLDEN) fs.writeFileSync(golden('refusals.txt'), shown);
  assert.equal(shown, fs.readFileSync(golden('refusals.txt'), 'utf8'));
});
