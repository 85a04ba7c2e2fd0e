function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Bytes that were compressed with gzip and written in base64, in pieces. */
export async function unpack(pieces: readonly string[]): Promise<ArrayBuffer> {
  const stream = new Blob(pieces.map(bytesOf)).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).arrayBuffer();
}

/** Puts bytes that lie in planes, the first bytes of all numbers before their second ones, back in turns. */
export function interleave(planes: ArrayBuffer, width: number): ArrayBuffer {
  const from = new Uint8Array(planes);
  const to = new Uint8Array(from.length);
  let next = 0;
  for (let plane = 0; plane < width; plane++)
    for (let at = plane; at < to.length; at += width) to[at] = from[next++];
  return to.buffer;
}
