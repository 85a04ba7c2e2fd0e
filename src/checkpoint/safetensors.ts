import type { DType, StateDict, StateTensor } from '../state/stateDict';
import { convert } from '../state/convert';
import { bytesOf, checkTensor, DTYPES, elementSize, isFloating, isSizes, numel } from '../state/dtype';
import { CheckpointError, quote, refuse } from '../state/error';
import { InputFile, MAX_HEADER_BYTES, writeAtomically, withPath } from './file';

/*
 * The format (github.com/huggingface/safetensors): the header's length as a little-endian u64, the header as JSON
 * {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, "__metadata__": {"text": "text"}},
 * then the tensors' bytes, without gaps and without overlaps. Offsets count from the header's end.
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

/** All tensors of a safetensors file, in the order of its header, but those first whose names are whole numbers. */
export function readSafetensors(input: InputFile): StateDict {
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

function readHeader(input: InputFile): Header {
  const length = Number(input.buffer(0, 8).readBigUInt64LE(0));
  if (length > MAX_HEADER_BYTES || length > input.size - 8) {
    throw damaged(
      `its header claims ${length} bytes, more than the file (${input.size}) or the limit of ${MAX_HEADER_BYTES}`,
    );
  }
  let json: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(input.read(8, length));
    json = JSON.parse(text); // of two equal names it keeps the last, as the library safetensors does
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause;
    throw damaged('its header is not JSON in UTF-8', cause);
  }
  if (!isObject(json)) throw damaged('its header is not a JSON object');
  const dataStart = 8 + length;
  const { [METADATA]: metadata, ...tensors } = json;
  const entries = Object.entries(tensors).map(([name, value]) => parseEntry(name, value));
  checkLayout(entries, input.size - dataStart);
  return { entries, metadata: parseMetadata(metadata), dataStart };
}

function parseEntry(name: string, value: unknown): Entry {
  const wrong = (what: string) => damaged(`its header's entry ${quote(name)} has ${what}`);
  if (!isObject(value)) throw wrong('no description');
  const dtype = (Object.keys(DTYPES) as DType[]).find((key) => DTYPES[key].safetensors === value.dtype);
  if (!dtype) {
    const known = Object.values(DTYPES).map((info) => info.safetensors);
    refuse(
      `${quote(name)} has dtype ${quote(typeof value.dtype === 'string' ? value.dtype : typeof value.dtype)}, expected one of ${known.join(', ')}; save it as one of these`,
    );
  }
  const { shape, data_offsets: offsets } = value;
  if (!isSizes(shape)) throw wrong('no shape of whole numbers');
  if (!isSizes(offsets) || offsets.length !== 2) throw wrong('no data_offsets [begin, end]');
  const [begin, end] = offsets;
  if (end - begin !== numel(shape) * elementSize(dtype)) {
    throw wrong(
      `${end - begin} bytes, but shape [${shape.slice(0, 8).join(', ')}] of ${dtype} needs ${numel(shape) * elementSize(dtype)}`,
    );
  }
  return { name, dtype, shape, begin, end };
}

/** The tensors must fill the file's rest exactly, which also bounds what is read by the file's size. */
function checkLayout(entries: readonly Entry[], available: number): void {
  let position = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== position) {
      throw damaged(
        `its tensors ${begin < position ? 'overlap' : 'leave a gap'} at ${quote(name)} (expected it at byte ${position}, found ${begin})`,
      );
    }
    position = end;
  }
  if (position !== available)
    throw damaged(`its tensors take ${position} bytes, but ${available} bytes follow the header`);
}

function parseMetadata(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  if (!isObject(value) || !Object.values(value).every((text) => typeof text === 'string')) {
    throw damaged(`its ${METADATA} is not an object of texts`);
  }
  return value as Record<string, string>;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function damaged(what: string, cause?: unknown): CheckpointError {
  return new CheckpointError(`not valid safetensors: ${what}; download or save it again`, { cause });
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
  const { dtype, metadata } = options;
  withPath(path, 'write', () => {
    const entries: [string, unknown][] = metadata ? [[METADATA, metadata]] : [];
    const storedAs = (tensor: StateTensor) => (dtype && isFloating(tensor.dtype) ? dtype : tensor.dtype);
    // Readers map tensors straight from the file, so each must lie at a multiple of its element's size: largest first.
    const order = [...dict].sort(([, a], [, b]) => elementSize(storedAs(b)) - elementSize(storedAs(a)));
    const offsets = new Map<string, [number, number]>();
    let position = 0;
    for (const [name, tensor] of order) {
      checkTensor(name, tensor);
      const end = position + numel(tensor.shape) * elementSize(storedAs(tensor));
      offsets.set(name, [position, end]);
      position = end;
    }
    for (const [name, tensor] of dict) {
      if (name === METADATA) refuse(`a tensor cannot be named ${METADATA}; rename it`);
      const dtype = DTYPES[storedAs(tensor)].safetensors;
      entries.push([name, { dtype, shape: tensor.shape, data_offsets: offsets.get(name) }]);
    }
    writeAtomically(path, (write) => {
      write(encodeHeader(Object.fromEntries(entries)));
      for (const [, tensor] of order)
        write(bytesOf(dtype && isFloating(tensor.dtype) ? convert(tensor, dtype) : tensor));
    });
  });
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
