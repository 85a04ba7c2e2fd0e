import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, open, rename, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
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
  /** Give up after this many milliseconds without a byte; default 30,000. */
  stallMs?: number;
  /** How to show how far it has got; default: a bar in the notebook or a line on the terminal. */
  progress?: ProgressFactory;
  signal?: AbortSignal;
}

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
 * an interrupted download goes on where it stopped when it is started again.
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
  await mkdir(dirname(target), { recursive: true });
  const part = `${target}.part`;
  const start = await resumeAt(part, file);
  const response = await request(file.url, start > 0 ? rangeHeaders(part, start) : {}, options);
  if (response.status === 416) {
    // The server has no such range: what is there is no beginning of its file.
    forget(part);
    return download(file, target, options);
  }
  const resumed = response.status === 206 && startsAt(response, start);
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
  const sha256 = await checkFile(file, part, () => forget(part));
  await rename(part, target);
  forget(part);
  return sha256;
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

/** Whether the answer to a range request begins at the byte asked for. */
function startsAt(response: Response, start: number): boolean {
  return response.headers.get('content-range')?.startsWith(`bytes ${start}-`) ?? false;
}

async function request(
  url: string,
  headers: Record<string, string>,
  options: DownloadOptions,
): Promise<Response> {
  const timeout = AbortSignal.timeout(options.stallMs ?? 30_000);
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
  const announced = Number(response.headers.get('content-length') ?? NaN);
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

/** The body's chunks; throws when none comes for `stallMs`. */
async function* chunks(
  response: Response,
  { stallMs = 30_000, signal }: DownloadOptions,
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      signal?.throwIfAborted();
      let timer: NodeJS.Timeout | undefined;
      const stalled = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`nothing came for ${stallMs / 1000} s`)), stallMs);
      });
      const read = reader.read() as Promise<{ done: boolean; value?: Uint8Array }>;
      const { done, value } = await Promise.race([read, stalled]).finally(() => clearTimeout(timer));
      if (done || !value) return;
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
