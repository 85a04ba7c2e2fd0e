/** Builders of files byte by byte, right and wrong ones, for the tests of what must be refused. */
import { crc32 } from 'node:zlib';

/** Parts of a pickle: texts are opcodes (latin1), numbers are BININT, the rest is taken as it is. */
export type PicklePart = string | number | Buffer;

export function pickle(...parts: PicklePart[]): Buffer {
  return Buffer.concat([Buffer.from('\x80\x02', 'latin1'), ...parts.map(toBytes), Buffer.from('.')]);
}

function toBytes(part: PicklePart): Buffer {
  if (typeof part === 'string') return Buffer.from(part, 'latin1');
  if (typeof part === 'number') return Buffer.concat([Buffer.from('J'), int(part, 4)]);
  return part;
}

/** A text as the pickle holds it. */
export function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([Buffer.from('X'), int(bytes.length, 4), bytes]);
}

/** A little-endian integer of 2, 4 or 8 bytes. */
export function int(value: number | bigint, bytes: number): Buffer {
  const result = Buffer.alloc(8);
  result.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
  return result.subarray(0, bytes);
}

export interface TensorParts {
  readonly storageSize?: number;
  readonly key?: string;
  readonly type?: string;
  readonly offset?: number;
  readonly shape?: readonly number[];
  readonly stride?: readonly number[];
  /** More of the reference to the storage; the old format has a view there. */
  readonly view?: readonly PicklePart[];
  /** What torch appends for its neg and conj bits. */
  readonly metadata?: readonly PicklePart[];
}

/** One tensor in a pickle; by default four float32 in storage "0". */
export function tensor(parts: TensorParts = {}): Buffer {
  const {
    storageSize = 4,
    key = '0',
    type = 'FloatStorage',
    offset = 0,
    shape = [4],
    stride = [1],
    view = [],
    metadata = [],
  } = parts;
  return Buffer.concat(
    [
      'ctorch._utils\n_rebuild_tensor_v2\n((',
      ...[text('storage'), `ctorch\n${type}\n`, text(key), text('cpu'), storageSize, ...view],
      ...[
        'tQ',
        offset,
        '(',
        ...shape,
        't(',
        ...stride,
        't',
        '\x89',
        'ccollections\nOrderedDict\n)R',
        ...metadata,
        'tR',
      ],
    ].map(toBytes),
  );
}

/** {"w": tensor} as a pickle. */
export function stateDictPickle(parts?: TensorParts): Buffer {
  return pickle('}', text('w'), tensor(parts), 's');
}

export interface ZipPart {
  readonly name: string;
  readonly data: Buffer;
  /** What the directory claims, where that is not the truth. */
  readonly size?: number | bigint;
  readonly crc?: number;
  readonly offset?: number;
  readonly method?: number;
  readonly flags?: number;
  /** The name in the entry's own header. */
  readonly localName?: string;
}

export interface ZipOptions {
  readonly zip64?: boolean;
  readonly count?: number;
  readonly directoryOffset?: number;
  readonly directorySize?: number;
  readonly comment?: string;
}

/** A zip with these entries, stored. */
export function zip(parts: readonly ZipPart[], options: ZipOptions = {}): Buffer {
  const { zip64 = false, comment = '' } = options;
  const chunks: Buffer[] = [];
  const directory: Buffer[] = [];
  let position = 0;
  for (const part of parts) {
    const { name, data, method = 0, flags = 0, localName = name } = part;
    const size = part.size ?? data.length;
    const offset = part.offset ?? position;
    const crc = int(part.crc ?? crc32(data), 4);
    const shared = (sizes: number | bigint) => [
      ...[int(20, 2), int(flags, 2), int(method, 2), int(0, 4), crc, int(sizes, 4), int(sizes, 4)],
    ];
    const local = [
      int(0x04034b50, 4),
      ...shared(size),
      int(localName.length, 2),
      int(0, 2),
      Buffer.from(localName),
      data,
    ];
    const extra = zip64
      ? Buffer.concat([int(1, 2), int(24, 2), int(size, 8), int(size, 8), int(offset, 8)])
      : Buffer.alloc(0);
    directory.push(
      ...[
        int(0x02014b50, 4),
        int(20, 2),
        ...shared(zip64 ? 0xffffffff : size),
        int(Buffer.byteLength(name), 2),
      ],
      ...[int(extra.length, 2), int(0, 2), int(0, 4), int(0, 4), int(zip64 ? 0xffffffff : offset, 4)],
      ...[Buffer.from(name), extra],
    );
    const bytes = Buffer.concat(local);
    chunks.push(bytes);
    position += bytes.length;
  }
  const central = Buffer.concat(directory);
  const count = options.count ?? parts.length;
  const size = options.directorySize ?? central.length;
  const start = options.directoryOffset ?? position;
  const end64 = zip64
    ? [
        ...[
          int(0x06064b50, 4),
          int(44, 8),
          int(45, 4),
          int(0, 8),
          int(count, 8),
          int(count, 8),
          int(size, 8),
          int(start, 8),
        ],
        ...[int(0x07064b50, 4), int(0, 4), int(position + central.length, 8), int(1, 4)],
      ]
    : [];
  const [c, s, o] = zip64 ? [0xffff, 0xffffffff, 0xffffffff] : [count, size, start];
  const end = [
    int(0x06054b50, 4),
    int(0, 4),
    int(c, 2),
    int(c, 2),
    int(s, 4),
    int(o, 4),
    int(comment.length, 2),
  ];
  return Buffer.concat([...chunks, central, ...end64, ...end, Buffer.from(comment)]);
}

export const STORAGE = Buffer.from(Float32Array.of(1, 2, 3, 4).buffer);

/** A .pth of this pickle, with four float32 as storage "0". */
export function torchZip(
  data: Buffer = stateDictPickle(),
  more: readonly ZipPart[] = [],
  options?: ZipOptions,
): Buffer {
  return zip([{ name: 'a/data.pkl', data }, { name: 'a/data/0', data: STORAGE }, ...more], options);
}

const MAGIC = Buffer.from('8a0a6cfc9c46f9206aa85019', 'hex');

export interface LegacyParts {
  readonly magic?: Buffer;
  readonly version?: number;
  readonly little?: boolean;
  readonly root?: Buffer;
  readonly keys?: readonly string[];
  /** For each key, the number of elements and the bytes. */
  readonly data?: Buffer;
}

/** A checkpoint in the format from before torch 1.6. */
export function torchLegacy(parts: LegacyParts = {}): Buffer {
  const {
    magic = pickle(MAGIC),
    version = 1001,
    little = true,
    root = stateDictPickle(),
    keys = ['0'],
  } = parts;
  return Buffer.concat([
    ...[magic, pickle(version), pickle('}', text('little_endian'), little ? '\x88' : '\x89', 's'), root],
    ...[pickle('](', ...keys.map(text), 'e'), parts.data ?? Buffer.concat([int(4, 8), STORAGE])],
  ]);
}

/** A safetensors file with this header, as JSON or as text. */
export function safetensors(header: unknown, data: Buffer = STORAGE, length?: number | bigint): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  return Buffer.concat([int(length ?? json.length, 8), json, data]);
}
