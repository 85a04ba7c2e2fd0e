import { join } from 'node:path';
import { escapeHtml } from '../../../src/html';
import { type DepthRun, compareSeeds, errorByDepth } from '../../../src/notebook/errorByDepth';
import { type Figure, describeFigure } from '../../../src/notebook/figure';
import { lineSvg } from '../../../src/notebook/lineSvg';
import { linePlot } from '../../../src/notebook/plots';
import { recordsFolder, writeText } from '../records';
import { KINDS, runName } from './configuration';
import { type RunRecord, runRecords } from './runRecord';

const WHICH = [
  { name: 'training', field: 'trainAcc' },
  { name: 'test', field: 'valAcc' },
] as const;
type Field = (typeof WHICH)[number]['field'];

/** Wrong answers after each epoch, in percent. */
const errorsOf = ({ history }: RunRecord, field: Field): number[] =>
  history.map((epoch) => 100 * (1 - epoch[field]));

/**
 * Records that differ by kind, depth and seed, and perhaps by precision, alone: of several settings the one with the most.
 * Of a run in both precisions float32 counts.
 */
export function comparable(records: readonly RunRecord[]): RunRecord[] {
  const groups = new Map<string, Map<string, RunRecord>>();
  for (const record of records) {
    const { configuration } = record;
    const shortcut = configuration.kind === 'plain' ? 'A' : configuration.shortcut; // a plain twin has none
    const setting = runName({
      ...configuration,
      ...{ kind: 'resnet', shortcut, depth: 0, seed: 0, precision: 'float32' },
    });
    const group = groups.get(setting) ?? new Map<string, RunRecord>();
    const name = runName({ ...configuration, precision: 'float32' });
    if (configuration.precision === 'float32' || !group.has(name)) group.set(name, record);
    groups.set(setting, group);
  }
  const [most] = [...groups.values()].sort((a, b) => b.size - a.size);
  return most ? [...most.values()] : [];
}

/** The paper's figure 1 from records of its four networks, as the text of an SVG: training error to the left, test error beside it. */
export function degradationPicture(records: readonly RunRecord[]): string {
  const networks = [20, 56].flatMap((depth) => ['plain', 'resnet'].map((kind) => ({ kind, depth })));
  return onWhite(
    WHICH.map(({ name: which, field }) => {
      const lines = networks.map(({ kind, depth }) => {
        const seeds = comparable(records)
          .filter(({ configuration }) => configuration.kind === kind && configuration.depth === depth)
          .map((record) => errorsOf(record, field));
        const look = {
          name: `${kind}-${depth}`,
          color: kind === 'plain' ? 0 : 1,
          dash: depth > 20 ? 'dash' : 'solid',
        } as const;
        return { look, seeds };
      });
      const means = lines
        .filter(({ seeds }) => seeds.length > 0)
        .map(({ look, seeds }) => ({
          ...look,
          y: seeds[0].map((_, epoch) => seeds.reduce((sum, seed) => sum + seed[epoch], 0) / seeds.length),
        }));
      const thin = lines.flatMap(({ look, seeds }) =>
        seeds.length > 1 ? seeds.map((y) => ({ ...look, y, thin: true })) : [],
      );
      return linePlot([...means, ...thin], {
        title: `CIFAR-10, ${which} error`,
        x: 'epoch',
        y: 'wrong answers, %',
        range: [0, 80],
      });
    }),
  );
}

/** What runs came to, for figures by depth: in percent, plain before residual before pre-activation. */
export function depthRuns(records: readonly RunRecord[], field: Field): DepthRun[] {
  return KINDS.flatMap((kind) =>
    comparable(records)
      .filter(({ configuration }) => configuration.kind === kind)
      .map((record) => {
        const { depth, seed } = record.configuration;
        return { kind, depth, seed, error: errorsOf(record, field).at(-1) ?? NaN };
      }),
  );
}

/** Error against depth at the end of training, as the text of an SVG: training error to the left, test error beside it. */
export function depthPicture(records: readonly RunRecord[]): string {
  return onWhite(
    WHICH.map(({ name, field }) =>
      errorByDepth(depthRuns(records, field), { title: `CIFAR-10, ${name} error at the end` }),
    ),
  );
}

/** Line figures beside one another, on a ground of their own: on a code host's dark page black lines would be lost. */
export function onWhite(panels: readonly Figure[]): string {
  const alt = panels.map(describeFigure).join(' ');
  const width = 4 + 748 * panels.length;
  const place = (svg: string, x: number): string => svg.replace('<svg ', `<svg x="${x}" y="16" `);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} 332" role="img" aria-label="${escapeHtml(alt)}">` +
    `<rect width="${width}" height="332" fill="white"/>` +
    panels.map((panel, i) => place(lineSvg(panel, ''), 16 + 748 * i)).join('') +
    '</svg>\n'
  );
}

/** The pictures of a folder's records, by the names of their files. */
export const PICTURES = { 'degradation.svg': degradationPicture, 'depth.svg': depthPicture };

/**
 * Draws the pictures anew, beside the records that they show.
 *
 * @param folder - of the records; default: those that the pages draw.
 * @returns the pictures' paths, and sentences that say whether the kinds differ by more than seeds do.
 */
export function drawPictures(folder = recordsFolder()): string[] {
  const records = runRecords(folder);
  if (records.length === 0) throw new Error(`There is no record of a run in ${folder}.`);
  const paths = Object.entries(PICTURES).map(([name, draw]) => writeText(join(folder, name), draw(records)));
  const sentences = WHICH.flatMap(({ name, field }) =>
    compareSeeds(depthRuns(records, field), `${name} error`),
  );
  return [...paths, ...sentences];
}
