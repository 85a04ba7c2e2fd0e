import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { decodeImage } from '../../../src/data/decode/decode';
import { ImageError } from '../../../src/data/decode/error';
import { crop } from '../../../src/data/geometry';
import type { CropBox } from '../../../src/data/image';
import { projectRoot } from '../../../src/locations';
import { RandomResizedCrop } from '../../../src/data/transforms';
import { Random } from '../../../src/random';
import { Peer } from '../bench/peer';
import { filesIn, type Outcome, parseFolder, report } from './folder';

/** What one side made of a file: a picture, or the reason why it was refused. */
type Decoded = { height: number; width: number; sha256: string } | { refusal: string };

const KINDS = [
  'equal',
  'refused by both',
  'only Pillow',
  'only ours',
  'differing',
  'depends on the part',
] as const;

/** `npm run compare -- pictures`: returns the exit status. */
export async function comparePictures(args: string[], help = ''): Promise<number> {
  const asked = parseFolder(args, help);
  if (!asked) return 0;
  const { folder, python, verbose } = asked;
  const files = filesIn(folder);
  const peer = new Peer(python, [join(projectRoot(), 'data-scripts/commands/compare/pictures_peer.py')]);
  const outcomes = new Map<string, Outcome>();
  try {
    const { Pillow: version } = (await peer.answer()) as { Pillow: string };
    console.log(`${files.length} files in ${folder}, against Pillow ${version}\n`);
    for (const file of files) {
      const [ours, pillow] = await Promise.all([decode(file), peer.ask({ path: file }) as Promise<Decoded>]);
      const kind = (await dependsOnPart(file, ours)) ? 'depends on the part' : compare(ours, pillow);
      // Hundreds of files that are no pictures would hide the few that count.
      const quiet = kind === 'equal' || (kind === 'refused by both' && !verbose);
      const reason = quiet ? undefined : `${say(ours)}; Pillow: ${say(pillow)}`;
      outcomes.set(file, { kind, reason });
    }
  } finally {
    peer.end();
  }
  console.log(report(folder, KINDS, outcomes, verbose));
  const wrong: readonly string[] = ['differing', 'depends on the part'];
  return [...outcomes.values()].some(({ kind }) => wrong.includes(kind)) ? 1 : 0;
}

async function decode(path: string, box?: CropBox): Promise<Decoded> {
  try {
    const { data, height, width } = await decodeImage(path, undefined, box && (() => box));
    return { height, width, sha256: createHash('sha256').update(data).digest('hex') };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return { refusal: error.reason };
  }
}

async function dependsOnPart(path: string, ours: Decoded): Promise<boolean> {
  if ('refusal' in ours) {
    const part = await decodeImage(path, undefined, () => ({ top: 0, left: 0, height: 1, width: 1 })).catch(
      () => undefined,
    );
    return part !== undefined;
  }
  const whole = await decodeImage(path);
  for (let seed = 0; seed < 2; seed++) {
    const { height, width } = whole;
    const box = RandomResizedCrop.getParams(height, width, [0.08, 1], [3 / 4, 4 / 3], new Random(seed));
    const expected = crop(whole, box.top, box.left, box.height, box.width);
    const part = await decode(path, box);
    const sha256 = createHash('sha256').update(expected.data).digest('hex');
    if ('refusal' in part || part.sha256 !== sha256) return true;
  }
  return false;
}

function compare(ours: Decoded, pillow: Decoded): (typeof KINDS)[number] {
  if ('refusal' in ours) return 'refusal' in pillow ? 'refused by both' : 'only Pillow';
  if ('refusal' in pillow) return 'only ours';
  const same = (['height', 'width', 'sha256'] as const).every((key) => ours[key] === pillow[key]);
  return same ? 'equal' : 'differing';
}

const say = (decoded: Decoded): string =>
  'refusal' in decoded ? decoded.refusal : `${decoded.height}x${decoded.width}`;
