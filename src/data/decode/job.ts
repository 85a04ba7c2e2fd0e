import { Random, type RandomState } from '../../random';
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
import { decodeImage } from './decode';
import { ImageError } from './error';

/** Transforms that a worker thread can run: their fields are plain values, so a copy of them is the transform. */
const KINDS = [CenterCrop, Normalize, RandomCrop, RandomHorizontalFlip, RandomResizedCrop, Resize, ToTensor];

/** One of these without its class, as it crosses to another thread. */
export interface Step {
  /** Its place in that list. */
  kind: number;
  fields: object;
}

/** Decode a picture and run the first of its transforms. */
export interface DecodeJob {
  path: string;
  maxPixels: number;
  steps: readonly Step[];
  random: RandomState;
  /** Where to put the values if they are as many floats: memory that threads share. */
  into?: Float32Array;
}

/** What became of a job; `random` is where its generator stopped, so that the remaining transforms go on from there. */
export interface DecodeResult {
  image: Image;
  random: RandomState;
}

/** Splits a transform into the steps that any thread can run and the rest (a reader's own), which must stay here. */
export function splitTransform(transform: Transform): { steps: Step[]; rest: Transform[] } {
  const all = flatten(transform);
  const steps: Step[] = [];
  for (const each of all) {
    const kind = KINDS.findIndex((one) => one === each.constructor); // a subclass of the reader's is none of them
    if (kind < 0) break;
    steps.push({ kind, fields: { ...(each as object) } });
  }
  return { steps, rest: all.slice(steps.length) };
}

function flatten(transform: Transform): Transform[] {
  return transform instanceof Compose ? transform.transforms.flatMap(flatten) : [transform];
}

function toTransform({ kind, fields }: Step): Transform {
  return Object.assign(Object.create(KINDS[kind].prototype as object), fields) as Transform;
}

/**
 * Does a job, in whichever thread this is.
 * @throws ImageError when the picture cannot be read, or has a size that a transform cannot take.
 */
export async function runDecodeJob({
  path,
  maxPixels,
  steps,
  random: state,
}: DecodeJob): Promise<DecodeResult> {
  const random = new Random(0);
  random.state = state;
  const transforms = steps.map(toTransform);
  const [first] = transforms;
  try {
    let picture: RgbImage;
    if (first instanceof RandomResizedCrop) {
      // Its box is drawn first, so that the rest of the picture need not be decoded.
      const part = await decodeImage(path, maxPixels, (height, width) =>
        RandomResizedCrop.getParams(height, width, first.scale, first.ratio, random),
      );
      picture = resize(part, ...first.size);
      transforms.shift();
    } else picture = await decodeImage(path, maxPixels);
    return { image: new Compose(transforms).forward(picture, random), random: random.state };
  } catch (error) {
    throw withPath(path, error);
  }
}

/** A transform doesn't know which picture it has; where its size is at fault, the error must name it. */
export function withPath(path: string, error: unknown): unknown {
  return error instanceof ImageSizeError ? new ImageError(path, error.message) : error;
}
