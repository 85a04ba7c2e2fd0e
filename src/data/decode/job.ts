import { Random, type RandomState } from '../../random';
import { decodeImage, ImageError } from './decode';
import { ImageSizeError, type Image, type RgbImage } from '../image';
import { resize } from '../resample';
import {
  CenterCrop,
  Compose,
  Normalize,
  RandomCrop,
  RandomHorizontalFlip,
  RandomResizedCrop,
  Resize,
  ToTensor,
  type Transform,
} from '../transforms';

/** Transforms that a worker thread can run: their fields are plain values, so a copy of them is the transform. */
const PORTABLE = {
  CenterCrop,
  Normalize,
  RandomCrop,
  RandomHorizontalFlip,
  RandomResizedCrop,
  Resize,
  ToTensor,
};

/** A portable transform without its class, as it crosses to another thread. */
export interface PackedTransform {
  name: keyof typeof PORTABLE;
  fields: object;
}

/** Decode a picture and run the first of its transforms. */
export interface DecodeJob {
  path: string;
  maxPixels: number;
  steps: readonly PackedTransform[];
  random: RandomState;
  /** Where to write the result if it is as many floats, for instance memory that threads share. */
  into?: Float32Array;
}

/** What became of a job; `random` is where its generator stopped, so that the remaining transforms go on from there. */
export interface DecodeResult {
  image: Image;
  random: RandomState;
}

/** Splits a transform into the steps that any thread can run and the rest (a reader's own), which must stay here. */
export function splitPortable(transform: Transform): { steps: PackedTransform[]; rest: Transform[] } {
  const all = flatten(transform);
  const packed = all.map(pack);
  const firstForeign = packed.findIndex((step) => !step);
  const n = firstForeign < 0 ? all.length : firstForeign;
  return { steps: packed.slice(0, n) as PackedTransform[], rest: all.slice(n) };
}

function flatten(transform: Transform): Transform[] {
  return transform instanceof Compose ? transform.transforms.flatMap(flatten) : [transform];
}

function pack(transform: Transform): PackedTransform | undefined {
  const name = transform.constructor.name as keyof typeof PORTABLE;
  // A subclass or a namesake of the reader's is not one of these.
  return PORTABLE[name] === transform.constructor
    ? { name, fields: { ...(transform as object) } }
    : undefined;
}

function unpack({ name, fields }: PackedTransform): Transform {
  return Object.assign(Object.create(PORTABLE[name].prototype as object), fields) as Transform;
}

/**
 * Does a job, in whichever thread this is.
 * @throws ImageError when the picture cannot be read, or has a size that a transform cannot take.
 */
export async function runDecodeJob(job: DecodeJob): Promise<DecodeResult> {
  try {
    return await run(job);
  } catch (error) {
    throw namedSize(job.path, error);
  }
}

/** A transform doesn't know which picture it has; where its size is at fault, the error must name it. */
export function namedSize(path: string, error: unknown): unknown {
  return error instanceof ImageSizeError ? new ImageError(path, error.message) : error;
}

async function run({ path, maxPixels, steps, random: state, into }: DecodeJob): Promise<DecodeResult> {
  const random = new Random(0);
  random.state = state;
  const transforms = steps.map(unpack);
  const [first] = transforms;
  let picture: RgbImage;
  if (first instanceof RandomResizedCrop) {
    // Its box is drawn first, so that the rest of the picture need not be decoded.
    const part = await decodeImage(path, maxPixels, (height, width) =>
      RandomResizedCrop.getParams(height, width, first.scale, first.ratio, random),
    );
    picture = resize(part, ...first.size);
    transforms.shift();
  } else picture = await decodeImage(path, maxPixels);
  const image = new Compose(transforms).forward(picture, random, into);
  return { image, random: random.state };
}
