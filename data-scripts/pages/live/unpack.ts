/** Bytes that were compressed with gzip and written in base64. */
export async function unpack(base64: string): Promise<ArrayBuffer> {
  const packed = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).arrayBuffer();
}

/** Puts even and odd bytes, which lie one after the other, back in turns. */
export function interleave(planes: ArrayBuffer): ArrayBuffer {
  const from = new Uint8Array(planes);
  const half = Math.ceil(from.length / 2);
  return Uint8Array.from(from, (_, i) => from[i % 2 === 0 ? i / 2 : half + (i - 1) / 2]).buffer;
}
