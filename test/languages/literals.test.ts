import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { load } from '../setup/scripts';

describe('the texts that code may show', () => {
  let textsOf: (code: string) => string[];
  before(async () => {
    ({ textsOf } = await load<{ textsOf: typeof textsOf }>('data-scripts/languages/literals.mjs'));
  });
  const cases: [string, string, string[]][] = [
    [
      'printed, joined as they are printed',
      "console.log('before:', a);\nconsole.log(`${n} pictures of ` + `${m} classes`, 'and');",
      ['before: {}', '{} pictures of {} classes and'],
    ],
    [
      'within what stands in another',
      "console.log(`${list.map((n) => `${n} pictures`).join('; ')} in all`);",
      ['{} in all', '{} pictures'],
    ],
    [
      'each way in which one can come out',
      "const how = x > 1 ? 'too sure' : 'not sure';\nlog(`It was ${how}, ${y ? 'more' : 'less'}.`);",
      [
        'It was too sure, more.',
        'It was too sure, less.',
        'It was not sure, more.',
        'It was not sure, less.',
      ],
    ],
    [
      'in tables, figures and captions, single words too',
      "showTable([{ 'after 3': n, way: 'hinge' }], { columns: { n: 'count' }, caption: `${n} runs` });\nshowFigure(linePlot([{ name: 'loss', dash: 'dot' }]));\nf(x, { label: 'Testing' });",
      ['after 3', 'hinge', 'count', '{} runs', 'loss', 'Testing'],
    ],
    [
      'not what only developers see, names that are asked for, or what is compared',
      "import a from 'a b';\nassert.ok(x, 'it should be');\nif (x === 'a b') throw new Error('a b');\nf(o['a b'], 'dog');\nshow({ 'text/html': h });\nshowTable(rows('dog'));",
      [],
    ],
    [
      'of a sum with what is not known, the part that is',
      "console.log(before + (x ? 'it is so' : 'it is not'));",
      ['it is so', 'it is not'],
    ],
    [
      'no constant by its name where two have it',
      '{ const made = `${n} epochs`; log(`after ${made}`); }\n{ const made = n; log(`in ${made}`); }',
      ['{} epochs', 'after {}', 'in {}'],
    ],
  ];
  for (const [name, code, expected] of cases)
    test(name, () => assert.deepEqual(textsOf(code).sort(), [...expected].sort()));
});
