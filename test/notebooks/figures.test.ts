import assert from 'node:assert/strict';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { root } from './project';

interface Output {
  output_type: string;
  data: Record<string, unknown>;
}
interface Figure {
  caption: string;
  id: string;
  main: boolean;
  alt: string;
  layout: Record<string, unknown>;
}
/** What data-scripts/pages/figures.mjs exports, as far as it is tested. */
interface Figures {
  withFigures(notebook: unknown): { notebook: { cells: { outputs: Output[] }[] }; figures: Figure[] };
}

const PLOTLY = 'application/vnd.plotly.v1+json';
const plot = (title: string): Output => ({
  output_type: 'display_data',
  data: {
    [PLOTLY]: { data: [], layout: { title: { text: title }, margin: { t: 50, l: 60 } } },
    'text/plain': ['words'],
  },
});
const html = (text: string): Output => ({ output_type: 'display_data', data: { 'text/html': text } });
const notebook = (...outputs: Output[]): unknown => ({
  cells: [{ cell_type: 'code', source: '', metadata: { tags: ['main-figure'] }, outputs }],
});

describe('figures of a page', () => {
  let withFigures: Figures['withFigures'];
  before(async () => {
    ({ withFigures } = (await import(path.join(root, 'data-scripts', 'pages', 'figures.mjs'))) as Figures);
  });
  const shown = (...outputs: Output[]): { figures: Figure[]; texts: unknown[] } => {
    const { notebook: made, figures } = withFigures(notebook(...outputs));
    return { figures, texts: made.cells[0].outputs.map(({ data }) => data['text/html']) };
  };

  test('plots and pictures are numbered in one row where the author numbers none', () => {
    const { figures, texts } = shown(
      html('<figure><img><figcaption>Twelve shapes</figcaption></figure>'),
      html('<table></table>'),
      plot('Loss<br>by epoch'),
      html('<figure role="group"><figure><figcaption>ring</figcaption></figure></figure>'),
    );
    assert.deepEqual(texts, [
      '<figure id="figure-1"><img><figcaption>Figure 1. Twelve shapes</figcaption></figure>',
      '<table></table>',
      undefined,
      '<figure id="figure-3" role="group"><figure><figcaption>ring</figcaption></figure><figcaption>Figure 3.</figcaption></figure>',
    ]);
    const [{ caption, id, main, alt, layout }] = figures;
    assert.deepEqual(
      { caption, id, main, alt },
      { caption: 'Figure 2. Loss by epoch', id: 'figure-2', main: true, alt: 'words' },
    );
    assert.deepEqual(layout, { title: undefined, margin: { t: 30, l: 60 } });
  });

  test("the author's own numbers stay, and what has none gets none", () => {
    const { figures, texts } = shown(
      plot('Figure 3. Size'),
      html('<figure><figcaption>Figure 8a. x</figcaption></figure>'),
      html('<figure><figcaption>beside</figcaption></figure>'),
      plot('Loss'),
    );
    assert.deepEqual(texts.slice(1, 3), [
      '<figure id="figure-8a"><figcaption>Figure 8a. x</figcaption></figure>',
      '<figure><figcaption>beside</figcaption></figure>',
    ]);
    assert.deepEqual(
      figures.map(({ caption, id }) => [caption, id]),
      [
        ['Figure 3. Size', 'figure-3'],
        ['Loss', ''],
      ],
    );
  });
});
