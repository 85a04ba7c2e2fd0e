import { crc32 } from 'node:zlib';
import { CheckpointError, quote } from './error';
import { InputFile, MAX_HEADER_BYTES } from './file';

/*
 * Reading of the zips that torch.save writes (PKWARE's APPNOTE.TXT): entries stored as they are, each bounded by the
 * file. Own code, because libraries either hold the whole file in memory (fflate) or hand out chunks of 64 kB
 * asynchronously (yauzl); here a tensor's bytes go from the disk to their final array in one read.
 */

interface ZipEntry {
  readonly name: string;
  readonly size: number;
  readonly crc: number;
  /** Where its local header starts. */
  readonly offset: number;
  /** Where the next entry, or the directory, starts. */
  limit: number;
}

const END_SIGNATURE = 0x06054b50;
const END64_SIGNATURE = 0x06064b50;
const LOCATOR64_SIGNATURE = 0x07064b50;
const CENTRAL_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;

export function isZip(input: InputFile): boolean {
  return input.size >= 4 && input.buffer(0, 4).readUInt32LE(0) === LOCAL_SIGNATURE;
}

/** A zip's entries, which are read on demand. */
export class ZipReader {
  private constructor(
    private readonly input: InputFile,
    private readonly entries: ReadonlyMap<string, ZipEntry>,
    private readonly hasChecksums: boolean,
  ) {}

  static open(input: InputFile): ZipReader {
    const end = findEnd(input);
    if (end.size > MAX_HEADER_BYTES) throw damaged(`its directory is larger than ${MAX_HEADER_BYTES} bytes`);
    const entries = parseDirectory(input.buffer(end.offset, end.size), end.count);
    // No two entries may share bytes, so that all of them together are no larger than the file.
    const sorted = [...entries.values()].sort((a, b) => a.offset - b.offset);
    sorted.forEach((entry, i) => {
      entry.limit = sorted[i + 1]?.offset ?? end.offset;
      if (entry.offset + 30 + entry.name.length + entry.size > entry.limit) {
        throw damaged(`its entry ${quote(entry.name)} of ${entry.size} bytes reaches past its place`);
      }
    });
    // torch.serialization.set_crc32_options(False) writes 0 for all of them.
    return new ZipReader(
      input,
      entries,
      sorted.some(({ crc }) => crc !== 0),
    );
  }

  names(): string[] {
    return [...this.entries.keys()];
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  /** An entry's size in bytes. */
  size(name: string): number {
    return this.entry(name).size;
  }

  /** An entry's bytes, checked against its checksum. */
  read(name: string): ArrayBuffer {
    const { size, crc, offset, limit } = this.entry(name);
    const local = this.input.buffer(offset, 30);
    if (local.readUInt32LE(0) !== LOCAL_SIGNATURE)
      throw damaged(`its entry ${quote(name)} is not where it should be`);
    const nameLength = local.readUInt16LE(26);
    const start = offset + 30 + nameLength + local.readUInt16LE(28);
    if (start + size > limit)
      throw damaged(`its entry ${quote(name)} of ${size} bytes reaches past its place`);
    if (this.input.buffer(offset + 30, nameLength).toString('utf8') !== name) {
      throw damaged(`its entry ${quote(name)} has another name in its own header`);
    }
    const bytes = this.input.read(start, size);
    if (this.hasChecksums && crc32(new Uint8Array(bytes)) !== crc) {
      throw damaged(`its entry ${quote(name)} does not match its checksum`);
    }
    return bytes;
  }

  private entry(name: string): ZipEntry {
    const entry = this.entries.get(name);
    if (!entry) throw damaged(`it has no entry ${quote(name)}`);
    return entry;
  }
}

interface Directory {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
}

/** The directory's place, from the record at the file's end (22 bytes and a comment of up to 65,535). */
function findEnd(input: InputFile): Directory {
  const length = Math.min(input.size, 22 + 0xffff);
  const tail = input.buffer(input.size - length, length);
  for (let i = tail.length - 22; i >= 0; i--) {
    if (tail.readUInt32LE(i) !== END_SIGNATURE || tail.readUInt16LE(i + 20) !== tail.length - i - 22)
      continue;
    const end = input.size - length + i;
    const small = {
      count: tail.readUInt16LE(i + 10),
      size: tail.readUInt32LE(i + 12),
      offset: tail.readUInt32LE(i + 16),
    };
    const is64 = small.count === 0xffff || small.size === 0xffffffff || small.offset === 0xffffffff;
    const directory = is64 ? readEnd64(input, end) : small;
    if (directory.offset + directory.size > end) throw damaged('its directory reaches past its end');
    return directory;
  }
  throw damaged('it has no directory at its end, so it was probably cut off');
}

/** zip64, for more than 4 GB or 65,534 entries: a locator of 20 bytes before the end record says where the real one is. */
function readEnd64(input: InputFile, end: number): Directory {
  if (end < 20) throw damaged('its zip64 record is missing');
  const locator = input.buffer(end - 20, 20);
  if (locator.readUInt32LE(0) !== LOCATOR64_SIGNATURE) throw damaged('its zip64 record is missing');
  const record = input.buffer(Number(locator.readBigUInt64LE(8)), 56);
  if (record.readUInt32LE(0) !== END64_SIGNATURE) throw damaged('its zip64 record is missing');
  return {
    count: Number(record.readBigUInt64LE(32)),
    size: Number(record.readBigUInt64LE(40)),
    offset: Number(record.readBigUInt64LE(48)),
  };
}

function parseDirectory(directory: Buffer, count: number): Map<string, ZipEntry> {
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== CENTRAL_SIGNATURE) {
      throw damaged(`its directory has ${i} entries, expected ${count}`);
    }
    const nameEnd = at + 46 + directory.readUInt16LE(at + 28);
    const extraEnd = nameEnd + directory.readUInt16LE(at + 30);
    const next = extraEnd + directory.readUInt16LE(at + 32);
    if (next > directory.length) throw damaged('its directory is cut off');
    const name = directory.toString('utf8', at + 46, nameEnd);
    checkName(name);
    if (entries.has(name)) throw damaged(`it names ${quote(name)} twice`);
    if (directory.readUInt16LE(at + 8) & 1) throw damaged(`its entry ${quote(name)} is encrypted`);
    if (directory.readUInt16LE(at + 10) !== 0) {
      throw new CheckpointError(
        `its entry ${quote(name)} is compressed, expected it stored as torch.save does; unpack it and zip it again with "zip -0"`,
      );
    }
    const [size, stored, offset] = zip64Sizes(directory, at, directory.subarray(nameEnd, extraEnd));
    if (size !== stored) throw damaged(`its entry ${quote(name)} gives two sizes, ${size} and ${stored}`);
    entries.set(name, { name, size, crc: directory.readUInt32LE(at + 16), offset, limit: 0 });
    at = next;
  }
  return entries;
}

/** Size, stored size and offset; each that is 0xffffffff stands in the extra field 1 as a 64-bit number, in this order. */
function zip64Sizes(directory: Buffer, at: number, extra: Buffer): [number, number, number] {
  const values = [
    directory.readUInt32LE(at + 24),
    directory.readUInt32LE(at + 20),
    directory.readUInt32LE(at + 42),
  ];
  let rest = findExtra(extra, 1);
  return values.map((value) => {
    if (value !== 0xffffffff) return value;
    if (rest.length < 8) throw damaged('a zip64 size is missing from its directory');
    const large = Number(rest.readBigUInt64LE(0));
    rest = rest.subarray(8);
    return large;
  }) as [number, number, number];
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
  if (absolute || name.split(/[/\\]/).includes('..') || name.includes('\0')) {
    throw new CheckpointError(
      `its entry ${quote(name)} points out of the archive, expected names like "archive/data/0"; do not trust this file`,
    );
  }
}

function damaged(what: string): CheckpointError {
  return new CheckpointError(`not a valid zip of torch.save: ${what}; download or save it again`);
}
