import { join } from 'node:path';
import { escapeHtml } from '../../../src/notebook/display';
import { describeFigure } from '../../../src/notebook/figure';
import { lineSvg } from '../../../src/notebook/lineSvg';
import { linePlot } from '../../../src/notebook/plots';
import { recordsFolder, writeText } from '../records';
import { type RunRecord, runRecords } from './runRecord';

/** Where the README's picture lies. */
export function picturePath(): string {
  return join(recordsFolder(), 'degradation.svg');
}

/** The paper's figure 1 from the recorded runs, as the text of an SVG: training error to the left, test error beside it. */
export function degradationPicture(records: readonly RunRecord[]): string {
  const panels = (['training', 'test'] as const).map((which) =>
    linePlot(
      records.map(({ name, configuration: { kind, depth }, history }) => ({
        name: name.replace(/-seed1$/, ''),
        color: kind === 'plain' ? 0 : 1,
        dash: depth > 20 ? 'dash' : 'solid',
        y: history.map(({ trainAcc, valAcc }) => 100 * (1 - (which === 'training' ? trainAcc : valAcc))),
      })),
      { title: `CIFAR-10, ${which} error`, x: 'epoch', y: 'wrong answers, %', range: [0, 80] },
    ),
  );
  const alt = panels.map(describeFigure).join(' ');
  const place = (svg: string, x: number): string => svg.replace('<svg ', `<svg x="${x}" y="16" `);
  // a ground of its own: on a code host's dark page black lines would be lost
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1500 332" role="img" aria-label="${escapeHtml(alt)}">` +
    '<rect width="1500" height="332" fill="white"/>' +
    panels.map((panel, i) => place(lineSvg(panel, ''), 16 + 748 * i)).join('') +
    '</svg>\n'
  );
}

/** Draws the README's picture anew. @returns its path. */
export function drawPicture(): string {
  return writeText(picturePath(), degradationPicture(runRecords()));
}
