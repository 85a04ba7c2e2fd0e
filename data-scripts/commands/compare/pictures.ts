import { createHash } from 'node:crypto';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { decodeImage, ImageError } from '../../../src/data/decode';
import { crop } from '../../../src/data/geometry';
import type { CropBox } from '../../../src/data/image';
import { projectRoot } from '../../../src/data/locations';
import { RandomResizedCrop } from '../../../src/data/transforms';
import { Random } from '../../../src/random';
import { Peer } from '../bench/peer';
import { UserError } from '../data/command';
import { filesIn } from './folder';

const HELP = `npm run compare -- pictures FOLDER --python PYTHON [--verbose]

Decodes every file of a folder, here and with Pillow's convert('RGB'), and compares sizes and pixels to the bit.
Each is also decoded in two parts, as RandomResizedCrop does: what comes of a file must not depend on the part.

  --python PYTHON  a Python that has Pillow
  --verbose        name every file and what came of it
  --help, -h       this text

The exit status is 1 when a picture differs, or depends on the part.`;

const OPTIONS = {
  python: { type: 'string' },
  verbose: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** What became of a file: a picture, or the reason why it was refused. */
type Outcome = { height: number; width: number; sha256: string } | { refusal: string };

const KINDS = [
  'equal',
  'refused by both',
  'only Pillow',
  'only ours',
  'differing',
  'depends on the part',
] as const;
type Kind = (typeof KINDS)[number];

interface Row {
  file: string;
  kind: Kind;
  ours: Outcome;
  pillow: Outcome;
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UserError(`${(error as Error).message}\n\n${HELP}`);
  }
}

/** @returns the exit status. */
export async function comparePictures(args: string[]): Promise<number> {
  const { values, positionals } = parse(args);
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (positionals.length !== 1) throw new UserError(`Name one folder of pictures.\n\n${HELP}`);
  if (!values.python)
    throw new UserError('--python is missing: a Python that has Pillow (--help says more).');
  // npm changes into the project's root; a relative path is meant from where the reader typed it.
  const path = (text: string): string => resolve(process.env.INIT_CWD ?? '', text);
  const folder = path(positionals[0]);
  const files = filesIn(folder);
  const script = join(projectRoot(), 'data-scripts/commands/compare/pictures_peer.py');
  const peer = new Peer(values.python.includes('/') ? path(values.python) : values.python, [script]);
  const rows: Row[] = [];
  try {
    const { Pillow: version } = (await peer.answer()) as { Pillow: string };
    for (const file of files) {
      const [ours, pillow] = await Promise.all([decode(file), peer.ask({ path: file })]);
      const kind = (await dependsOnPart(file, ours))
        ? 'depends on the part'
        : compare(ours, pillow as Outcome);
      rows.push({ file: relative(folder, file), kind, ours, pillow: pillow as Outcome });
    }
    report(rows, version, values.verbose);
  } finally {
    peer.end();
  }
  return rows.some(({ kind }) => kind === 'differing' || kind === 'depends on the part') ? 1 : 0;
}

async function decode(path: string, box?: CropBox): Promise<Outcome> {
  try {
    const { data, height, width } = await decodeImage(path, undefined, box && (() => box));
    return { height, width, sha256: createHash('sha256').update(data).digest('hex') };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return { refusal: error.reason };
  }
}

async function dependsOnPart(path: string, ours: Outcome): Promise<boolean> {
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

function compare(ours: Outcome, pillow: Outcome): Kind {
  if ('refusal' in ours) return 'refusal' in pillow ? 'refused by both' : 'only Pillow';
  if ('refusal' in pillow) return 'only ours';
  const same = (['height', 'width', 'sha256'] as const).every((key) => ours[key] === pillow[key]);
  return same ? 'equal' : 'differing';
}

const say = (outcome: Outcome): string =>
  'refusal' in outcome ? `refused: ${outcome.refusal}` : `${outcome.height}x${outcome.width}`;

function report(rows: readonly Row[], version: string, verbose: boolean): void {
  for (const { file, kind, ours, pillow } of rows)
    if (verbose || !['equal', 'refused by both', 'only Pillow'].includes(kind))
      console.log(`${kind}: ${file}\n  ours    ${say(ours)}\n  Pillow  ${say(pillow)}`);
  console.log(`${rows.length} files, height x width and pixels compared with Pillow ${version}:`);
  for (const kind of KINDS)
    console.log(`  ${kind.padEnd(20)}${String(rows.filter((row) => row.kind === kind).length).padStart(6)}`);
  const reasons = new Map<string, number>();
  for (const { kind, ours } of rows)
    if (kind === 'only Pillow' && 'refusal' in ours) {
      const reason = ours.refusal.replace(/\d+/g, 'N');
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
  if (reasons.size > 0) console.log('Why those that only Pillow reads are refused here:');
  for (const [reason, count] of [...reasons].sort((a, b) => b[1] - a[1]))
    console.log(`${String(count).padStart(6)}  ${reason}`);
}
