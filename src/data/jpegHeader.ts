/** What a JPEG's frame header says. */
export interface JpegFrame {
  height: number;
  width: number;
  /** 1 grey, 3 colours, 4 inks. */
  components: number;
}

/** Baseline, extended and progressive frames: all that libjpeg decodes. */
const FRAME_MARKERS = [0xc0, 0xc1, 0xc2];

/**
 * Reads a JPEG's frame header (ITU-T T.81, B.2.2), which takes a hundredth of the time of asking libvips.
 * Returns undefined where anything is unusual: libvips then has the say.
 */
export function jpegFrame(bytes: Buffer): JpegFrame | undefined {
  // After the two bytes at the start come segments, each with a marker of two bytes and its length in two bytes.
  for (let at = 2; at + 10 <= bytes.length && bytes[at] === 0xff; at += 2 + bytes.readUInt16BE(at + 2)) {
    const marker = bytes[at + 1];
    if (FRAME_MARKERS.includes(marker)) {
      const [bits, height, width] = [bytes[at + 4], bytes.readUInt16BE(at + 5), bytes.readUInt16BE(at + 7)];
      const components = bytes[at + 9];
      const usual = bits === 8 && height > 0 && width > 0 && [1, 3, 4].includes(components);
      return usual ? { height, width, components } : undefined;
    }
    const passedOver = marker === 0xc4 || (marker >= 0xdb && marker <= 0xfe); // tables, application data, comments
    if (!passedOver) return undefined;
  }
  return undefined;
}

/** Whether the file ends as a whole JPEG does: a truncated one doesn't. */
export function hasJpegEnd(bytes: Buffer): boolean {
  return bytes.length > 2 && bytes.readUInt16BE(bytes.length - 2) === 0xffd9;
}
