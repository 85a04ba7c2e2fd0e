/** What ../bundle.ts and ../live.mjs put into the bundle. */
declare module '*.wasm' {
  const bytes: Uint8Array;
  export default bytes;
}
/** Text of the worker's script. */
declare module 'live:worker' {
  const script: string;
  export default script;
}
/** Compressed with gzip, in base64. */
declare module 'live:payload' {
  /** tfjs's WebAssembly. */
  export const wasm: string;
}
/** Cells of chapter 1, as they stand in the notebook. */
declare module 'live:chapter' {
  export interface Chapter {
    KINDS: readonly string[];
    STEPS: number;
    makeNet(depth: number, kind: string): import('../../../src/models/cifar').CifarResNet;
    train(
      net: import('../../../src/models/cifar').CifarResNet,
      signal: AbortSignal,
    ): AsyncGenerator<{ loss: number; error: number }, undefined>;
    setRate(rate: number): void;
  }
  export function chapter(): Chapter;
}
/** Of one language. */
declare module 'live:dictionary' {
  const dictionary: { outputs: Record<string, string>; comments: Record<string, string>; words: object };
  export default dictionary;
}
/** ../../languages/outputs.cjs, of which pages need no more. */
declare module 'outputs' {
  export function translator(dictionary: typeof import('live:dictionary').default): {
    phrase(english: string): string;
  };
}
/** Classes of chapter 2, as they stand in the notebook. */
declare module 'live:units' {
  type Unit = new (channels: number) => import('../../../src/nn/module').Module & {
    bn2: import('../../../src/nn/norm').BatchNorm2d;
  };
  export function units(): { PlainBlock: Unit; ResidualUnit: Unit; UnitWithRelu: Unit };
}
