import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { checkNumber } from '../checkNumber';
import { startProgress, type ProgressFactory } from '../progress';

/*
 * Over Node's fetch; own is what a file that must be the right one needs: a bound on its size, going on where it stopped, its
 * hash, the rename. Looked at: got and make-fetch-happen fetch and retry, and leave all of that to their caller;
 * node-downloader-helper and easydl go on where they stopped, but check no hash.
 */

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
  /** Give up after this many milliseconds in which nothing, or fewer than 1,000 bytes, came; default 30,000. */
  stallMs?: number;
  /** How to show how far it has got; default: a bar in the notebook or a line on the terminal. */
  progress?: ProgressFactory;
}

/** Why a download failed: no connection, an answer that is no file, a broken connection, or another file than published. */
export type DownloadFailure = 'unreachable' | 'refused' | 'incomplete' | 'mismatch';

/** A download that failed; the message says in one or two lines what happened and what to do. */
export class DownloadError extends Error {
  constructor(
    message: string,
    readonly reason: DownloadFailure,
  ) {
    super(message);
    this.name = 'DownloadError';
  }
}

/**
 * Downloads a file, unless it is there already, and checks it against what was published.
 * The bytes go to `target.part`, and only a complete and checked file gets the name `target`. A download that was
 * interrupted goes on where it stopped when it is started again, if the file's hash or size is known: otherwise nothing
 * would show that the file has changed since. The server is asked twice at most: for the rest, and once more for all.
 * @param target - path of the file; its folder is made.
 * @returns the SHA-256 of the file, in hexadecimal.
 * @throws DownloadError
 */
export async function download(
  file: PublishedFile,
  target: string,
  { maxBytes = file.size ?? 2e9, stallMs = 30_000, progress = startProgress }: DownloadOptions = {},
): Promise<string> {
  if (existsSync(target)) return checkFile(file, target);
  checkNumber('download: stallMs', stallMs, { above: 0 });
  checkNumber('download: maxBytes', maxBytes, { from: 0 });
  await mkdir(dirname(target), { recursive: true });
  const part = `${target}.part`;
  const canGoOn = existsSync(part) && isKnown(file);
  // An earlier try may have been stopped after the last byte.
  let sha256 = canGoOn ? await checkFile(file, part).catch(() => undefined) : undefined;
  try {
    if (sha256 === undefined) {
      const start = canGoOn ? (await stat(part)).size : 0;
      await fetchInto(part, start, file, { maxBytes, stallMs, progress });
      sha256 = await checkFile(file, part, 'It was thrown away: try again.');
    }
  } catch (error) {
    if (error instanceof DownloadError && error.reason === 'mismatch') await rm(part, { force: true });
    throw error;
  }
  await rename(part, target);
  return sha256;
}

/** Whether a beginning of the file can be used: at its end something shows if it is another's. */
const isKnown = ({ hash, size }: PublishedFile): boolean => hash !== undefined || size !== undefined;

/**
 * Checks a file on disk against what was published.
 * @param advice - what the error tells the reader to do.
 * @returns the SHA-256 of the file, in hexadecimal.
 * @throws DownloadError when size or hash differ.
 */
export async function checkFile(
  { size, hash }: PublishedFile,
  path: string,
  advice = 'Delete it and try again.',
): Promise<string> {
  const mustBe = (what: string, expected: string | number, got: string | number): void => {
    if (got === expected) return;
    const head = `${basename(path)} is not the published file: expected ${what} ${expected}, got ${got}.`;
    throw new DownloadError(`${head}\n${advice}`, 'mismatch');
  };
  if (size !== undefined) mustBe('a size in bytes of', size, (await stat(path)).size);
  const sha256 = await hashOf(path, 'sha256');
  if (hash) {
    const actual = hash.algorithm === 'sha256' ? sha256 : await hashOf(path, hash.algorithm);
    mustBe(hash.algorithm, hash.digest.toLowerCase(), actual.slice(0, hash.digest.length));
  }
  return sha256;
}

async function hashOf(path: string, algorithm: string): Promise<string> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

/** Writes what the server has of a file to `part`, of which the first `start` bytes are there. */
async function fetchInto(
  part: string,
  start: number,
  file: PublishedFile,
  options: Required<DownloadOptions>,
): Promise<void> {
  const { host } = new URL(file.url);
  const { stallMs } = options;
  const stop = new AbortController();
  const silence = setTimeout(() => stop.abort(new Error(`nothing came for ${stallMs / 1000} s`)), stallMs);
  const ask = (from: number): Promise<Response> => {
    silence.refresh();
    // identity: a compressed answer would have another length and other ranges than the file
    const headers = { 'Accept-Encoding': 'identity', ...(from > 0 && { Range: `bytes=${from}-` }) };
    return fetch(file.url, { headers, signal: stop.signal }).catch((error: unknown) => {
      throw new DownloadError(`${host} cannot be reached (${causeOf(error)}).`, 'unreachable');
    });
  };
  try {
    let response = await ask(start);
    if (start > 0 && !isRest(response, start) && response.status < 500) {
      // What is there is no beginning of the server's file, or it cannot hand out the rest.
      start = 0;
      if (response.status !== 200) response = await ask(0);
    }
    const { status, statusText } = response;
    if (start > 0 ? !isRest(response, start) : status !== 200)
      throw new DownloadError(`${host} answered ${status} ${statusText} for ${file.url}`, 'refused');
    await receive(response, part, start, file, options, () => silence.refresh());
  } finally {
    clearTimeout(silence);
    stop.abort(); // closes what was not read
  }
}

/** Whether the answer is the rest of a file, from byte `start` to its end. */
function isRest({ status, headers }: Response, start: number): boolean {
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get('content-range') ?? '') ?? [];
  return status === 206 && Number(first) === start && Number(last) === Number(total) - 1;
}

/** Writes the body of the answer to `part`, from byte `start` on; `onChunk` is told of each piece. */
async function receive(
  { headers, body }: Response,
  part: string,
  start: number,
  file: PublishedFile,
  { maxBytes, stallMs, progress }: Required<DownloadOptions>,
  onChunk: () => void,
): Promise<void> {
  const unpacked = headers.has('content-encoding'); // on its way: the length is not the file's
  const announced = unpacked ? NaN : Number(headers.get('content-length') ?? NaN);
  const total = Number.isFinite(announced) ? start + announced : file.size;
  const name = basename(part, '.part');
  const accept = (bytes: number): void => {
    if (bytes <= maxBytes) return;
    const what = `${bytes} bytes or more, at most ${maxBytes} are accepted`;
    throw new DownloadError(`${name} is larger than expected: ${what}.`, 'mismatch');
  };
  const megabytes = (bytes: number): number => Math.round(bytes / 1e5) / 10;
  accept(total ?? 0);
  const label = start > 0 ? `${name} (the rest)` : name;
  const bar = total === undefined ? undefined : progress(megabytes(total - start), { label, unit: 'MB' });
  const out = await open(part, start > 0 ? 'a' : 'w');
  let received = start;
  let [since, before] = [performance.now(), start];
  try {
    for await (const chunk of (body as AsyncIterable<Uint8Array> | null) ?? []) {
      onChunk();
      received += chunk.length;
      accept(received);
      await out.writeFile(chunk);
      bar?.update(megabytes(received - start));
      if (performance.now() - since < stallMs) continue;
      const came = received - before;
      if (came < 1000) throw new Error(`only ${came} bytes came in ${stallMs / 1000} s`); // it would take for ever
      [since, before] = [performance.now(), received];
    }
    if (total !== undefined && received < total) throw new Error('the connection ended early');
    bar?.done();
  } catch (error) {
    bar?.stop();
    if (error instanceof DownloadError) throw error;
    const how = `${megabytes(received)}${total ? ` of ${megabytes(total)}` : ''} MB (${causeOf(error)})`;
    const advice = isKnown(file) ? 'Try again: it goes on from there.' : 'Try again.';
    throw new DownloadError(`${name} stopped at ${how}.\n${advice}`, 'incomplete');
  } finally {
    await out.close();
  }
}

function causeOf(error: unknown): string {
  const { message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
}
