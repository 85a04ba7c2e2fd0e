import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PICTURES } from '../../data-scripts/commands/experiments/picture';
import { recordsFolder } from '../../data-scripts/commands/records';
import { runRecords } from '../../data-scripts/commands/experiments/runRecord';

for (const [name, draw] of Object.entries(PICTURES)) {
  test(`the README's picture ${name} shows the records that lie beside it`, () => {
    const drawn = readFileSync(join(recordsFolder(), name), 'utf8');
    assert.equal(drawn, draw(runRecords()), 'draw it anew: npm run experiment -- picture');
  });
}
