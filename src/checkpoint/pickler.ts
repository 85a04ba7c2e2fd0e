import type { StateDict, StateTensor } from '../state/stateDict';
import { DTYPES } from '../state/dtype';

/*
 * Writing of the one kind of pickle that a state dict needs (protocol 2, as torch.save's default):
 * OrderedDict([(name, _rebuild_tensor_v2(storage, 0, size, stride, False, OrderedDict())), ...]).
 */

/** @param keyOf - the key of the storage that holds a tensor's elements, and nothing else. */
export function pickleStateDict(dict: StateDict, keyOf: (tensor: StateTensor) => string): Uint8Array {
  const parts: (string | Buffer)[] = ['\x80\x02', ORDERED_DICT, '('];
  for (const [name, tensor] of dict) {
    const { dtype, shape, data } = tensor;
    parts.push(text(name), global('torch._utils', '_rebuild_tensor_v2'), '(');
    parts.push(
      '(',
      text('storage'),
      global('torch', DTYPES[dtype].storage),
      text(keyOf(tensor)),
      text('cpu'),
    );
    parts.push(integer(data.length), 'tQ', integer(0), tuple(shape), tuple(contiguousStride(shape)));
    parts.push('\x89', ORDERED_DICT, 'tR'); // requires_grad False, no hooks
  }
  parts.push('u.');
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
}

const ORDERED_DICT = `${global('collections', 'OrderedDict')})R`;

function global(module: string, name: string): string {
  return `c${module}\n${name}\n`;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  const head = Buffer.from('X....');
  head.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** BININT up to 2^31, LONG1 of 8 bytes from there. */
function integer(value: number): Buffer {
  if (value < 2 ** 31) {
    const result = Buffer.from('J....');
    result.writeInt32LE(value, 1);
    return result;
  }
  const result = Buffer.alloc(10, 0);
  result.set([0x8a, 8]);
  result.writeBigInt64LE(BigInt(value), 2);
  return result;
}

function tuple(values: readonly number[]): Buffer {
  return Buffer.concat([Buffer.from('('), ...values.map(integer), Buffer.from('t')]);
}

/** Row-major: the last axis has stride 1. Axes of size 0 count as 1, as in torch. */
function contiguousStride(shape: readonly number[]): number[] {
  const stride: number[] = [];
  for (let axis = shape.length - 1, step = 1; axis >= 0; axis--) {
    stride[axis] = step;
    step *= Math.max(1, shape[axis]);
  }
  return stride;
}
