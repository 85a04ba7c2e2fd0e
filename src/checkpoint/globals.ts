import type { DType } from '../state/stateDict';
import { DTYPES, isSize, isSizes } from '../state/dtype';
import { refuse } from '../state/error';

/** A global on the unpickler's list. It does no more than what `call` says; nothing of Python is ever imported or run. */
export class PickleGlobal {
  constructor(
    readonly name: string,
    /** What calling it gives; without, it may be named but not called. */
    readonly call?: (args: readonly unknown[]) => unknown,
    /** For torch's storage classes: the type of their elements. */
    readonly dtype?: DType,
  ) {}
}

/** Elements `start` to `start + length` of a stored array of `numel` elements, as the pickle refers to it. */
export class Storage {
  constructor(
    readonly key: string,
    readonly dtype: DType,
    readonly numel: number,
    readonly start: number,
    readonly length: number,
  ) {}
}

/** A tensor as the pickle describes it; its elements are read only when it is wanted. */
export class TensorRef {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly stride: readonly number[],
    /** Whether the elements are those of the storage with the sign changed, as torch keeps `z.conj().imag`. */
    readonly negated: boolean,
  ) {}
}

/** Something that a state dict has no use for (a torch.device in an optimizer's options), kept by its name only. */
export class Opaque {
  constructor(readonly name: string) {}
}

/** `_rebuild_tensor(storage, offset, size, stride)`; the second version has requires_grad, hooks and metadata after these. */
function rebuildTensor([storage, offset, shape, stride, , , metadata]: readonly unknown[]): TensorRef {
  if (!(storage instanceof Storage && isSize(offset) && isSizes(shape) && isSizes(stride)))
    refuse('a tensor in it has no valid storage, offset, size or stride; save it again');
  if (shape.length !== stride.length)
    refuse(`a tensor in it has ${shape.length} sizes but ${stride.length} strides; save it again`);
  // Copies: the pickle may still append to its lists.
  return new TensorRef(storage, offset, [...shape], [...stride], isNegated(metadata));
}

/** torch's metadata of a tensor are its neg and conj bits; the latter only complex numbers have, which are not read here. */
function isNegated(metadata: unknown): boolean {
  if (metadata === undefined || metadata === null) return false;
  const bits = metadata instanceof Map ? [...(metadata as Map<unknown, unknown>)] : [];
  const known = bits.every(([name, set]) => set === false || (set === true && name === 'neg'));
  if (!known || !(metadata instanceof Map))
    refuse('a tensor in it has metadata other than the neg bit; look for another file');
  return metadata.get('neg') === true;
}

function rebuildParameter([tensor]: readonly unknown[]): TensorRef {
  if (!(tensor instanceof TensorRef)) refuse('a parameter in it is not a tensor; save it again');
  return tensor;
}

function makeDict([items]: readonly unknown[]): Map<unknown, unknown> {
  if (items instanceof Map) return items;
  const pairs = items ?? [];
  if (!Array.isArray(pairs) || !pairs.every((pair) => Array.isArray(pair) && pair.length === 2))
    refuse('a dict in it has items that are not pairs; save it again');
  // Taken out of the list, so that a hostile pickle cannot have one long list copied a million times.
  return new Map(pairs.splice(0) as [unknown, unknown][]);
}

/**
 * The whole list: what `torch.load(weights_only=True)` allows (torch/_weights_only_unpickler.py), less what no
 * ResNet's checkpoint has (sparse and quantized tensors, subclasses, complex numbers).
 */
const GLOBALS: ReadonlyMap<string, PickleGlobal> = new Map(
  [
    new PickleGlobal('collections.OrderedDict', makeDict),
    new PickleGlobal('collections.Counter', makeDict), // milestones of a learning rate's schedule
    new PickleGlobal('torch._utils._rebuild_tensor', rebuildTensor), // before torch 0.4
    new PickleGlobal('torch._utils._rebuild_tensor_v2', rebuildTensor),
    new PickleGlobal('torch._utils._rebuild_parameter', rebuildParameter),
    new PickleGlobal('torch._utils._rebuild_parameter_with_state', rebuildParameter), // with attributes of its own
    ...Object.entries(DTYPES).flatMap(([dtype, { storage }]) => [
      new PickleGlobal(`torch.${storage}`, undefined, dtype as DType),
      new PickleGlobal(`torch.${dtype}`),
    ]),
    ...['torch.Size', 'torch.device', '_codecs.encode', 'set', 'bytearray', 'complex']
      .flatMap((name) => (name.includes('.') ? [name] : [`builtins.${name}`, `__builtin__.${name}`]))
      .map((name) => new PickleGlobal(name, () => new Opaque(name))),
  ].map((global) => [global.name, global]),
);

/** The global of this name, where it is on the list. */
export function findGlobal(module: string, name: string): PickleGlobal | undefined {
  return GLOBALS.get(`${module}.${name}`);
}
