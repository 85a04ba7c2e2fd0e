import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cellText, tableHtml, tableText } from '../../src/notebook/table';

const rows = [
  { net: 'resnet18', parameters: 11_689_512, accuracy: 0.69758, note: '<script>"x"' },
  { net: 'resnet50', parameters: 25_557_032, accuracy: 0.8, note: null },
];

test('cells: thousands set apart, four digits, nothing for nothing', () => {
  assert.deepEqual(
    [25557032, 0.69758, 12.3456, 123456.789, 0.00001, NaN, true, null, 'a'].map((cell) => cellText(cell)),
    ['25,557,032', '0.6976', '12.35', '123,457', '1.00e-5', 'NaN', 'yes', '', 'a'],
  );
  assert.equal(cellText(0.5, 3), '0.500');
});

test('HTML is escaped, headed and aligned', () => {
  const html = tableHtml(rows, {
    caption: 'Nets & more',
    footer: [{ net: 'total', parameters: 37_246_544 }],
  });
  assert.match(html, /<caption[^>]*>Nets &amp; more<\/caption>/);
  assert.match(html, /<th scope="col" style="text-align:right">parameters<\/th>/);
  assert.match(html, /<th scope="row"[^>]*>resnet18<\/th>/);
  assert.match(html, /&lt;script&gt;&quot;x&quot;/);
  assert.match(html, /<tfoot>.*37,246,544.*<\/tfoot>/s);
  assert.doesNotMatch(html, /<script>/);
  assert.equal(html.match(/<tr>/g)?.length, 4);
});

test('columns can be chosen, ordered and renamed', () => {
  assert.equal(
    tableText(rows, { columns: { accuracy: 'Accuracy', net: 'Net' }, digits: 2, caption: 'Nets' }),
    ['Nets', 'Accuracy  Net', '--------  --------', '    0.70  resnet18', '    0.80  resnet50'].join('\n'),
  );
  assert.equal(tableText([]), '\n');
});

test('a table of many columns is set smaller', () => {
  const row = (columns: number) =>
    Object.fromEntries(Array.from({ length: columns }, (_, i) => [`c${i}`, i]));
  assert.match(tableHtml([row(7)]), /<table class="dataframe" style="font-size:0\.8em">/);
  assert.doesNotMatch(tableHtml([row(6)]), /font-size|padding/);
});
