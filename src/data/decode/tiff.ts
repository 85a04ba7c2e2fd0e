import { DEEP_GREY, refuseKind } from './error';

/** What a TIFF's first directory says. */
export interface TiffLayout {
  /** When it stands upright, as its orientation says. */
  height: number;
  width: number;
  hasInks: boolean;
}

/** Tags by their numbers, with what stands for one that is missing. */
const TAGS = {
  width: [256],
  height: [257],
  bits: [258, 1],
  compression: [259, 1],
  photometric: [262],
  fillOrder: [266, 1],
  starts: [273],
  orientation: [274, 1],
  samples: [277, 1],
  rows: [278, 2 ** 32 - 1],
  lengths: [279],
  planar: [284, 1],
  predictor: [317, 1],
  palette: [320],
  extra: [338],
  format: [339, 1],
} as const;

/** None, LZW, deflate (two numbers) and PackBits. */
const COMPRESSIONS = [1, 5, 8, 32946, 32773];
/** Names of the most frequent among those that are refused. */
const REFUSED: Readonly<Record<number, string>> = { 4: 'fax', 7: 'JPEG', 34925: 'LZMA', 50000: 'zstd' };
const refuse: (what: string) => never = (what) => refuseKind('TIFF', what);

/** Bytes of a value of each type. */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];
/** photometric, samples (with the kinds of the extra ones): bits of each. Grey (0, 1), RGB (2), palette (3), inks (5). */
const KINDS: Readonly<Record<string, readonly number[]>> = {
  '0,1,': [1, 2, 4, 8],
  '1,1,': [1, 2, 4, 8],
  '2,3,': [8, 16],
  '2,4,0': [8],
  '2,4,2': [8],
  '3,1,': [1, 2, 4, 8],
  '5,4,': [8],
};

/**
 * Reads the directory of a TIFF's first picture, and lets through only what libvips and Pillow agree on: whole strips of
 * common kinds. https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf
 * @throws in words that say which kind of TIFF it is, or what is wrong with it.
 */
export function tiffLayout(bytes: Buffer): TiffLayout {
  const tags = readTags(bytes);
  const all = (name: keyof typeof TAGS): readonly number[] => {
    const [tag, missing] = TAGS[name] as readonly [number, number?];
    return tags.get(tag) ?? (missing === undefined ? [] : [missing]);
  };
  const one = (name: keyof typeof TAGS): number => all(name)[0] ?? NaN;
  const [width, height, samples] = [one('width'), one('height'), one('samples')];
  if (!(width > 0 && height > 0)) throw new Error('is a TIFF without a size');

  const compression = one('compression');
  if (!COMPRESSIONS.includes(compression))
    refuse(`compression ${compression}, ${REFUSED[compression] ?? 'rare'}`);
  if (all('starts').length === 0) refuse('tiles instead of strips');
  const expected = { planar: samples === 1 ? one('planar') : 1, fillOrder: 1, format: 1 } as const;
  for (const [name, value] of Object.entries(expected) as [keyof typeof expected, number][])
    if (all(name).some((each) => each !== value)) refuse(`${name} ${all(name).join()}`);
  const [bits, photometric, extra] = [one('bits'), one('photometric'), all('extra').join()];
  if (samples === 1 && bits === 16) throw new Error(DEEP_GREY);
  const isEven = all('bits').length === samples && all('bits').every((each) => each === bits);
  if (!isEven || !KINDS[`${photometric},${samples},${extra}`]?.includes(bits))
    refuse(
      `photometric ${photometric}, ${samples} samples of ${all('bits').join()} bits, extra ${extra || 'none'}`,
    );
  if (photometric === 3 && all('palette').length !== 3 << bits)
    throw new Error(`is a damaged TIFF: a palette of ${all('palette').length} numbers for ${bits} bits`);
  const predictor = one('predictor');
  if (predictor > (bits >= 8 ? 2 : 1)) refuse(`predictor ${predictor}`);

  const rows = Math.min(one('rows'), height);
  const [starts, lengths, orientation] = [all('starts'), all('lengths'), one('orientation')];
  const isQuarterTurn = orientation >= 5 && orientation <= 8; // numbered as in EXIF
  // Pillow maps such a file into memory, in the size that it will have when it is turned.
  if (isQuarterTurn && compression === 1 && starts.length === 1 && samples !== 3)
    refuse(`orientation ${orientation} of one uncompressed strip, which Pillow opens wrongly`);
  if (starts.length !== Math.ceil(height / rows) || lengths.length !== starts.length)
    throw new Error(`is a damaged TIFF: ${starts.length} strips of ${rows} rows for ${height} rows`);
  const rowBytes = Math.ceil((width * samples * bits) / 8);
  starts.forEach((start, i) => {
    const least = compression === 1 ? rowBytes * Math.min(rows, height - i * rows) : 1;
    if (lengths[i] < least || start + lengths[i] > bytes.length)
      throw new Error(`is a damaged or cut off TIFF: its strip ${i} has fewer bytes than it needs`);
  });
  const hasInks = photometric === 5;
  return isQuarterTurn ? { height: width, width: height, hasInks } : { height, width, hasInks };
}

/** The tags that are used here, with their values. */
function readTags(bytes: Buffer): Map<number, number[]> {
  const isLittle = bytes[0] === 0x49;
  const outside = (at: number, length: number): void => {
    if (at + length > bytes.length) throw new Error('is cut off: its directory is missing');
  };
  const short = (at: number): number => (isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const long = (at: number): number => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const known = new Set<number>(Object.values(TAGS).map(([tag]) => tag));
  const tags = new Map<number, number[]>();
  outside(4, 4);
  const start = long(4);
  outside(start, 2);
  const entries = short(start);
  outside(start + 2, entries * 12);
  for (let at = start + 2; at < start + 2 + entries * 12; at += 12) {
    const [tag, type, count] = [short(at), short(at + 2), long(at + 4)];
    const size = TYPE_BYTES[type] ?? 8;
    const values = count * size > 4 ? long(at + 8) : at + 8;
    outside(values, count * size);
    if (!known.has(tag)) continue;
    if ((type !== 3 && type !== 4) || count < 1 || tags.has(tag)) refuse(`tag ${tag} of type ${type}`);
    tags.set(
      tag,
      Array.from({ length: count }, (_, i) => (size === 2 ? short : long)(values + i * size)),
    );
  }
  return tags;
}
