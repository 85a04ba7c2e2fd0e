import { quote, refuse } from '../state/error';
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

/**
 * Reads one pickle.
 * @param start - its first byte.
 * @param persistentLoad - what the file's own kind of reference (torch's storages) stands for; without, there may be none.
 * @throws CheckpointError for anything that is not on its lists, with its name or place.
 */
export function unpickle(bytes: Buffer, start = 0, persistentLoad?: (id: unknown) => unknown): Unpickled {
  const machine: Machine = new Machine(bytes, start, persistentLoad);
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    machine.opcodeAt = machine.at;
    const opcode = machine.byte();
    if (opcode === 0x2e /* STOP */) return { value: machine.pop(), end: machine.at };
    const step = STEPS.get(opcode);
    if (!step) {
      const code = opcode.toString(16).padStart(2, '0');
      machine.fail(`opcode 0x${code}, which torch.save does not write for a state dict,`);
    }
    step(machine);
  }
  refuse(`its pickle takes more than ${MAX_STEPS} steps; look for a file with the weights alone`);
}

/** What each opcode does; its name where the code beside it does not say it. */
const STEPS = new Map<number, (machine: Machine) => void>(
  Object.entries({
    '\x80': (m) => m.checkProtocol(),
    '\x95': (m) => m.take(8), // FRAME: how many bytes to read ahead, which has no use here

    N: (m) => m.push(null),
    '\x88': (m) => m.push(true),
    '\x89': (m) => m.push(false),
    K: (m) => m.push(m.byte()),
    M: (m) => m.push(m.bytes.readUInt16LE(m.take(2))),
    J: (m) => m.push(m.bytes.readInt32LE(m.take(4))),
    '\x8a': (m) => m.push(m.long(m.byte())), // LONG1
    G: (m) => m.push(m.bytes.readDoubleBE(m.take(8))),
    X: (m) => m.push(m.text(m.uint32())), // BINUNICODE
    T: (m) => m.push(m.text(m.uint32())), // BINSTRING, from Python 2
    U: (m) => m.push(m.text(m.byte())), // SHORT_BINSTRING
    '\x8c': (m) => m.push(m.text(m.byte())), // SHORT_BINUNICODE
    B: (m) => m.pushOpaque(m.uint32()), // BINBYTES
    C: (m) => m.pushOpaque(m.byte()), // SHORT_BINBYTES

    ')': (m) => m.push([]),
    ']': (m) => m.push([]),
    '}': (m) => m.push(new Map()),
    '\x8f': (m) => m.push(new Set()),
    '\x85': (m) => m.push(m.popMany(1)),
    '\x86': (m) => m.push(m.popMany(2)),
    '\x87': (m) => m.push(m.popMany(3)),
    '(': (m) => m.mark(),
    t: (m) => m.push(m.popToMark()),
    a: (m) => m.append(m.popMany(1)),
    e: (m) => m.append(m.popToMark()),
    '\x90': (m) => m.addItems(m.popToMark()), // ADDITEMS
    s: (m) => m.setItems(m.popMany(2)),
    u: (m) => m.setItems(m.popToMark()),

    q: (m) => m.remember(m.byte()),
    r: (m) => m.remember(m.uint32()),
    '\x94': (m) => m.remember(m.memo.size), // MEMOIZE
    h: (m) => m.recall(m.byte()),
    j: (m) => m.recall(m.uint32()),

    c: (m) => m.pushGlobal(m.line(), m.line()),
    '\x93': (m) => m.pushGlobal(...(m.popMany(2) as [unknown, unknown])), // STACK_GLOBAL
    R: (m) => m.call(), // REDUCE
    '\x81': (m) => m.call(), // NEWOBJ
    b: (m) => m.build(),
    Q: (m) => m.loadPersistent(), // BINPERSID
  } satisfies Record<string, (machine: Machine) => void>).map(([opcode, step]) => [
    opcode.charCodeAt(0),
    step,
  ]),
);

class Machine {
  opcodeAt = 0;
  readonly memo = new Map<number, unknown>();
  private stack: unknown[] = [];
  /** The stacks that are put aside while a collection is open. */
  private readonly outer: unknown[][] = [];

  constructor(
    readonly bytes: Buffer,
    /** The byte to be read next. */
    public at: number,
    private readonly persistentLoad?: (id: unknown) => unknown,
  ) {}

  fail(what: string): never {
    refuse(`its pickle has ${what} at byte ${this.opcodeAt}; download or save it again`);
  }

  /** Moves on by `count` bytes and returns where they start. */
  take(count: number): number {
    const start = this.at;
    const { length } = this.bytes;
    if (start + count > length) refuse(`its pickle is cut off at byte ${length}; download or save it again`);
    this.at += count;
    return start;
  }

  byte(): number {
    return this.bytes[this.take(1)];
  }

  uint32(): number {
    return this.bytes.readUInt32LE(this.take(4));
  }

  text(length: number): string {
    const start = this.take(length);
    try {
      return UTF8.decode(this.bytes.subarray(start, start + length));
    } catch {
      this.fail('a text that is not UTF-8');
    }
  }

  /** Text up to the end of the line. */
  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0 || end - this.at > MAX_GLOBAL_NAME) this.fail('a global whose name does not end');
    const text = this.text(end - this.at);
    this.take(1);
    return text;
  }

  /** A little-endian integer in two's complement. */
  long(length: number): number | bigint {
    const start = this.take(length);
    if (length === 0) return 0;
    const digits = Buffer.from(this.bytes.subarray(start, start + length)).reverse();
    const value = BigInt.asIntN(8 * length, BigInt(`0x${digits.toString('hex')}`));
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  checkProtocol(): void {
    const protocol = this.byte();
    if (protocol < 2 || protocol > 5) this.fail(`pickle protocol ${protocol}, expected 2 to 5,`);
  }

  push(value: unknown): void {
    this.stack.push(value);
  }

  /** Skips bytes that a state dict has no use for. */
  pushOpaque(length: number): void {
    this.take(length);
    this.push(new Opaque('bytes'));
  }

  top(): unknown {
    if (this.stack.length === 0) this.fail('an operation on an empty stack');
    return this.stack[this.stack.length - 1];
  }

  pop(): unknown {
    return this.popMany(1)[0];
  }

  popMany(count: number): unknown[] {
    if (this.stack.length < count) this.fail('an operation on an empty stack');
    return this.stack.splice(-count);
  }

  /** Opens a collection: what is pushed from now on is its own. */
  mark(): void {
    if (this.outer.length >= MAX_DEPTH) this.fail(`more than ${MAX_DEPTH} open collections`);
    this.outer.push(this.stack);
    this.stack = [];
  }

  popToMark(): unknown[] {
    const outer = this.outer.pop();
    if (!outer) this.fail('the end of a collection that was not begun');
    const items = this.stack;
    this.stack = outer;
    return items;
  }

  append(items: unknown[]): void {
    const list = this.top();
    if (!Array.isArray(list)) this.fail('items for something that is not a list');
    for (const item of items) list.push(item);
  }

  addItems(items: unknown[]): void {
    const set = this.top();
    if (!(set instanceof Set)) this.fail('items for something that is not a set');
    for (const item of items) set.add(item);
  }

  setItems(items: unknown[]): void {
    const dict = this.top();
    if (!(dict instanceof Map)) this.fail('items for something that is not a dict');
    if (items.length % 2) this.fail('a key without a value');
    for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
  }

  remember(index: number): void {
    this.memo.set(index, this.top());
  }

  recall(index: number): void {
    if (!this.memo.has(index)) this.fail(`a reference to object ${index}, which is not there,`);
    this.push(this.memo.get(index));
  }

  pushGlobal(module: unknown, name: unknown): void {
    if (typeof module !== 'string' || typeof name !== 'string') this.fail('a global without a name');
    const global = findGlobal(module, name);
    if (!global)
      refuse(
        `its pickle asks for ${quote(`${module}.${name}`)}, which is not among what a state dict is made of; ` +
          'nothing was run. Look for a file with the weights alone: a state dict, or safetensors',
      );
    this.push(global);
  }

  call(): void {
    const [callee, args] = this.popMany(2);
    const known = callee instanceof PickleGlobal ? callee : undefined;
    if (!known?.call || !Array.isArray(args))
      this.fail(`a call of ${known ? known.name : 'something that is no function'}`);
    this.push(known.call(args));
  }

  /** BUILD sets attributes: an OrderedDict's _metadata, which holds versions of modules. Left out. */
  build(): void {
    this.pop();
    if (!(this.top() instanceof Map)) this.fail('attributes for something that is not an OrderedDict');
  }

  loadPersistent(): void {
    if (!this.persistentLoad) this.fail('a reference to a storage where none is expected');
    this.push(this.persistentLoad(this.pop()));
  }
}
