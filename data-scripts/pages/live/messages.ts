// What page and worker say to each other.
import type { ModelData } from '../bundle';

/** A map of numbers, row by row. */
export interface Maps {
  /** [height, width, channels] of the whole tensor. */
  shape: number[];
  /** One list of height * width numbers for each channel that is shown. */
  maps: number[][];
}

/** One residual unit, for a picture. */
export interface Unit {
  /** Which channels are shown: those that F(x) changes most. */
  channels: number[];
  /** What the shortcut brings: x, or x fitted to F(x) where sizes change. */
  x: Maps;
  residual: Maps;
  y: Maps;
  /** Shape of what goes into the unit, [height, width, channels]. */
  input: number[];
}

/** What the network says of a picture. */
export interface Answer {
  /** Some classes, the likeliest first; `label` counts all of them from 0. */
  predictions: { label: number; category: string; probability: number }[];
  logits: number[];
  /** Where the picture speaks for each class, or against it // [classes, height, width] */
  activation: number[][][];
  /** Whether the picture is unlike all that the network was trained on, as far as that is known. */
  unlike: boolean;
  /** What the network was shown: RGB of a square. */
  seen: Uint8Array;
  milliseconds: number;
}

/** What a network of chapter 3 is built from. */
export interface Plan {
  block: string;
  /** How many blocks each of the four stages has. */
  layers: number[];
  groups: number;
  /** Per group. */
  width: number;
  /** Whether stages 2 to 4 are dilated instead of strided. */
  dilate: boolean[];
  /** Of the picture, in pixels. */
  side: number;
}

/** One block, as the library built it. */
export interface BuiltBlock {
  /** "layer1.0" */
  name: string;
  inplanes: number;
  /** Channels that its convolutions put out: "64 → 64 → 256". */
  convolutions: string;
  /** "56 × 56 × 256" */
  output: string;
  stride: number;
  dilation: number;
  projection: boolean;
  parameters: number;
  /** Multiply-adds for one picture. */
  flops: number;
}

/** The tasks of the worker: what goes in and what comes out. */
export interface Tasks {
  start: { input: { wasm: string }; output: undefined };
  loadNetwork: { input: ModelData; output: { units: { name: string; shape: number[] }[] } };
  look: { input: { picture: Blob }; output: Answer };
  unit: { input: { name: string }; output: Unit };
  prepareShapes: { input: undefined; output: { kinds: string[]; steps: number } };
  beginTraining: { input: { kind: string; depth: number; rate: number }; output: number };
  /** One step of a run; null once it has made all. */
  trainStep: { input: { run: number }; output: { loss: number; error: number; milliseconds: number } | null };
  endTraining: { input: { run: number }; output: undefined };
  build: { input: Plan; output: BuiltBlock[] };
  scaleUnits: {
    input: { scale: number; relu: boolean; count: number };
    output: { kind: string; distance: number; size: number; cosine: number }[];
  };
}

export type Request = {
  [Name in keyof Tasks]: { id: number; task: Name; input: Tasks[Name]['input'] };
}[keyof Tasks];

export type Reply = { id: number; tensors: number } & ({ result: unknown } | { error: string });
