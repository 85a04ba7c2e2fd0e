import assert from 'node:assert/strict';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { root } from './project';

interface Figure {
  caption: string;
  label: string;
  name: string;
  main: boolean;
  alt: string;
}
interface Output {
  output_type: string;
  metadata: { figure?: Partial<Figure> };
  data: Record<string, unknown>;
}
/** What data-scripts/pages/figures.mjs exports, as far as it is tested. */
interface Figures {
  withFigures(notebook: unknown): {
    notebook: { cells: { outputs: Output[] }[] };
    plots: { drawing: { layout: object }; figure: Figure }[];
  };
}

const PLOTLY = 'application/vnd.plotly.v1+json';
const plot = (caption: string): Output => ({
  output_type: 'display_data',
  metadata: { figure: { caption } },
  data: {
    [PLOTLY]: { data: [], layout: { title: { text: caption }, margin: { t: 50, l: 60 } } },
    'text/plain': ['words'],
  },
});
const html = (text: string, caption?: string): Output => ({
  output_type: 'display_data',
  metadata: caption === undefined ? {} : { figure: { caption } },
  data: { 'text/html': text },
});
const notebook = (...outputs: Output[]): unknown => ({
  cells: [{ cell_type: 'code', source: '', metadata: { tags: ['main-figure'] }, outputs }],
});

describe('figures of a page', () => {
  let withFigures: Figures['withFigures'];
  before(async () => {
    ({ withFigures } = (await import(path.join(root, 'data-scripts', 'pages', 'figures.mjs'))) as Figures);
  });

  test('plots and pictures are numbered in one row, by what their outputs say of themselves', () => {
    const { notebook: made, plots } = withFigures(
      notebook(
        html('<figure><img><figcaption>Twelve shapes</figcaption></figure>', 'Twelve shapes'),
        html('<figure>of somebody else</figure>'),
        plot('Loss by epoch'),
        html('<figure role="group"></figure>', ''),
      ),
    );
    const { outputs } = made.cells[0];
    assert.deepEqual(
      outputs.map(({ metadata: { figure } }) => figure && [figure.label, figure.name, figure.caption]),
      [
        ['Figure 1.', 'figure-1', 'Twelve shapes'],
        undefined,
        ['Figure 2.', 'figure-2', 'Loss by epoch'],
        ['Figure 3.', 'figure-3', ''],
      ],
    );
    const [{ drawing, figure }] = plots;
    assert.deepEqual(figure, outputs[2].metadata.figure);
    assert.deepEqual([figure.main, figure.alt], [true, 'words']);
    assert.deepEqual(drawing.layout, { title: undefined, margin: { t: 30, l: 60 } });
    assert.equal(outputs[2].data[PLOTLY], drawing);
  });
});
