import { refuseKind } from './error';

/** What a JPEG's frame header says. */
export interface JpegFrame {
  height: number;
  width: number;
  /** 1 grey, 3 colours, 4 inks. */
  components: number;
}

/** Baseline, extended and progressive frames. */
const FRAMES = [0xc0, 0xc1, 0xc2];
/** Scans of a progressive JPEG; ten are usual. Each goes over all of the picture, so thousands would take hours. */
const MAX_SCANS = 100;

/**
 * Goes through a JPEG's markers (ITU-T T.81, annex B) to its end and reads the frame's header, in a hundredth of the
 * time that the picture takes. What passes here is decoded or refused whichever rows are asked for: libjpeg stops at
 * wrong markers and at the file's end, but only warns of wrong coefficients, and Pillow takes what it makes of them.
 */
export function jpegFrame(bytes: Buffer): JpegFrame {
  let frame: JpegFrame | undefined;
  let isProgressive = false;
  let isAdobe = false;
  let scans = 0;
  /** Whether all components have come in one scan, after which libjpeg expects the end. */
  let isComplete = false;
  for (let at = nextMarker(bytes, 2); bytes[at] !== 0xd9; at = nextMarker(bytes, at)) {
    const marker = bytes[at++];
    if (marker >> 3 === 0xd0 >> 3) continue; // a restart, which has no segment
    const length = at + 2 <= bytes.length ? bytes.readUInt16BE(at) : 0;
    const segment = bytes.subarray(at + 2, at + length);
    const wrong = new Error(
      `is a damaged JPEG: marker FF ${marker.toString(16)} at byte ${at} is out of place`,
    );
    if (segment.length !== length - 2 || isComplete) throw wrong;
    at += length;
    if (FRAMES.includes(marker)) {
      const components = segment[5];
      if (frame || segment.length !== 6 + 3 * components) throw wrong;
      isProgressive = marker === 0xc2;
      frame = { height: segment.readUInt16BE(1), width: segment.readUInt16BE(3), components };
      if (segment[0] !== 8 || frame.height < 1 || frame.width < 1 || ![1, 3, 4].includes(components))
        throw new Error(
          `is a JPEG of ${frame.height}x${frame.width} pixels in ${components} colours of ${segment[0]} bits`,
        );
    } else if (marker === 0xda) {
      if (!frame || segment.length !== 4 + 2 * segment[0]) throw wrong;
      if (++scans > MAX_SCANS) throw new Error(`is a JPEG of more than ${MAX_SCANS} scans`);
      isComplete = !isProgressive && segment[0] === frame.components;
    } else if (marker === 0xee) {
      isAdobe ||= segment.length >= 12 && segment.toString('latin1', 0, 5) === 'Adobe';
    } else if (marker >= 0xc3 && marker <= 0xcf && marker !== 0xc4) {
      refuseKind('JPEG', `frame FF ${marker.toString(16)}: lossless or arithmetic`);
    } else if (![0xc4, 0xdb, 0xdd, 0xfe].includes(marker) && marker >> 4 !== 0xe) throw wrong;
  }
  if (!frame || scans === 0) throw new Error('is a JPEG without a picture');
  // Inks are stored inverted by Adobe's programs, and it takes their mark to know.
  if (frame.components === 4 && !isAdobe) throw new Error('is a CMYK JPEG without the mark that says how');
  return frame;
}

/** Where the next marker's second byte is, past whatever lies between: coefficients or stray bytes. */
function nextMarker(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0 && at + 1 < bytes.length; at = bytes.indexOf(0xff, at)) {
    const next = bytes[++at];
    if (next !== 0 && next !== 0xff) return at;
  }
  throw new Error('is cut off: it is a JPEG without its end (bytes FF D9)');
}
