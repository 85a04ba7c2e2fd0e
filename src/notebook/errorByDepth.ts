import type { Figure } from './figure';
import { linePlot, type PlotOptions } from './plots';

/** What one run of a study of depth came to. */
export interface DepthRun {
  /** "plain", "resnet" ... */
  kind: string;
  depth: number;
  seed: number;
  /** Wrong answers at its end, in percent. */
  error: number;
}

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];

/** Mean and standard deviation (n - 1; 0 for a single one) of one kind's runs at one depth. */
function seedsOf(runs: readonly DepthRun[], kind: string, depth: number) {
  const errors = runs.filter((run) => run.kind === kind && run.depth === depth).map(({ error }) => error);
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  const squares = errors.reduce((sum, error) => sum + (error - mean) ** 2, 0);
  return { errors, mean, spread: Math.sqrt(squares / Math.max(1, errors.length - 1)) };
}

/** Error against depth, a colour for each kind: the mean over the seeds with its spread, and each seed as a thin line. */
export function errorByDepth(runs: readonly DepthRun[], options: PlotOptions = {}): Figure {
  const sorted = [...runs].sort((a, b) => a.depth - b.depth);
  const kinds = unique(runs.map(({ kind }) => kind)).map((kind, color) => ({
    kind,
    color,
    own: sorted.filter((run) => run.kind === kind),
  }));
  const means = kinds.map(({ kind, color, own }) => {
    const x = unique(own.map(({ depth }) => depth));
    const seeds = x.map((depth) => seedsOf(own, kind, depth));
    const [y, spread] = [seeds.map(({ mean }) => mean), seeds.map((each) => each.spread)];
    return { name: kind, color, x, y, spread };
  });
  const seeds = kinds.flatMap(({ kind, color, own }) =>
    unique(own.map(({ seed }) => seed)).map((seed) => {
      const line = own.filter((run) => run.seed === seed);
      const [x, y] = [line.map(({ depth }) => depth), line.map(({ error }) => error)];
      return { name: `${kind}, seed ${seed}`, color, thin: true, x, y };
    }),
  );
  return linePlot([...means, ...seeds], { x: 'layers', y: 'wrong answers, %', ...options });
}

/**
 * Whether kinds differ by more than seeds do: a sentence for each depth and each two kinds that follow one another in
 * `runs`. They do where every seed of the one lies above every seed of the other.
 */
export function compareSeeds(runs: readonly DepthRun[], what: string): string[] {
  const kinds = unique(runs.map(({ kind }) => kind));
  const depths = unique(runs.map(({ depth }) => depth)).sort((a, b) => a - b);
  return depths.flatMap((depth) =>
    kinds.slice(1).flatMap((kind, i) => {
      const pair = [kinds[i], kind].map((each) => ({ kind: each, ...seedsOf(runs, each, depth) }));
      if (pair.some(({ errors }) => errors.length === 0)) return [];
      const said = pair.map(
        ({ kind, mean, spread, errors }) =>
          `${kind} ${mean.toFixed(2)}${errors.length > 1 ? ` ± ${spread.toFixed(2)}` : ''} % (${errors.length})`,
      );
      const [low, high] = [...pair].sort((a, b) => a.mean - b.mean);
      const apart = Math.min(...high.errors) > Math.max(...low.errors);
      const verdict = pair.some(({ errors }) => errors.length < 2)
        ? 'one seed does not say what seeds do'
        : `${(high.mean - low.mean).toFixed(2)} points apart, ${apart ? 'more than seeds differ by' : 'within what seeds differ by'}`;
      return [`${depth} layers, ${what}: ${said.join(', ')}; ${verdict}.`];
    }),
  );
}
