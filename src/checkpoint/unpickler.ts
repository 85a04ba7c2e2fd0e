import { CheckpointError, quote } from './error';
import { findGlobal, Opaque, PickleGlobal } from './globals';

/*
 * A restricted unpickler: Python's pickle machine (Lib/pickletools.py describes its opcodes) with only the opcodes that
 * torch.save writes in protocols 2 to 5, and only the globals of globals.ts. It makes maps, arrays, numbers, texts and
 * descriptions of tensors. It never recurses, and each step reads at least a byte, so the pickle's length bounds it;
 * the limits below bound its memory too.
 */

/** resnet152's checkpoint with Adam's state takes 76,000; the costliest thing a step makes is a Map of some 200 bytes. */
const MAX_STEPS = 1_000_000;
/** Opened and not yet closed collections; a checkpoint with its optimizer nests about 10. */
const MAX_DEPTH = 1000;
const MAX_GLOBAL_NAME = 256;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export interface Unpickled {
  readonly value: unknown;
  /** The byte after the pickle's last. */
  readonly end: number;
}

export interface UnpickleOptions {
  /** The first byte. Default 0. */
  readonly start?: number;
  /** What the file's own kind of reference (torch's storages) stands for. Default: there may be none. */
  readonly persistentLoad?: (id: unknown) => unknown;
}

/**
 * Reads one pickle.
 * @throws CheckpointError for anything that is not on its lists, with its name or place.
 */
export function unpickle(bytes: Buffer, options: UnpickleOptions = {}): Unpickled {
  return new Unpickler(bytes, options).run();
}

class Unpickler {
  private at: number;
  private opcodeAt = 0;
  private stack: unknown[] = [];
  /** The stacks that are put aside while a collection is open. */
  private readonly outer: unknown[][] = [];
  private readonly memo = new Map<number, unknown>();
  private readonly persistentLoad?: (id: unknown) => unknown;

  constructor(
    private readonly bytes: Buffer,
    { start = 0, persistentLoad }: UnpickleOptions,
  ) {
    this.at = start;
    this.persistentLoad = persistentLoad;
  }

  run(): Unpickled {
    for (let steps = 0; steps < MAX_STEPS; steps++) {
      this.opcodeAt = this.at;
      const opcode = this.bytes[this.take(1)];
      if (opcode === 0x2e /* STOP */) return { value: this.pop(), end: this.at };
      this.step(opcode);
    }
    throw new CheckpointError(
      `its pickle takes more than ${MAX_STEPS} steps; look for a file with the weights alone`,
    );
  }

  private step(opcode: number): void {
    switch (String.fromCharCode(opcode)) {
      case '\x80': {
        const protocol = this.bytes[this.take(1)];
        if (protocol < 2 || protocol > 5) throw this.error(`pickle protocol ${protocol}, expected 2 to 5,`);
        return;
      }
      case '\x95': // FRAME: how many bytes to read ahead, which has no use here
        this.take(8);
        return;
      case '(':
        if (this.outer.length >= MAX_DEPTH) throw this.error(`more than ${MAX_DEPTH} open collections`);
        this.outer.push(this.stack);
        this.stack = [];
        return;

      case 'N':
        return this.push(null);
      case '\x88':
        return this.push(true);
      case '\x89':
        return this.push(false);
      case 'K':
        return this.push(this.bytes[this.take(1)]);
      case 'M':
        return this.push(this.bytes.readUInt16LE(this.take(2)));
      case 'J':
        return this.push(this.bytes.readInt32LE(this.take(4)));
      case '\x8a':
        return this.push(this.long(this.bytes[this.take(1)]));
      case 'G':
        return this.push(this.bytes.readDoubleBE(this.take(8)));
      case 'X': // BINUNICODE
      case 'T': // BINSTRING, from Python 2
        return this.push(this.text(this.uint32()));
      case 'B': // BINBYTES
        this.take(this.uint32());
        return this.push(new Opaque('bytes'));
      case '\x8c': // SHORT_BINUNICODE
      case 'U': // SHORT_BINSTRING
        return this.push(this.text(this.bytes[this.take(1)]));
      case 'C': // SHORT_BINBYTES
        this.take(this.bytes[this.take(1)]);
        return this.push(new Opaque('bytes'));

      case ')':
      case ']':
        return this.push([]);
      case '}':
        return this.push(new Map());
      case '\x8f':
        return this.push(new Set());
      case '\x85':
        return this.push(this.popMany(1));
      case '\x86':
        return this.push(this.popMany(2));
      case '\x87':
        return this.push(this.popMany(3));
      case 't':
        return this.push(this.popToMark());
      case 'a':
        return this.append(this.popMany(1));
      case 'e':
        return this.append(this.popToMark());
      case '\x90': // ADDITEMS
        return this.addItems(this.popToMark());
      case 's':
        return this.setItems(this.popMany(2));
      case 'u':
        return this.setItems(this.popToMark());

      case 'q':
        return this.remember(this.bytes[this.take(1)]);
      case 'r':
        return this.remember(this.uint32());
      case '\x94':
        return this.remember(this.memo.size);
      case 'h':
        return this.recall(this.bytes[this.take(1)]);
      case 'j':
        return this.recall(this.uint32());

      case 'c': {
        const module = this.line();
        return this.push(this.global(module, this.line()));
      }
      case '\x93': {
        const [module, name] = this.popMany(2);
        if (typeof module !== 'string' || typeof name !== 'string')
          throw this.error('a global without a name');
        return this.push(this.global(module, name));
      }
      case 'R': // REDUCE
      case '\x81': // NEWOBJ
        return this.call();
      case 'b': {
        // BUILD sets attributes: an OrderedDict's _metadata, which holds versions of modules. Left out.
        this.pop();
        if (!(this.top() instanceof Map))
          throw this.error('attributes for something that is not an OrderedDict');
        return;
      }
      case 'Q': // BINPERSID
        if (!this.persistentLoad) throw this.error('a reference to a storage where none is expected');
        return this.push(this.persistentLoad(this.pop()));

      default: {
        const code = opcode.toString(16).padStart(2, '0');
        throw this.error(`opcode 0x${code}, which torch.save does not write for a state dict,`);
      }
    }
  }

  /** Moves on by `count` bytes and returns where they start. */
  private take(count: number): number {
    const start = this.at;
    if (start + count > this.bytes.length) {
      throw new CheckpointError(
        `its pickle is cut off at byte ${this.bytes.length}; download or save it again`,
      );
    }
    this.at += count;
    return start;
  }

  private uint32(): number {
    return this.bytes.readUInt32LE(this.take(4));
  }

  private text(length: number): string {
    const start = this.take(length);
    try {
      return UTF8.decode(this.bytes.subarray(start, start + length));
    } catch {
      throw this.error('a text that is not UTF-8');
    }
  }

  /** Text up to the end of the line. */
  private line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0 || end - this.at > MAX_GLOBAL_NAME) throw this.error('a global whose name does not end');
    const text = this.text(end - this.at);
    this.take(1);
    return text;
  }

  /** A little-endian integer in two's complement. */
  private long(length: number): number | bigint {
    const start = this.take(length);
    if (length === 0) return 0;
    const digits = Buffer.from(this.bytes.subarray(start, start + length)).reverse();
    const value = BigInt.asIntN(8 * length, BigInt(`0x${digits.toString('hex')}`));
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  private push(value: unknown): void {
    this.stack.push(value);
  }

  private top(): unknown {
    if (this.stack.length === 0) throw this.error('an operation on an empty stack');
    return this.stack[this.stack.length - 1];
  }

  private pop(): unknown {
    const value = this.top();
    this.stack.pop();
    return value;
  }

  private popMany(count: number): unknown[] {
    if (this.stack.length < count) throw this.error('an operation on an empty stack');
    return this.stack.splice(-count);
  }

  private popToMark(): unknown[] {
    const outer = this.outer.pop();
    if (!outer) throw this.error('the end of a collection that was not begun');
    const items = this.stack;
    this.stack = outer;
    return items;
  }

  private append(items: unknown[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw this.error('items for something that is not a list');
    for (const item of items) list.push(item);
  }

  private addItems(items: unknown[]): void {
    const set = this.top();
    if (!(set instanceof Set)) throw this.error('items for something that is not a set');
    for (const item of items) set.add(item);
  }

  private setItems(items: unknown[]): void {
    const dict = this.top();
    if (!(dict instanceof Map)) throw this.error('items for something that is not a dict');
    if (items.length % 2) throw this.error('a key without a value');
    for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
  }

  private remember(index: number): void {
    this.memo.set(index, this.top());
  }

  private recall(index: number): void {
    if (!this.memo.has(index)) throw this.error(`a reference to object ${index}, which is not there,`);
    this.push(this.memo.get(index));
  }

  private global(module: string, name: string): PickleGlobal {
    const global = findGlobal(module, name);
    if (!global) {
      throw new CheckpointError(
        `its pickle asks for ${quote(`${module}.${name}`)}, which is not among what a state dict is made of; ` +
          'nothing was run. Look for a file with the weights alone: a state dict, or safetensors',
      );
    }
    return global;
  }

  private call(): void {
    const [callee, args] = this.popMany(2);
    if (!(callee instanceof PickleGlobal && callee.call && Array.isArray(args))) {
      throw this.error(
        `a call of ${callee instanceof PickleGlobal ? callee.name : 'something that is no function'}`,
      );
    }
    this.push(callee.call(args));
  }

  private error(what: string): CheckpointError {
    return new CheckpointError(`its pickle has ${what} at byte ${this.opcodeAt}; download or save it again`);
  }
}
