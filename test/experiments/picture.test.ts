import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { degradationPicture, picturePath } from '../../data-scripts/commands/experiments/picture';
import { runRecords } from '../../data-scripts/commands/experiments/runRecord';

test("the README's picture shows the records that lie beside it", () => {
  assert.equal(
    readFileSync(picturePath(), 'utf8'),
    degradationPicture(runRecords()),
    'draw it anew: npm run experiment -- picture',
  );
});
