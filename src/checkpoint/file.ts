import fs from 'node:fs';
import path from 'node:path';
import { CheckpointError, refuse } from '../state/error';

/** Headers (a pickle, a zip's directory, safetensors' JSON) are held in memory whole; resnet152's pickle with Adam's state has 232 kB. */
export const MAX_HEADER_BYTES = 16 * 2 ** 20;

/** A file open for reading at any position; no read, and no array made for one, reaches past its end. */
export class InputFile {
  private constructor(
    private readonly descriptor: number,
    readonly size: number,
  ) {}

  /** Opens `file` for as long as `action` runs. */
  static with<T>(file: string, action: (input: InputFile) => T): T {
    // Looked at before it is opened: opening a named pipe would wait for a writer for ever.
    if (!fs.statSync(file).isFile()) refuse('expected a file, found a folder or device');
    const descriptor = fs.openSync(file, 'r');
    try {
      return action(new InputFile(descriptor, fs.fstatSync(descriptor).size));
    } finally {
      fs.closeSync(descriptor);
    }
  }

  /** `length` bytes from `offset`, in a buffer of their own. */
  read(offset: number, length: number): ArrayBuffer {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size))
      refuse(
        `it ends too early: expected ${length} bytes at ${offset}, but it has ${this.size} bytes; download or save it again`,
      );
    const bytes = new Uint8Array(allocate(length));
    let done = 0;
    while (done < length) {
      const count = fs.readSync(this.descriptor, bytes, done, length - done, offset + done);
      if (count === 0) refuse('it became shorter while it was read; try again');
      done += count;
    }
    return bytes.buffer;
  }

  /** As `read`, with methods for numbers and text. */
  buffer(offset: number, length: number): Buffer {
    return Buffer.from(this.read(offset, length));
  }
}

/** An ArrayBuffer, or a CheckpointError where memory does not suffice. */
export function allocate(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch (cause) {
    refuse(`not enough memory for ${bytes} bytes; close other programs`, { cause });
  }
}

/** Name of the file that a process writes before it takes `target`'s place. */
function temporaryName(target: string, pid: number | string, time: number | string): string {
  return `.${path.basename(target)}.${pid}.${time}.tmp`;
}

/**
 * Removes what processes that were killed while they wrote `target` have left beside it. What a process that still runs
 * is writing stays.
 */
export function removeLeftovers(target: string): void {
  const folder = path.dirname(path.resolve(target));
  for (const name of fs.readdirSync(folder)) {
    const [, pid, time] = /\.(\d+)\.(\d+)\.tmp$/.exec(name) ?? [];
    if (pid && name === temporaryName(target, pid, time) && !isRunning(Number(pid)))
      fs.rmSync(path.join(folder, name), { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0); // sends nothing
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // somebody else's
  }
}

/** Writes all of `bytes`, however many calls that takes. */
export type Write = (bytes: Uint8Array) => void;

/**
 * Writes `target` whole or not at all: into a temporary file in the same folder, onto the disk, then renamed.
 * Whatever fails, a file that was there before is as it was, and the temporary one is gone.
 */
export function writeAtomically(target: string, action: (write: Write) => void): void {
  const folder = path.dirname(path.resolve(target));
  const temporary = path.join(folder, temporaryName(target, process.pid, Date.now()));
  const descriptor = fs.openSync(temporary, 'wx');
  try {
    try {
      action((bytes) => {
        for (let done = 0; done < bytes.length;) {
          done += fs.writeSync(descriptor, bytes, done, bytes.length - done);
        }
      });
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.renameSync(temporary, target);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(folder);
}

/** Makes the new name survive a power cut too; where the system cannot do that (Windows), the file is still whole. */
function syncFolder(folder: string): void {
  try {
    const descriptor = fs.openSync(folder, 'r');
    try {
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
  } catch {
    // Not supported here.
  }
}

/** What to do about the system's errors, by their codes. */
const ADVICE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder; check the path',
  EACCES: 'permission denied; check who owns it',
  EPERM: 'permission denied; check who owns it',
  ENOSPC: 'the disk is full; free some space (what was at this path before is unharmed)',
};

/** Runs `action`; what goes wrong with the file (not mistakes in the code) comes out as a CheckpointError with its path. */
export function withPath<T>(path: string, verb: 'read' | 'write', action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const advice =
      ADVICE[(error as NodeJS.ErrnoException).code ?? ''] ?? `${error.message}; check the disk and the path`;
    const what = error instanceof CheckpointError ? error.message : 'syscall' in error && advice;
    if (what === false) throw error;
    refuse(`cannot ${verb} ${path}: ${what}`, { cause: error });
  }
}
