import assert from 'node:assert/strict';
import { zipSync } from 'fflate';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import * as tar from 'tar';
import {
  archiveKind,
  isInside,
  listArchive,
  unpack,
  type Limits,
} from '../../data-scripts/commands/data/archive';

const LIMITS: Limits = { fileBytes: 1e6, totalBytes: 2e6, entries: 100 };
const text = (content: string): Uint8Array => new TextEncoder().encode(content);

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'archive-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function zip(files: Record<string, Uint8Array>): string {
  const path = join(folder, 'a.zip');
  writeFileSync(path, zipSync(files));
  return path;
}

async function tarOf(files: Record<string, Uint8Array>): Promise<string> {
  const from = join(folder, 'from');
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(from, name, '..'), { recursive: true });
    writeFileSync(join(from, name), content);
  }
  const path = join(folder, 'a.tar.gz');
  await tar.create({ file: path, gzip: true, cwd: from }, Object.keys(files));
  return path;
}

/** A tar header and content by hand, for what tar itself would not write. */
function rawTar(name: string, content: string, type = '0', link = ''): string {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write(type, 156);
  header.write(link, 157);
  header.write('ustar\x0000', 257);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  const body = Buffer.alloc(Math.ceil(content.length / 512) * 512 + 1024);
  body.write(content);
  const path = join(folder, 'raw.tar.gz');
  writeFileSync(path, gzipSync(Buffer.concat([header, body])));
  return path;
}

test('wanted files of a zip and of a tar.gz are unpacked under their paths, others are not', async () => {
  const files = { 'set/a.txt': text('first'), 'set/deep/b.txt': text('second'), 'set/c.md': text('third') };
  for (const archive of [zip(files), await tarOf(files)]) {
    const out = join(folder, `out-${archiveKind(archive)}`);
    let last: [number, number] = [0, 0];
    const taken = await unpack(
      archive,
      out,
      ({ name }) => name.endsWith('.txt'),
      LIMITS,
      (...n) => (last = n),
    );
    assert.deepEqual(taken.map(({ name }) => name).sort(), ['set/a.txt', 'set/deep/b.txt']);
    assert.equal(readFileSync(join(out, 'set/deep/b.txt'), 'utf8'), 'second');
    assert.equal(readFileSync(join(out, 'set/a.txt'), 'utf8'), 'first');
    assert.ok(!existsSync(join(out, 'set/c.md')));
    assert.deepEqual(last, [11, 11]);
  }
});

test('large files come out of a tar.gz whole', async () => {
  const content = Buffer.alloc(900_000, 'pixels');
  const archive = await tarOf({ 'a.bin': content, 'b.bin': content });
  await unpack(archive, join(folder, 'out'), () => true, LIMITS);
  for (const name of ['a.bin', 'b.bin']) assert.ok(readFileSync(join(folder, 'out', name)).equals(content));
});

test('an archive with a path that leads out of the folder is refused as a whole', async () => {
  for (const name of ['../evil.txt', 'a/../../evil.txt', '/tmp/evil.txt', 'C:/evil.txt', '..\\evil.txt']) {
    assert.ok(!isInside(name), name);
    const refused = /holds a path that leads out of its folder.*nothing was unpacked/;
    const out = join(folder, 'out');
    await assert.rejects(
      unpack(zip({ [name]: text('x'), 'good.txt': text('x') }), out, () => true, LIMITS),
      refused,
    );
    await assert.rejects(
      unpack(rawTar(name, 'x'), out, () => true, LIMITS),
      refused,
    );
    assert.ok(!existsSync(out) && !existsSync(join(folder, 'evil.txt')));
  }
  for (const name of ['a.txt', 'a/b/..c.txt', 'a b/图.jpg']) assert.ok(isInside(name), name);
});

test('links in a tar.gz are not made', async () => {
  const archive = rawTar('link.txt', '', '2', '/etc/passwd');
  assert.deepEqual(await listArchive(archive, LIMITS), []);
  assert.deepEqual(await unpack(archive, join(folder, 'out'), () => true, LIMITS), []);
  const from = join(folder, 'linked');
  mkdirSync(from);
  symlinkSync('/etc', join(from, 'etc'));
  await tar.create({ file: join(folder, 'l.tar.gz'), gzip: true, cwd: from }, ['etc']);
  await unpack(join(folder, 'l.tar.gz'), join(folder, 'out'), () => true, LIMITS);
  assert.ok(!existsSync(join(folder, 'out', 'etc')));
});

test('more than the limits allow is refused before anything is written', async () => {
  const out = join(folder, 'out');
  const large = { 'a.bin': new Uint8Array(1_000_001) };
  const many = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`${i}.txt`, text('x')]));
  const heavy = Object.fromEntries([1, 2, 3].map((i) => [`${i}.bin`, new Uint8Array(900_000)]));
  for (const [files, why] of [
    [large, /a\.bin of 1000001 bytes, at most 1000000/],
    [many, /more than the 100 entries/],
    [heavy, /unpacks to 2700000 bytes, at most 2000000/],
  ] as const)
    for (const archive of [zip(files), await tarOf(files)])
      await assert.rejects(
        unpack(archive, out, () => true, LIMITS),
        why,
      );
  assert.ok(!existsSync(out));
});

test('a zip that lies about a size writes no more than it tells', async () => {
  const archive = zip({ 'bomb.bin': new Uint8Array(500_000) });
  const bytes = readFileSync(archive);
  const directory = bytes.indexOf(Buffer.from('PK\x01\x02'));
  bytes.writeUInt32LE(10, directory + 24); // the unpacked size in the directory
  writeFileSync(archive, bytes);
  const out = join(folder, 'out');
  await unpack(archive, out, () => true, LIMITS).catch(() => {});
  if (existsSync(join(out, 'bomb.bin'))) assert.equal(readFileSync(join(out, 'bomb.bin')).length, 10);
});

test('what is no archive, or a cut one, is named', async () => {
  const nothing = join(folder, 'page.zip');
  writeFileSync(nothing, '<html>not found</html>');
  await assert.rejects(listArchive(nothing, LIMITS), /page\.zip is neither a zip nor a tar\.gz/);
  const noise = Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * i * 31) % 251));
  for (const whole of [zip({ 'a.bin': noise }), await tarOf({ 'a.bin': noise })]) {
    writeFileSync(whole, readFileSync(whole).subarray(0, 300));
    await assert.rejects(
      unpack(whole, join(folder, 'out'), () => true, LIMITS),
      /cannot be unpacked: .*complete\?/,
    );
  }
});
