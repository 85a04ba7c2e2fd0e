import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { ESLint, type Linter } from 'eslint';
import tseslint from 'typescript-eslint';
import { load, root } from '../setup/scripts';

describe('the linter holds the order of rooms', () => {
  let eslint: ESLint;
  before(async () => {
    const { orderOfRooms } = await load<{ orderOfRooms: Linter.Config[] }>('data-scripts/lib/rooms.mjs');
    const languageOptions = { parser: tseslint.parser as Linter.Parser };
    eslint = new ESLint({
      cwd: root,
      overrideConfigFile: true,
      overrideConfig: [{ files: ['**/*.{ts,mjs}'], languageOptions }, ...orderOfRooms],
    });
  });

  /** What the linter says of a file that holds this. */
  async function said(file: string, code: string): Promise<string> {
    const [{ messages }] = await eslint.lintText(code, { filePath: path.join(root, file) });
    return messages.map(({ message }) => message).join('\n');
  }

  for (const [file, code, expected] of [
    [
      'src/nn/conv.ts',
      "import { resnet18 } from '../models/builders';",
      /src\/nn may import from ops, state/,
    ],
    ['src/nn/conv.ts', "import type { A } from '../models/builders';", /src\/nn may/],
    ['src/nn/conv.ts', "export { resnet18 } from '../models/builders';", /src\/nn may/],
    ['src/nn/conv.ts', "void import('../models/builders');", /src\/nn may/],
    ['src/nn/conv.ts', "export type A = import('../models/builders').A;", /src\/nn may/],
    ['src/ops/conv2d.ts', "import '../nn/module';", /src\/ops may import from no other room/],
    ['src/checkpoint/load.ts', "import '../ops/pad';", /src\/checkpoint may import from state/],
    ['src/state/dtype.ts', "import '../checkpoint/load';", /src\/state may import from no other room/],
    ['src/data/decode/pool.ts', "import '../../training/history';", /src\/data may/],
    ['src/data/loader.ts', "import '../models/resnet';", /src\/data may/],
    ['src/models/weights.ts', "import '../notebook/plots';", /src\/models may/],
    ['src/training/evaluate.ts', "import '../notebook/plots';", /src\/training may/],
    ['src/training/evaluate.ts', "import '../index';", /src\/training may/],
    ['src/training/evaluate.ts', "import '../../data-scripts/records';", /src\/training may/],
    ['src/random.ts', "import './nn/module';", /beside the rooms of src may import from no room/],
    ['data-scripts/lib/log.mjs', "import '../setup/npm.mjs';", /data-scripts\/lib may/],
    [
      'data-scripts/setup/npm.mjs',
      "import '../pages/render.mjs';",
      /data-scripts\/setup may import from lib/,
    ],
  ] as const) {
    test(`${file}: ${code}`, async () => assert.match(await said(file, code), expected));
  }

  test('and lets arrows run down', async () => {
    for (const [file, code] of [
      ['src/nn/conv.ts', "import '../ops/conv2d'; import './stateDict'; import '../random';"],
      ['src/models/weights.ts', "import '../data/presets'; import '../nn/module';"],
      ['src/training/checkpoint.ts', "import './checkpoint'; import '../checkpoint/load';"],
      ['src/index.ts', "export { a } from './nn/module';"],
      ['data-scripts/commands/data/photos.ts', "import '../../../src/locations';"],
    ])
      assert.equal(await said(file, code), '', file);
  });

  test('every folder of src and of data-scripts is a room of it', async () => {
    const { rooms } = await load<{ rooms: Record<string, string[]> }>('data-scripts/lib/rooms.mjs');
    for (const [house, known] of Object.entries(rooms)) {
      const folders = fs.readdirSync(path.join(root, house), { withFileTypes: true });
      const unknown = folders.filter((entry) => entry.isDirectory() && !known.includes(entry.name));
      assert.deepEqual(
        unknown.map(({ name }) => name),
        [],
        house,
      );
    }
  });
});

test('src/index.ts follows the chapters: no name stands below the one that imports it first', () => {
  const index = fs.readFileSync(path.join(root, 'src/index.ts'), 'utf8');
  const EVERY = 0;
  const OWN = 9; // for notebooks of the reader's own
  let chapter: number | undefined;
  const stands = new Map<string, number>();
  for (const [, title, names = ''] of index.matchAll(/^\/\/ (.+)|^export \{([^}]*)\} from/gm)) {
    const heading = /^(?:Chapter (\d)|Every notebook|Not in the chapters)/.exec(title ?? '');
    if (heading) chapter = Number(heading[1] ?? (title.startsWith('Every') ? EVERY : OWN));
    for (const [name] of names.replace(/\btype /g, '').matchAll(/\w+/g)) stands.set(name, chapter ?? NaN);
  }
  const chapters = [...new Set(stands.values())];
  assert.deepEqual(chapters, [EVERY, 1, 2, 3, 4, 5, OWN]);

  const met = new Set<string>();
  for (const file of fs
    .readdirSync(path.join(root, 'notebooks'))
    .filter((name) => /^\d.*\.ipynb$/.test(name))) {
    const number = Number(file[0]);
    const { cells } = JSON.parse(fs.readFileSync(path.join(root, 'notebooks', file), 'utf8')) as {
      cells: { source: string[] }[];
    };
    const code = cells.map(({ source }) => source.join('')).join('\n');
    let begins = 0;
    for (const [, names] of code.matchAll(/import (?:type )?\{([^}]*)\} from 'resnet-workbook'/g))
      for (const [name] of names.replace(/\btype | as \w+/g, '').matchAll(/\w+/g)) {
        if (met.has(name)) continue;
        met.add(name);
        const place = stands.get(name) ?? NaN;
        assert.ok(place <= number, `${name}: chapter ${number} imports it, and it stands under ${place}`);
        if (place === number) begins++;
      }
    assert.ok(begins > 0, `chapter ${number} meets nothing first`);
  }
});
