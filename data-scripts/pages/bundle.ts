// esbuild reads the library's own TypeScript into scripts for pages. What a page opened from disk needs is within them, for it
// can fetch nothing: the worker's script, tfjs's WebAssembly, weights.
import { build, type Plugin } from 'esbuild';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { projectRoot } from '../../src/locations';
import type { Architecture } from '../../src/models/architecture';
import type { Likeness } from '../../src/models/modelCard';
import type { ImageClassificationPreset } from '../../src/data/presets';

/** A network as a page holds it. */
export interface ModelData {
  architecture: Architecture;
  classes: readonly string[];
  /** How a picture becomes what goes into the network. */
  transforms: ImageClassificationPreset;
  /** By what a picture is known to be unlike all that the network was trained on, where that was measured. */
  likeness?: Likeness;
  weights: PackedWeights;
  /** Where filters were rounded, for a page of half the size: a sentence that says so, and what it does. */
  rounding?: string;
}

/** A safetensors file, packed. */
export interface PackedWeights {
  /** Bytes of most of its numbers. The file's bytes lie in so many planes, for the first bytes of numbers are much alike. */
  width: number;
  /** All of it, compressed by gzip, in base64; in pieces, for one of hundreds of megabytes is more than browsers like. */
  pieces: string[];
}

/** A picture to choose, JPEG in base64. */
export interface GalleryPicture {
  name: string;
  alt: string;
  jpeg: string;
}

/** A network for a page's live part, and pictures to begin with. */
export interface PageModel {
  model: ModelData;
  pictures: readonly GalleryPicture[];
}

const PIECE = 2 ** 20; // characters; a multiple of 4, so that each piece is base64 by itself
const sources = join(projectRoot(), 'data-scripts', 'pages', 'live');
const wasmFile = join(
  projectRoot(),
  ...['node_modules', '@tensorflow', 'tfjs-backend-wasm', 'wasm-out', 'tfjs-backend-wasm-simd.wasm'],
);

const packed = (bytes: Uint8Array): string => gzipSync(bytes).toString('base64');

export function packWeights(file: Uint8Array, width: number): PackedWeights {
  const planes = new Uint8Array(file.length);
  let to = 0;
  for (let plane = 0; plane < width; plane++)
    for (let from = plane; from < file.length; from += width) planes[to++] = file[from];
  const text = packed(planes);
  const count = Math.ceil(text.length / PIECE);
  return {
    width,
    pieces: Array.from({ length: count }, (_, i) => text.slice(PIECE * i, PIECE * (i + 1))),
  };
}

/** The script that gives a page a network: the live part of this name takes it. */
export const modelScript = (name: string, page: PageModel): string =>
  `(window.workbookModels??={})[${JSON.stringify(name)}]=${JSON.stringify(page)};`;

/** Modules that exist in a bundle only (live/payload.d.ts): what they export, or their source. */
export type VirtualModules = Record<string, string | object>;

const virtualModules = (virtual: VirtualModules): Plugin => ({
  name: 'what only the bundle has',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^live:/ }, ({ path }) => ({ path, namespace: 'live' }));
    onLoad({ filter: /.*/, namespace: 'live' }, ({ path }) => {
      const source = virtual[path];
      if (typeof source === 'string') return { contents: source, loader: 'ts', resolveDir: sources };
      const lines = Object.entries(source).map(([key, value]) =>
        key === 'default'
          ? `export default ${JSON.stringify(value)};`
          : `export const ${key} = ${JSON.stringify(value)};`,
      );
      return { contents: lines.join('\n'), loader: 'js' };
    });
  },
});

/** One file of live/, with all that it imports. */
export async function bundle(entry: string, virtual: VirtualModules): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(sources, entry)],
    bundle: true,
    write: false,
    minify: true,
    keepNames: true, // summaries name layers by their classes
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'warning',
    external: ['typescript'], // of comments.cjs: no page has any to translate
    logOverride: { 'import-is-undefined': 'silent' }, // of Node's modules: pages never come there
    define: { __dirname: '"."' },
    loader: { '.wasm': 'binary' },
    alias: {
      '@tensorflow/tfjs-node': join(sources, 'tfjs.ts'),
      outputs: join(projectRoot(), 'data-scripts', 'languages', 'outputs.cjs'),
      ...Object.fromEntries(
        ['fs', 'path', 'util', 'timers/promises'].map((name) => [`node:${name}`, join(sources, 'node.ts')]),
      ),
    },
    plugins: [virtualModules(virtual)],
  });
  return outputFiles[0].text;
}

/** A page's script, and within it that of its worker, which has the library. `virtual`: of the worker's modules. */
export async function bundleWithWorker(
  entry: string,
  worker: string,
  virtual: VirtualModules = {},
): Promise<string> {
  const script = await bundle(worker, virtual);
  return bundle(entry, {
    'live:payload': { wasm: packed(readFileSync(wasmFile)) },
    'live:worker': { default: script },
  });
}
