import type { DType, StateDict } from '../state/stateDict';
import { convert } from '../state/convert';
import { bytesOf, checkTensor, DTYPES, elementSize, isFloating, isSizes, numel } from '../state/dtype';
import { quote, refuse } from '../state/error';
import { InputFile, MAX_HEADER_BYTES, writeAtomically, withPath } from './file';

/*
 * The format (github.com/huggingface/safetensors): the header's length as a little-endian u64, the header as JSON
 * {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, "__metadata__": {"text": "text"}},
 * then the tensors' bytes, without gaps and without overlaps. Offsets count from the header's end. Looked at: its
 * authors publish no package for JavaScript, and npm's `safetensors` is somebody else's 0.0.1.
 */

const METADATA = '__metadata__';

interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

interface Header {
  readonly entries: readonly Entry[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly dataStart: number;
}

/**
 * Whether the file starts as safetensors do: a length in 8 bytes (which may be wrong), then "{". Only they do: there a zip
 * has its method of compression (0), and torch's old format a byte of its magic number (0xf9) or a frame's length (0).
 */
export function isSafetensors(input: InputFile): boolean {
  return input.size >= 9 && input.buffer(8, 1)[0] === 0x7b;
}

/** What is read: a file, or bytes that are there already. */
type Input = Pick<InputFile, 'size' | 'read'>;

/** All tensors of a safetensors file, in the order of its header, but those first whose names are whole numbers. */
export function readSafetensors(input: Input): StateDict {
  const { entries, dataStart } = readHeader(input);
  const dict: StateDict = new Map();
  for (const { name, dtype, shape, begin, end } of entries) {
    const bytes = input.read(dataStart + begin, end - begin);
    dict.set(name, { dtype, shape, data: new DTYPES[dtype].array(bytes) });
  }
  return dict;
}

/**
 * The texts that a safetensors file carries beside its tensors, such as where the weights come from.
 * @throws CheckpointError where it is not a safetensors file.
 */
export function readSafetensorsMetadata(path: string): Readonly<Record<string, string>> {
  return withPath(path, 'read', () => InputFile.with(path, (input) => readHeader(input).metadata));
}

function readHeader(input: Input): Header {
  const length = Number(new DataView(input.read(0, 8)).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES || length > input.size - 8)
    damaged(
      `its header claims ${length} bytes, more than the file (${input.size}) or the limit of ${MAX_HEADER_BYTES}`,
    );
  const bytes = input.read(8, length);
  let json: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    json = JSON.parse(text); // of two equal names it keeps the last, as the library safetensors does
  } catch (cause) {
    damaged('its header is not JSON in UTF-8', { cause });
  }
  if (!isObject(json)) damaged('its header is not a JSON object');
  const dataStart = 8 + length;
  const { [METADATA]: metadata = {}, ...tensors } = json;
  const entries = Object.entries(tensors).map(([name, value]) => parseEntry(name, value));
  checkLayout(entries, input.size - dataStart);
  if (!isObject(metadata) || !Object.values(metadata).every((text) => typeof text === 'string'))
    damaged(`its ${METADATA} is not an object of texts`);
  return { entries, metadata: metadata as Record<string, string>, dataStart };
}

function parseEntry(name: string, value: unknown): Entry {
  const wrong: (what: string) => never = (what) => damaged(`its header's entry ${quote(name)} has ${what}`);
  if (!isObject(value)) return wrong('no description');
  const { dtype: type, shape, data_offsets: offsets } = value;
  const dtype = (Object.keys(DTYPES) as DType[]).find((key) => DTYPES[key].safetensors === type);
  if (!dtype) {
    const known = Object.values(DTYPES).map((info) => info.safetensors);
    const found = quote(typeof type === 'string' ? type : typeof type);
    refuse(`${quote(name)} has dtype ${found}, expected one of ${known.join(', ')}; save it as one of these`);
  }
  if (!isSizes(shape)) return wrong('no shape of whole numbers');
  if (!isSizes(offsets) || offsets.length !== 2) return wrong('no data_offsets [begin, end]');
  const [begin, end] = offsets;
  const bytes = numel(shape) * elementSize(dtype);
  if (end - begin !== bytes)
    wrong(`${end - begin} bytes, but shape [${shape.slice(0, 8).join(', ')}] of ${dtype} needs ${bytes}`);
  return { name, dtype, shape, begin, end };
}

/** The tensors must fill the file's rest exactly, which also bounds what is read by the file's size. */
function checkLayout(entries: readonly Entry[], available: number): void {
  let position = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    const what = begin < position ? 'overlap' : 'leave a gap';
    if (begin !== position)
      damaged(`its tensors ${what} at ${quote(name)} (expected it at byte ${position}, found ${begin})`);
    position = end;
  }
  if (position !== available)
    damaged(`its tensors take ${position} bytes, but ${available} bytes follow the header`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function damaged(what: string, options?: ErrorOptions): never {
  refuse(`not valid safetensors: ${what}; download or save it again`, options);
}

export interface SafetensorsOptions {
  /** What the floating-point tensors are stored as. Default: as they are. Integers (BatchNorm's counters) always stay. */
  readonly dtype?: 'float32' | 'float16' | 'bfloat16';
  /** Texts to carry along, for instance where the weights come from and how well they do. Default: none. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes a state dict as safetensors, whole or not at all: a file that was there before stays until the new one is on
 * the disk.
 * @throws CheckpointError where a tensor's data does not fit its dtype and shape, or the file cannot be written.
 */
export function saveSafetensors(path: string, dict: StateDict, options: SafetensorsOptions = {}): void {
  withPath(path, 'write', () => {
    const pieces = encodeSafetensors(dict, options);
    writeAtomically(path, (write) => {
      for (const piece of pieces) write(piece);
    });
  });
}

/** The bytes of such a file, one tensor's after the other's; each is converted when it is asked for. */
export function encodeSafetensors(
  dict: StateDict,
  { dtype, metadata }: SafetensorsOptions = {},
): Iterable<Uint8Array> {
  const entries = [...dict].map(([name, tensor]) => {
    if (name === METADATA) refuse(`a tensor cannot be named ${METADATA}; rename it`);
    checkTensor(name, tensor);
    const as = dtype && isFloating(tensor.dtype) ? dtype : undefined;
    return { name, tensor, as, stored: DTYPES[as ?? tensor.dtype], offsets: [0, 0] };
  });
  // Readers map tensors straight from the file, so each must lie at a multiple of its element's size: largest first.
  const bytes = ({ stored }: (typeof entries)[0]): number => stored.array.BYTES_PER_ELEMENT;
  const order = [...entries].sort((a, b) => bytes(b) - bytes(a));
  let position = 0;
  for (const entry of order) {
    const begin = position;
    position += numel(entry.tensor.shape) * bytes(entry);
    entry.offsets = [begin, position];
  }
  const header: [string, unknown][] = metadata ? [[METADATA, metadata]] : [];
  for (const { name, tensor, stored, offsets } of entries)
    header.push([name, { dtype: stored.safetensors, shape: tensor.shape, data_offsets: offsets }]);
  return (function* () {
    yield encodeHeader(Object.fromEntries(header));
    for (const { tensor, as } of order) yield bytesOf(as ? convert(tensor, as) : tensor);
  })();
}

/** Length and JSON, filled up with spaces to a multiple of 8 bytes. */
function encodeHeader(header: Readonly<Record<string, unknown>>): Uint8Array {
  const json = Buffer.from(JSON.stringify(header));
  const length = Math.ceil(json.length / 8) * 8;
  const result = Buffer.alloc(8 + length, ' ');
  result.writeBigUInt64LE(BigInt(length));
  json.copy(result, 8);
  return result;
}
