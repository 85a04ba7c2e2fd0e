import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Random } from '../../src/random';
import { drawPicture, type Animal } from './picture';

/** How many pictures of each class: the article's counts (its table in section 3.2). */
export const COUNTS: Record<'train' | 'eval', Record<string, number>> = {
  train: { '0_cat': 130, '1_dog': 222, '2_ants': 123, '3_bees': 121 },
  eval: { '0_cat': 100, '1_dog': 102, '2_ants': 70, '3_bees': 83 },
};

const ANIMALS: Record<string, Animal> = { '0_cat': 'cat', '1_dog': 'dog', '2_ants': 'ant', '3_bees': 'bee' };
const SEED = 34; // any number: it fixes all the pictures
const MANIFEST = 'manifest.json';

/** What the folder was made by: a set with another manifest is drawn anew. */
export interface Manifest {
  seed: number;
  /** SHA-256 of the compiled drawing code: a changed generator makes another set. */
  generator: string;
  counts: typeof COUNTS;
}

/** One picture to be drawn. */
export interface Plan {
  /** Path below the set's folder, e.g. `train/0_cat/cat.007.jpg`. */
  path: string;
  animal: Animal;
  /** Keys of the picture's own stream of random numbers: split, class, index. */
  keys: [number, number, number];
}

/** The pictures of the set, in order. */
export function plan(counts = COUNTS): Plan[] {
  return (['train', 'eval'] as const).flatMap((split, s) =>
    Object.entries(counts[split]).flatMap(([folder, count], c) =>
      Array.from({ length: count }, (_, i): Plan => {
        const animal = ANIMALS[folder];
        return {
          path: join(split, folder, `${animal}.${String(i).padStart(3, '0')}.jpg`),
          animal,
          keys: [s, c, i],
        };
      }),
    ),
  );
}

/** One picture as JPEG. The same keys give the same bytes on the same installation. */
export function drawJpeg({ animal, keys }: Plan): Buffer {
  const random = new Random(SEED, ...keys);
  const canvas = drawPicture(animal, random);
  return canvas.toBuffer('image/jpeg', { quality: random.uniform(0.78, 0.93) });
}

/** The manifest that the present code would leave. */
export async function manifest(counts = COUNTS): Promise<Manifest> {
  const hash = createHash('sha256');
  const sources = (await readdir(__dirname)).filter((name) => name.endsWith('.js')).sort();
  for (const name of sources) hash.update(await readFile(join(__dirname, name)));
  return { seed: SEED, generator: hash.digest('hex'), counts };
}

/** Whether the folder holds the finished set that the present code would draw. */
export async function isUpToDate(folder: string, counts = COUNTS): Promise<boolean> {
  if (!existsSync(join(folder, MANIFEST))) return false;
  return (await readFile(join(folder, MANIFEST), 'utf8')) === serialized(await manifest(counts));
}

/**
 * Draws the set into `folder`, in ImageFolder layout. An interrupted run is taken up where it stopped;
 * the finished set is put in place at once, so `folder` never holds half of one.
 * @param onProgress - told after each picture how many are there.
 */
export async function generate(
  folder: string,
  onProgress: (done: number) => void = () => {},
  counts = COUNTS,
): Promise<void> {
  const wanted = serialized(await manifest(counts));
  const partial = `${folder}.partial`;
  const recorded = join(partial, MANIFEST);
  const resumable = existsSync(recorded) && (await readFile(recorded, 'utf8')) === wanted;
  if (!resumable) {
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    await writeWhole(recorded, wanted);
  }
  const pictures = plan(counts);
  for (const split of ['train', 'eval'] as const)
    for (const name of Object.keys(counts[split]))
      await mkdir(join(partial, split, name), { recursive: true });
  for (const [i, picture] of pictures.entries()) {
    const path = join(partial, picture.path);
    if (!existsSync(path)) await writeWhole(path, drawJpeg(picture));
    onProgress(i + 1);
  }
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
}

function serialized(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Writes to a temporary name and renames, so that an interruption leaves no half-written file under the real one. */
async function writeWhole(path: string, content: Buffer | string): Promise<void> {
  await writeFile(`${path}.tmp`, content);
  await rename(`${path}.tmp`, path);
}
