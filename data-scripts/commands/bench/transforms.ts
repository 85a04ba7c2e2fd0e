import { decodeImage } from '../../../src/data/decode/decode';
import { crop, flipHorizontal } from '../../../src/data/geometry';
import type { Image, ImageArray, RgbImage } from '../../../src/data/image';
import type { ImageFolder } from '../../../src/data/imageFolder';
import { IMAGENET_MEAN, IMAGENET_STD } from '../../../src/data/presets';
import { resize } from '../../../src/data/resample';
import {
  CenterCrop,
  Compose,
  Normalize,
  RandomResizedCrop,
  Resize,
  ToTensor,
} from '../../../src/data/transforms';
import { Random } from '../../../src/random';
import type { Peer } from './peer';

const PICTURES = 24; // spread over the folder
const ROUNDS = 5; // of which the fastest counts

/** What the steps start from; torchvision's side makes its own. */
interface Inputs {
  path: string;
  /** As decoded. */
  picture: RgbImage;
  /** Its shorter side made 256. */
  resized: RgbImage;
  /** The middle 224x224 of that. */
  middle: RgbImage;
  /** The middle in floats. */
  floats: ImageArray;
}

/** One step with what is random about it drawn beforehand, so that both sides do the same. */
interface Step {
  /** The name that transforms_peer.py has for it too. */
  name: string;
  ours(inputs: Inputs, parameters: readonly number[]): Image | Promise<Image>;
  parameters?(inputs: Inputs, random: Random): number[];
  /** 255ths that a difference of 1 is; for each colour. */
  scale?: readonly number[];
}

const toTensor = new ToTensor();
const normalize = new Normalize(IMAGENET_MEAN, IMAGENET_STD);
const both = new Compose([toTensor, normalize]);
const unused = new Random(0);
const normalized = IMAGENET_STD.map((deviation) => 255 * deviation);

const STEPS: readonly Step[] = [
  { name: 'decode', ours: ({ path }) => decodeImage(path) },
  { name: 'Resize', ours: ({ picture }) => new Resize(256).forward(picture) },
  { name: 'CenterCrop', ours: ({ resized }) => new CenterCrop(224).forward(resized) },
  {
    name: 'RandomCrop',
    parameters: (_, random) => [random.integer(9), random.integer(9)],
    ours: ({ middle }, [top, left]) => crop(middle, top - 4, left - 4, 224, 224),
  },
  {
    name: 'RandomResizedCrop',
    parameters: ({ picture: { height, width } }, random) => {
      const box = RandomResizedCrop.getParams(height, width, [0.08, 1], [3 / 4, 4 / 3], random);
      return [box.top, box.left, box.height, box.width];
    },
    ours: ({ picture }, [top, left, height, width]) =>
      resize(picture, 224, 224, { top, left, height, width }),
  },
  { name: 'RandomHorizontalFlip', ours: ({ middle }) => flipHorizontal(middle) },
  { name: 'ToTensor', scale: [255, 255, 255], ours: ({ middle }) => toTensor.forward(middle) },
  { name: 'Normalize', scale: normalized, ours: ({ floats }) => normalize.forward(floats) },
  { name: 'ToTensor, Normalize', scale: normalized, ours: ({ middle }) => both.forward(middle, unused) },
];

/** A line of the table. Speeds are of one processor's time: images a second that a loader with one worker could have. */
export interface StepResult {
  name: string;
  imagesPerSecond: number;
  torchvision?: { imagesPerSecond: number; meanDifference: number; largestDifference: number };
}

interface PeerAnswer {
  seconds: number;
  /** base64 of each picture's uint8 or float32 values. */
  results: string[];
}

/** Each transform on some pictures of the folder: its speed, and the difference from torchvision's in 255ths. */
export async function benchTransforms(folder: ImageFolder, peer?: Peer): Promise<StepResult[]> {
  const n = Math.min(PICTURES, folder.length);
  const paths = Array.from({ length: n }, (_, i) => folder.imgs[Math.floor((i * folder.length) / n)][0]);
  await peer?.ask({ paths });
  const inputs = await Promise.all(paths.map(prepare));
  const table: StepResult[] = [];
  for (const { name, ours, parameters, scale } of STEPS) {
    const random = new Random(0);
    const drawn = inputs.map((one) => parameters?.(one, random) ?? []);
    let seconds = Infinity;
    let results: Image[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      results = [];
      const before = process.cpuUsage();
      for (const [i, one] of inputs.entries()) results.push(await ours(one, drawn[i]));
      const { user, system } = process.cpuUsage(before);
      seconds = Math.min(seconds, (user + system) / 1e6);
    }
    const answer = (await peer?.ask({ step: name, parameters: drawn, rounds: ROUNDS })) as
      PeerAnswer | undefined;
    table.push({
      name,
      imagesPerSecond: n / seconds,
      ...(answer && {
        torchvision: { imagesPerSecond: n / answer.seconds, ...differences(results, answer.results, scale) },
      }),
    });
  }
  return table;
}

async function prepare(path: string): Promise<Inputs> {
  const picture = await decodeImage(path);
  const resized = new Resize(256).forward(picture) as RgbImage;
  const middle = new CenterCrop(224).forward(resized) as RgbImage;
  return { path, picture, resized, middle, floats: toTensor.forward(middle) };
}

function differences(
  ours: readonly Image[],
  theirs: readonly string[],
  scale: readonly number[] = [1, 1, 1],
) {
  let sum = 0;
  let count = 0;
  let largestDifference = 0;
  ours.forEach(({ data }, i) => {
    const bytes = new Uint8Array(Buffer.from(theirs[i], 'base64'));
    const other = data instanceof Float32Array ? new Float32Array(bytes.buffer) : bytes;
    if (other.length !== data.length)
      throw new Error(`torchvision gave ${other.length} values, not ${data.length}.`);
    for (let k = 0; k < data.length; k++) {
      const difference = Math.abs(data[k] - other[k]) * scale[k % 3];
      sum += difference;
      largestDifference = Math.max(largestDifference, difference);
    }
    count += data.length;
  });
  return { meanDifference: sum / count, largestDifference };
}

export function printTransforms(table: readonly StepResult[]): void {
  const row = (name: string, cells: readonly string[]) =>
    console.log(name.padEnd(30) + cells.map((cell) => cell.padStart(14)).join(''));
  const compared = table.some(({ torchvision }) => torchvision);
  row('images/s of one processor', compared ? ['ours', 'torchvision', 'mean, 255ths', 'largest'] : ['ours']);
  for (const { name, imagesPerSecond, torchvision } of table)
    row(name, [
      imagesPerSecond.toFixed(0),
      ...(torchvision
        ? [
            torchvision.imagesPerSecond.toFixed(0),
            torchvision.meanDifference.toPrecision(2),
            torchvision.largestDifference.toPrecision(2),
          ]
        : []),
    ]);
}
