import { crc32 } from 'node:zlib';
import { CheckpointError, quote, refuse } from '../state/error';
import { InputFile, MAX_HEADER_BYTES } from './file';

/*
 * Reading of the zips that torch.save writes (PKWARE's APPNOTE.TXT): entries stored as they are, each bounded by the file.
 *
 * Own code, so that loadCheckpoint returns the weights at once, as torch.load does, and reads each from the disk into its
 * final array: of the libraries, fflate and adm-zip hold the whole file in memory, and yauzl, node-stream-zip, unzipit and
 * @zip.js/zip.js, which hand over offsets, do so only later (by a callback or a promise).
 */

/** One file in a zip. */
export interface ZipEntry {
  /** In bytes. */
  readonly size: number;
  /** Its bytes, checked against its checksum. */
  read(): ArrayBuffer;
}

/** What the zip's directory says of an entry. */
interface Listed {
  readonly name: string;
  readonly size: number;
  readonly crc: number;
  /** Where its own header starts. */
  readonly offset: number;
}

const END_SIGNATURE = 0x06054b50;
const END64_SIGNATURE = 0x06064b50;
const LOCATOR64_SIGNATURE = 0x07064b50;
const CENTRAL_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
/** In a 32-bit field: the number stands elsewhere, in 64 bits. */
const SEE_64 = 0xffffffff;

export function isZip(input: InputFile): boolean {
  return input.size >= 4 && input.buffer(0, 4).readUInt32LE(0) === LOCAL_SIGNATURE;
}

/** A zip's entries by their names; their bytes are read on demand. */
export function openZip(input: InputFile): ReadonlyMap<string, ZipEntry> {
  const end = findEnd(input);
  if (end.size > MAX_HEADER_BYTES) throw damaged(`its directory is larger than ${MAX_HEADER_BYTES} bytes`);
  const listed = parseDirectory(input.buffer(end.offset, end.size), end.count);
  listed.sort((a, b) => a.offset - b.offset);
  // torch.serialization.set_crc32_options(False) writes 0 for all of them.
  const hasChecksums = listed.some(({ crc }) => crc !== 0);
  const entries = new Map<string, ZipEntry>();
  listed.forEach((entry, i) => {
    // No two entries may share bytes, so that all of them together are no larger than the file.
    const limit = listed[i + 1]?.offset ?? end.offset;
    if (entry.offset + 30 + entry.name.length + entry.size > limit) throw tooLong(entry);
    if (entries.has(entry.name)) throw damaged(`it names ${quote(entry.name)} twice`);
    const read = () => readEntry(input, entry, limit, hasChecksums);
    entries.set(entry.name, { size: entry.size, read });
  });
  return entries;
}

function readEntry(input: InputFile, entry: Listed, limit: number, hasChecksums: boolean): ArrayBuffer {
  const { name, size, crc, offset } = entry;
  const local = input.buffer(offset, 30);
  if (local.readUInt32LE(0) !== LOCAL_SIGNATURE)
    throw damaged(`its entry ${quote(name)} is not where it should be`);
  const nameLength = local.readUInt16LE(26);
  const start = offset + 30 + nameLength + local.readUInt16LE(28);
  if (start + size > limit) throw tooLong(entry);
  if (input.buffer(offset + 30, nameLength).toString('utf8') !== name)
    throw damaged(`its entry ${quote(name)} has another name in its own header`);
  const bytes = input.read(start, size);
  if (hasChecksums && crc32(new Uint8Array(bytes)) !== crc)
    throw damaged(`its entry ${quote(name)} does not match its checksum`);
  return bytes;
}

/** The directory's place, from the record at the file's end (22 bytes and a comment of up to 65,535). */
function findEnd(input: InputFile): { offset: number; size: number; count: number } {
  const length = Math.min(input.size, 22 + 0xffff);
  const tail = input.buffer(input.size - length, length);
  for (let i = tail.length - 22; i >= 0; i--) {
    const found =
      tail.readUInt32LE(i) === END_SIGNATURE && tail.readUInt16LE(i + 20) === tail.length - i - 22;
    if (!found) continue;
    const end = input.size - length + i;
    const [count, size, offset] = [
      tail.readUInt16LE(i + 10),
      tail.readUInt32LE(i + 12),
      tail.readUInt32LE(i + 16),
    ];
    const is64 = count === 0xffff || size === SEE_64 || offset === SEE_64;
    const directory = is64 ? readEnd64(input, end) : { count, size, offset };
    if (directory.offset + directory.size > end) throw damaged('its directory reaches past its end');
    return directory;
  }
  throw damaged('it has no directory at its end, so it was probably cut off');
}

/** zip64, for more than 4 GB or 65,534 entries: a locator of 20 bytes before the end record says where the real one is. */
function readEnd64(input: InputFile, end: number): { offset: number; size: number; count: number } {
  const locator = input.buffer(Math.max(0, end - 20), 20);
  const found = locator.readUInt32LE(0) === LOCATOR64_SIGNATURE;
  const record = found && input.buffer(Number(locator.readBigUInt64LE(8)), 56);
  if (!record || record.readUInt32LE(0) !== END64_SIGNATURE) throw damaged('its zip64 record is missing');
  const [count, size, offset] = [32, 40, 48].map((at) => Number(record.readBigUInt64LE(at)));
  return { count, size, offset };
}

function parseDirectory(directory: Buffer, count: number): Listed[] {
  const entries: Listed[] = [];
  let at = 0;
  while (entries.length < count) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== CENTRAL_SIGNATURE)
      throw damaged(`its directory has ${entries.length} entries, expected ${count}`);
    const nameEnd = at + 46 + directory.readUInt16LE(at + 28);
    const extraEnd = nameEnd + directory.readUInt16LE(at + 30);
    const next = extraEnd + directory.readUInt16LE(at + 32);
    if (next > directory.length) throw damaged('its directory is cut off');
    const name = directory.toString('utf8', at + 46, nameEnd);
    checkName(name);
    if (directory.readUInt16LE(at + 8) & 1) throw damaged(`its entry ${quote(name)} is encrypted`);
    if (directory.readUInt16LE(at + 10) !== 0)
      refuse(
        `its entry ${quote(name)} is compressed, expected it stored as torch.save does; unpack it and zip it again with "zip -0"`,
      );
    // Those of size, stored size and offset that do not fit stand in the extra field 1, in this order.
    let large = findExtra(directory.subarray(nameEnd, extraEnd), 1);
    const [size, stored, offset] = [24, 20, 42].map((field) => {
      const value = directory.readUInt32LE(at + field);
      if (value !== SEE_64) return value;
      if (large.length < 8) throw damaged('a zip64 size is missing from its directory');
      const number = Number(large.readBigUInt64LE(0));
      large = large.subarray(8);
      return number;
    });
    if (size !== stored) throw damaged(`its entry ${quote(name)} gives two sizes, ${size} and ${stored}`);
    entries.push({ name, size, crc: directory.readUInt32LE(at + 16), offset });
    at = next;
  }
  return entries;
}

function findExtra(extra: Buffer, id: number): Buffer {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) === id) return extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2));
  }
  return extra.subarray(0, 0);
}

/** Nothing is unpacked to the disk; still, a zip with such names was not made by torch. */
function checkName(name: string): void {
  const absolute = /^([/\\]|[A-Za-z]:)/.test(name);
  if (absolute || name.split(/[/\\]/).includes('..') || name.includes('\0'))
    refuse(
      `its entry ${quote(name)} points out of the archive, expected names like "archive/data/0"; do not trust this file`,
    );
}

function tooLong({ name, size }: Listed): CheckpointError {
  return damaged(`its entry ${quote(name)} of ${size} bytes reaches past its place`);
}

function damaged(what: string): CheckpointError {
  return new CheckpointError(`not a valid zip of torch.save: ${what}; download or save it again`);
}
