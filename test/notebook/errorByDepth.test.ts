import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareSeeds, errorByDepth } from '../../src/notebook/errorByDepth';
import { describeFigure } from '../../src/notebook/figure';
import { lineSvg } from '../../src/notebook/lineSvg';

const run = (kind: string, depth: number, ...errors: number[]) =>
  errors.map((error, i) => ({ kind, depth, seed: i + 1, error }));
const RUNS = [
  ...run('plain', 56, 30, 34, 32),
  ...run('plain', 20, 12, 14),
  ...run('resnet', 20, 13, 11),
  ...run('resnet', 56, 9, 10, 11),
];

test('means by depth with the spread over seeds, and each seed as a thin line without a name', () => {
  const { data } = errorByDepth(RUNS);
  const [plain, resnet, ...thin] = data as Record<string, unknown>[];
  assert.deepEqual(
    [plain.x, plain.y],
    [
      [20, 56],
      [13, 32],
    ],
  );
  assert.deepEqual((plain.error_y as { array: number[] }).array, [Math.SQRT2, 2]);
  assert.deepEqual((resnet.error_y as { array: number[] }).array, [Math.SQRT2, 1]);
  assert.equal(thin.length, 6);
  assert.deepEqual([thin[0].x, thin[0].y, thin[0].showlegend], [[20, 56], [12, 30], false]);
  assert.deepEqual([thin[2].x, thin[2].y], [[56], [32]], 'a seed that lacks a depth');
  assert.match(describeFigure({ data, layout: {} }), /^Figure: plain from 13 to 32; resnet from 12 to 10\.$/);
});

test('drawn as SVG, the spread is a bar through each mean, and seeds are not in the legend', () => {
  const svg = lineSvg(errorByDepth(RUNS), 'errors');
  assert.equal(svg.match(/<text[^>]*>(plain|resnet)<\/text>/g)?.length, 2);
  assert.doesNotMatch(svg, /seed/);
  assert.equal(svg.match(/stroke-width="1"/g)?.length, 6);
  const bars = [...svg.matchAll(/d="(M[\d.]+ [\d.]+V[\d.]+M[\d.]+ [\d.]+V[\d.]+)"/g)].map(([, d]) =>
    d.match(/[\d.]+/g)!.map(Number),
  );
  assert.equal(bars.length, 2);
  // y of 300 px: from the bar at 56 layers (32 +- 2) follows the scale, and with it that of 20 (13 +- sqrt 2)
  const [, low20, high20, , low56, high56] = bars[0];
  assert.ok(Math.abs((low20 - high20) / (low56 - high56) - Math.SQRT2 / 2) < 0.01);
});

test('a sentence says whether kinds differ by more than seeds do', () => {
  assert.deepEqual(compareSeeds(RUNS, 'test error'), [
    '20 layers, test error: plain 13.00 ± 1.41 % (2), resnet 12.00 ± 1.41 % (2); 1.00 points apart, within what seeds differ by.',
    '56 layers, test error: plain 32.00 ± 2.00 % (3), resnet 10.00 ± 1.00 % (3); 22.00 points apart, more than seeds differ by.',
  ]);
  const [single] = compareSeeds([...run('plain', 20, 12), ...run('resnet', 20, 9)], 'test error');
  assert.match(single, /one seed does not say what seeds do\.$/);
  assert.deepEqual(compareSeeds(run('plain', 20, 12), 'test error'), []);
});
