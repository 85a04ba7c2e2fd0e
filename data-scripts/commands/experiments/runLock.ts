import { linkSync, mkdirSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

// Looked at: proper-lockfile tells a dead holder by the age of a file, by clocks that differ between nodes; here a number counts up.

/** Who holds a lock, as its file says. */
interface Holder {
  /** The machine, and the part of it whose process ids these are. */
  host: string;
  pid: number;
  /** Another one each time that a lock is taken. */
  id: string;
  /** Counts up while the holder lives. */
  beat: number;
}

export interface LockOptions {
  /** Told once of whom it waits for. */
  say(line: string): void;
  /** Called when another one holds the lock that this one held: the work must end at once. */
  onLost(taker: string): void;
  /** Default 10 s. */
  beatMs?: number;
  /** A lock whose beat stands still for so long is nobody's. Default 2 min: the longest step takes some seconds. */
  deadAfterMs?: number;
  /** How long a lock that was taken over is left alone before it counts: two may take one over at once. Default 2 s. */
  settleMs?: number;
}

/**
 * A lock that holds among machines which share a disk. One whose process is gone is taken over at once on its machine;
 * from another one when its beat has stood still. Beats are counted, not timed, so that clocks may differ.
 */
export class RunLock {
  private readonly holder: Holder = { host: thisHost(), pid: process.pid, id: randomUUID(), beat: 0 };
  private timer?: NodeJS.Timeout;

  private constructor(
    private readonly file: string,
    private readonly options: LockOptions,
  ) {}

  /** Takes the lock, waiting for whoever holds it. @param file - the lock's; its folder is made. */
  static async take(file: string, options: LockOptions): Promise<RunLock> {
    mkdirSync(dirname(file), { recursive: true });
    const lock = new RunLock(file, options);
    let waits = false;
    while (!lock.create()) {
      const other = read(file);
      if (!other) continue; // it was released just now
      if (!waits && !isGone(other)) {
        options.say(`Waiting for process ${other.pid} on ${nameOf(other)}, which has this work in hand.`);
        waits = true;
      }
      if (!(await isAbandoned(file, other, options.deadAfterMs ?? 120_000))) continue;
      lock.write(renameSync);
      await sleep(options.settleMs ?? 2_000);
      if (lock.isMine()) break;
    }
    lock.timer = setInterval(() => lock.beat(), options.beatMs ?? 10_000).unref();
    return lock;
  }

  release(): void {
    clearInterval(this.timer);
    if (this.isMine()) rmSync(this.file, { force: true });
  }

  /** @returns whether there was none. */
  private create(): boolean {
    try {
      this.write(linkSync);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  }

  /** The file comes into its place whole. */
  private write(place: (from: string, to: string) => void): void {
    const own = `${this.file}.${this.holder.id}`;
    try {
      writeFileSync(own, JSON.stringify(this.holder));
      place(own, this.file);
    } finally {
      rmSync(own, { force: true });
    }
  }

  private isMine(): boolean {
    return read(this.file)?.id === this.holder.id;
  }

  private beat(): void {
    const other = read(this.file);
    if (other?.id === this.holder.id) {
      this.holder.beat += 1;
      this.write(renameSync);
    } else {
      clearInterval(this.timer);
      this.options.onLost(
        other ? `process ${other.pid} on ${nameOf(other)}` : 'nobody: its file was removed',
      );
    }
  }
}

/** Waits until the lock is another's or nobody's (false), or its holder is gone (true). */
async function isAbandoned(file: string, holder: Holder, deadAfterMs: number): Promise<boolean> {
  let beat = holder.beat;
  for (let since = performance.now(); performance.now() - since < deadAfterMs && !isGone(holder);) {
    await sleep(Math.min(1_000, deadAfterMs / 10));
    const now = read(file);
    if (now?.id !== holder.id) return false;
    if (now.beat !== beat) [beat, since] = [now.beat, performance.now()];
  }
  return true;
}

/** Whether it ran here and does not any more. Another process with its id is found out by the beat. */
function isGone({ host, pid }: Holder): boolean {
  if (host !== thisHost()) return false;
  try {
    process.kill(pid, 0); // sends nothing
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EPERM'; // somebody else's
  }
}

function read(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (!(error instanceof SyntaxError)) throw error;
    return { host: 'unknown', pid: 0, id: '', beat: 0 }; // cut off by a full disk
  }
}

/** Containers on one machine may share a name and have process ids of their own. */
function thisHost(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

const nameOf = ({ host }: Holder): string => host.split(' ')[0];
