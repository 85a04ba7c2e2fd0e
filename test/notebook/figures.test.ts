import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figureBundle, describeFigure } from '../../src/notebook/figure';
import { lineSvg } from '../../src/notebook/lineSvg';
import { barPlot, heatmap, heatmapRow, linePlot, scatter } from '../../src/notebook/plots';
import { COLORS, TEXT_COLOR, VIRIDIS } from '../../src/notebook/style';

interface Json {
  data: Record<string, unknown>[];
  layout: Record<string, Record<string, unknown>>;
}
const json = (figure: Parameters<typeof figureBundle>[0]) =>
  figureBundle(figure, 'alt')['application/vnd.plotly.v1+json'] as Json;

/** WCAG 2's contrast ratio of two colours. */
function contrast(a: string, b: string): number {
  const luminance = (color: string) =>
    [1, 3, 5]
      .map((at) => parseInt(color.slice(at, at + 2), 16) / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
      .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

test('colours are seen on a white page and on the dark themes', () => {
  for (const color of COLORS) {
    assert.ok(contrast(color, '#ffffff') >= 3, `${color} on white: ${contrast(color, '#ffffff')}`);
    assert.ok(contrast(color, '#111111') >= 3, `${color} on near-black: ${contrast(color, '#111111')}`);
  }
  assert.ok(contrast(TEXT_COLOR, '#ffffff') >= 4.5);
  assert.ok(contrast(TEXT_COLOR, '#111111') >= 4);
  const lightness = VIRIDIS.map((color) => contrast(color, '#000000'));
  assert.deepEqual(
    lightness,
    [...lightness].sort((a, b) => a - b),
  );
});

test('an output is an object with a layout, in plain JSON, with its text beside it', () => {
  const bundle = figureBundle(
    { data: [{ type: 'scatter', x: new Float32Array([1, 2]), y: [NaN, Infinity] }], layout: {} },
    'two points',
  );
  assert.deepEqual(bundle['application/vnd.plotly.v1+json'], {
    data: [{ type: 'scatter', x: [1, 2], y: [null, null] }],
    layout: {},
    config: { responsive: true, displaylogo: false },
  });
  assert.equal(bundle['text/plain'], 'two points');
});

test('the alternative text names titles, axes and where each line goes', () => {
  const figure = linePlot(
    [
      { name: 'plain', y: [2.3, 1.7] },
      { name: 'residual', y: [2.2, 0.81234] },
    ],
    {
      title: 'Loss',
      x: 'epoch',
      y: 'loss',
    },
  );
  assert.equal(
    describeFigure(figure),
    'Figure: Loss. loss by epoch. plain from 2.3 to 1.7; residual from 2.2 to 0.812.',
  );
});

test('lines can share a colour and differ in dash; epochs are whole', () => {
  const figure = json(
    linePlot([
      { name: 'training', y: [3, 2, 1], color: 2 },
      { name: 'evaluation', y: [3, 2, 2], color: 2, dash: 'dash' },
    ]),
  );
  const lines = figure.data.map(({ line }) => line as { color: string; dash?: string });
  assert.deepEqual(
    lines.map(({ color }) => color),
    [COLORS[2], COLORS[2]],
  );
  assert.deepEqual(
    lines.map(({ dash }) => dash),
    [undefined, 'dash'],
  );
  assert.deepEqual(figure.data[0].x, [1, 2, 3]);
  assert.equal(figure.layout.xaxis.dtick, 1);
  assert.equal(json(linePlot([{ name: 'a', y: [1, 2], x: [0.5, 1] }])).layout.xaxis.dtick, undefined);
});

test('a log axis marks powers of ten, and digits between where there are few', () => {
  const wide = json(linePlot([{ name: 'gradient', y: [1e-5, 0, 1] }], { logY: true, range: [1e-6, 10] }));
  assert.equal(wide.layout.yaxis.dtick, 1);
  assert.deepEqual(
    (wide.layout.yaxis.range as number[]).map((v) => Math.round(v)),
    [-6, 1],
  );
  assert.equal(
    json(barPlot(['a', 'b'], [{ name: 'x', y: [2, 3] }], { logY: true })).layout.yaxis.dtick,
    'D2',
  );
});

test('points of a scatter show their text, whatever their names hold', () => {
  const { data } = json(scatter([{ name: '</extra><img>', x: [1], y: [2], text: ['resnet18'] }]));
  assert.equal(data[0].mode, 'markers');
  assert.ok(!String(data[0].hovertemplate).includes('img'));
});

test('a confusion matrix has its first row on top and whole counts in its cells', () => {
  const figure = json(
    heatmap(
      [
        [90, 5],
        [1234, 60],
      ],
      { rows: ['cat', 'dog'], columns: ['cat', 'dog'] },
    ),
  );
  assert.equal(figure.layout.yaxis.autorange, 'reversed');
  assert.equal(figure.data[0].texttemplate, '%{z:,}');
  assert.throws(() => heatmap([[1, 2], [3]]), /every row must have 2 values as the first; row 1 has 1/);
});

test('the growing drawing has a path per line, breaks at gaps and escapes names', () => {
  const figure = linePlot([
    { name: 'a <b>', y: [1, NaN, 3, 4] },
    { name: 'b', y: [4, 3, 2, 1], dash: 'dash' },
  ]);
  const svg = lineSvg(figure, 'x "y"');
  assert.match(svg, /aria-label="x &quot;y&quot;"/);
  assert.match(svg, /a &lt;b&gt;/);
  const [first] = /d="(M[^"]*M[^"]*)" fill="none"/.exec(svg) ?? [];
  assert.ok(first, 'the gap starts a new stroke');
  assert.ok(!svg.includes('NaN'));
});

test('the growing drawing stays small however long the run, and needs no point at all', () => {
  const long = lineSvg(
    linePlot([{ name: 'loss', y: Array.from({ length: 300_000 }, (_, i) => 1 / (i + 1)) }], { logY: true }),
    '',
  );
  assert.ok(long.length < 20_000, `${long.length} characters`);
  for (const y of [[], [5], [0, 0]]) assert.ok(!lineSvg(linePlot([{ name: 'loss', y }]), '').includes('NaN'));
  assert.ok(!lineSvg(linePlot([{ name: 'size', x: ['conv1', 'fc'], y: [1, 2] }]), '').includes('NaN'));
});

test('heatmaps in a row have a place of their own each, one colour scale, and their names above', () => {
  const values = [[1, 2, 3]];
  const columns = ['-1', '0', '1'];
  const maps = ['a', 'b', 'c'].map((name) => ({ name, values }));
  const { data, layout } = heatmapRow(maps, { columns });
  const traces = data as { xaxis: string; yaxis: string; coloraxis: string; colorbar?: unknown }[];
  assert.deepEqual(
    traces.map(({ xaxis, yaxis, coloraxis, colorbar }) => [xaxis, yaxis, coloraxis, colorbar]),
    [
      ['x', 'y', 'coloraxis', undefined],
      ['x2', 'y2', 'coloraxis', undefined],
      ['x3', 'y3', 'coloraxis', undefined],
    ],
  );
  const ends = [layout.xaxis, layout.xaxis2, layout.xaxis3].flatMap((axis) => axis?.domain ?? []);
  assert.deepEqual(
    ends,
    [...ends].sort((a, b) => a - b),
    'one after the other',
  );
  assert.equal(ends.length, 6);
  assert.deepEqual(layout.xaxis2?.tickvals, columns);
  assert.deepEqual(
    layout.annotations?.map(({ text }) => text),
    ['a', 'b', 'c'],
  );
});
