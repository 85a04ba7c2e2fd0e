import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, open, rename, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { checkNumber } from '../checkNumber';
import { startProgress, type ProgressFactory } from '../progress';

/** A file that somebody publishes, and what is known about it. */
export interface PublishedFile {
  url: string;
  /** Size in bytes, when it is known. */
  size?: number;
  /** Its hash as published, in hexadecimal; a sha256 may be cut short (torchvision's file names carry 8 digits of it). */
  hash?: { algorithm: 'sha256' | 'md5'; digest: string };
}

export interface DownloadOptions {
  /** No more than this many bytes are accepted; default: the published size, or 2 GB. */
  maxBytes?: number;
  /** Give up after this many milliseconds without an answer, or in which fewer than 1,000 bytes came; default 30,000. */
  stallMs?: number;
  /** How to show how far it has got; default: a bar in the notebook or a line on the terminal. */
  progress?: ProgressFactory;
  signal?: AbortSignal;
}

const STALL_MS = 30_000;

/** Why a download failed: no connection, an answer that is no file, a broken connection, or another file than published. */
export type DownloadFailure = 'unreachable' | 'refused' | 'incomplete' | 'mismatch';

/** A download that failed; the message says in one or two lines what happened and what to do. */
export class DownloadError extends Error {
  constructor(
    message: string,
    readonly reason: DownloadFailure,
    readonly url: string,
  ) {
    super(message);
    this.name = 'DownloadError';
  }
}

/**
 * Downloads a file, unless it is there already, and checks it against what was published.
 * The bytes go to `target.part`, and only a complete and checked file gets the name `target`;
 * an interrupted download goes on where it stopped when it is started again. The server is asked twice at most: for the
 * rest, and once more for the whole where it has no rest to give.
 * @param target - path of the file; its folder is made.
 * @returns the SHA-256 of the file, in hexadecimal.
 * @throws DownloadError
 */
export async function download(
  file: PublishedFile,
  target: string,
  options: DownloadOptions = {},
): Promise<string> {
  if (existsSync(target)) return checkFile(file, target);
  checkNumber('download: stallMs', options.stallMs ?? STALL_MS, { above: 0 });
  checkNumber('download: maxBytes', options.maxBytes ?? 0, { from: 0 });
  await mkdir(dirname(target), { recursive: true });
  const part = `${target}.part`;
  const finish = async (sha256: string): Promise<string> => {
    await rename(part, target);
    forget(part);
    return sha256;
  };
  // an earlier try may have been stopped after the last byte
  const complete =
    existsSync(part) && file.hash ? await checkFile(file, part).catch(() => undefined) : undefined;
  if (complete !== undefined) return finish(complete);

  let start = await resumeAt(part, file);
  let response = await request(file.url, start > 0 ? rangeHeaders(part, start) : {}, options);
  if (start > 0 && isWholeAlready(response, part, start)) {
    await response.body?.cancel();
    return finish(await checkFile(file, part, () => forget(part)));
  }
  if (start > 0 && response.status !== 200 && !goesOn(response, part, start) && response.status < 500) {
    // what is there is no beginning of the server's file, or it cannot hand out the rest: once more, from the start
    await response.body?.cancel();
    forget(part);
    start = 0;
    response = await request(file.url, {}, options);
  }
  const resumed = start > 0 && goesOn(response, part, start);
  if (!resumed && response.status !== 200) {
    await response.body?.cancel();
    throw new DownloadError(
      `${host(file.url)} answered ${response.status} ${response.statusText} for ${file.url}`,
      'refused',
      file.url,
    );
  }
  const have = resumed ? start : 0;
  if (!resumed) remember(part, response.headers.get('etag'));
  await receive(response, file, part, have, options);
  return finish(await checkFile(file, part, () => forget(part)));
}

/**
 * Checks a file on disk against what was published.
 * @returns the SHA-256 of the file, in hexadecimal.
 * @throws DownloadError when size or hash differ; `onMismatch` is called before.
 */
export async function checkFile(file: PublishedFile, path: string, onMismatch?: () => void): Promise<string> {
  const { size } = await stat(path);
  const wrong = (what: string, expected: string | number, got: string | number): DownloadError => {
    onMismatch?.();
    const advice = onMismatch ? 'It was thrown away: try again.' : 'Delete it and try again.';
    return new DownloadError(
      `${basename(path)} is not the published file: expected ${what} ${expected}, got ${got}.\n${advice}`,
      'mismatch',
      file.url,
    );
  };
  if (file.size !== undefined && size !== file.size) throw wrong('a size of', `${file.size} bytes`, size);
  const [sha256, md5] = await hashFile(path);
  if (file.hash) {
    const { algorithm, digest } = file.hash;
    const actual = (algorithm === 'sha256' ? sha256 : md5).slice(0, digest.length);
    if (actual !== digest.toLowerCase()) throw wrong(algorithm, digest, actual);
  }
  return sha256;
}

/** The SHA-256 and MD5 of a file, in hexadecimal. */
export async function hashFile(path: string): Promise<[sha256: string, md5: string]> {
  const hashes = [createHash('sha256'), createHash('md5')] as const;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }))
    for (const hash of hashes) hash.update(chunk as Buffer);
  return [hashes[0].digest('hex'), hashes[1].digest('hex')];
}

/** How many bytes of an earlier try can be kept: none when nothing would show that the file has changed since. */
async function resumeAt(part: string, file: PublishedFile): Promise<number> {
  if (!existsSync(part)) return 0;
  if (!file.hash && !existsSync(etagPath(part))) return 0;
  const { size } = await stat(part);
  return file.size !== undefined && size > file.size ? 0 : size;
}

const etagPath = (part: string): string => `${part}.etag`;

function rangeHeaders(part: string, start: number): Record<string, string> {
  const etag = existsSync(etagPath(part)) ? readFileSync(etagPath(part), 'utf8') : '';
  return { Range: `bytes=${start}-`, ...(etag ? { 'If-Range': etag } : {}) };
}

/** Keeps the server's mark of this version of the file; weak ones (W/...) do not promise equal bytes. */
function remember(part: string, etag: string | null): void {
  rmSync(etagPath(part), { force: true });
  if (etag && !etag.startsWith('W/')) writeFileSync(etagPath(part), etag);
}

function forget(part: string): void {
  for (const path of [part, etagPath(part)]) rmSync(path, { force: true });
}

/** "bytes 5-9/10" or, where there is no such range, "bytes *\/10", in numbers. */
function contentRange(response: Response): { first: number; last: number; total: number } | undefined {
  const found = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
  return found ? { first: Number(found[1]), last: Number(found[2]), total: Number(found[3]) } : undefined;
}

/** Whether the server's mark of the file's version, where both are known, is the one that was begun with. */
function sameVersion(response: Response, part: string): boolean {
  const etag = response.headers.get('etag');
  return !etag || !existsSync(etagPath(part)) || readFileSync(etagPath(part), 'utf8') === etag;
}

/** Whether the answer to a range request is the rest of the same file, from byte `start` to its end. */
function goesOn(response: Response, part: string, start: number): boolean {
  const range = contentRange(response);
  const rest = range?.first === start && range.last === range.total - 1;
  return response.status === 206 && rest && sameVersion(response, part);
}

/** Whether the server has no more bytes than are there: it was asked for those after `start`. */
function isWholeAlready(response: Response, part: string, start: number): boolean {
  return response.status === 416 && contentRange(response)?.total === start && sameVersion(response, part);
}

async function request(
  url: string,
  headers: Record<string, string>,
  options: DownloadOptions,
): Promise<Response> {
  const timeout = AbortSignal.timeout(options.stallMs ?? STALL_MS);
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  timeout.addEventListener('abort', abort);
  options.signal?.addEventListener('abort', abort);
  try {
    // identity: a compressed answer would have another length and other ranges than the file
    return await fetch(url, { headers: { 'Accept-Encoding': 'identity', ...headers }, signal: stop.signal });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new DownloadError(`${host(url)} cannot be reached (${causeOf(error)}).`, 'unreachable', url);
  } finally {
    timeout.removeEventListener('abort', abort);
    options.signal?.removeEventListener('abort', abort);
  }
}

/** Writes the body of the answer to `part`, from byte `have` on. */
async function receive(
  response: Response,
  file: PublishedFile,
  part: string,
  have: number,
  options: DownloadOptions,
): Promise<void> {
  const encoded = response.headers.has('content-encoding'); // unpacked on its way: its length is not the file's
  const announced = encoded ? NaN : Number(response.headers.get('content-length') ?? NaN);
  const total = Number.isFinite(announced) ? have + announced : file.size;
  const limit = options.maxBytes ?? file.size ?? 2e9;
  const name = basename(part, '.part');
  const refuse = (bytes: number): never => {
    forget(part);
    throw new DownloadError(
      `${name} is larger than expected: ${bytes} bytes or more, at most ${limit} are accepted.`,
      'mismatch',
      file.url,
    );
  };
  if (total !== undefined && total > limit) {
    await response.body?.cancel();
    refuse(total);
  }
  const megabytes = (bytes: number): number => Math.round(bytes / 1e5) / 10;
  const label = have > 0 ? `${name} (the rest)` : name;
  const bar =
    total === undefined
      ? undefined
      : (options.progress ?? startProgress)(megabytes(total - have), { label, unit: 'MB' });
  const out = await open(part, have > 0 ? 'a' : 'w');
  let received = have;
  try {
    for await (const chunk of chunks(response, options)) {
      received += chunk.length;
      if (received > limit) refuse(received);
      await out.writeFile(chunk);
      bar?.update(megabytes(received - have));
    }
    if (total !== undefined && received < total) throw new Error('the connection ended early');
    bar?.done();
  } catch (error) {
    bar?.stop();
    if (error instanceof DownloadError || options.signal?.aborted) throw error;
    throw new DownloadError(
      `${name} stopped at ${megabytes(received)}${total ? ` of ${megabytes(total)}` : ''} MB (${causeOf(error)}).\n` +
        'Try again: it goes on from there.',
      'incomplete',
      file.url,
    );
  } finally {
    await out.close();
  }
}

/** The body's chunks; throws when fewer than 1 kB come in `stallMs`: then it would take for ever. */
async function* chunks(
  response: Response,
  { stallMs = STALL_MS, signal }: DownloadOptions,
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return;
  const seconds = stallMs / 1000;
  let [since, bytes] = [performance.now(), 0];
  try {
    for (;;) {
      signal?.throwIfAborted();
      let timer: NodeJS.Timeout | undefined;
      const stalled = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`nothing came for ${seconds} s`)), stallMs);
      });
      const read = reader.read() as Promise<{ done: boolean; value?: Uint8Array }>;
      const { done, value } = await Promise.race([read, stalled]).finally(() => clearTimeout(timer));
      if (done || !value) return;
      bytes += value.length;
      if (performance.now() - since > stallMs) {
        if (bytes < 1000) throw new Error(`only ${bytes} bytes came in ${seconds} s`);
        [since, bytes] = [performance.now(), 0];
      }
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {}); // it may have failed already: the error on its way says more
  }
}

const host = (url: string): string => new URL(url).host;

function causeOf(error: unknown): string {
  const { message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
}
