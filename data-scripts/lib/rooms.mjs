// @ts-check
// The order of rooms, as the README's map has it: which folders each may import from besides itself. Arrows run down.
// What is in no room (src/random.ts, src/progress.ts ...) lies below all of them; src/index.ts lies above all.

/** @type {Record<string, string[]>} */
const SRC = {
  ops: [],
  state: [],
  nn: ['ops', 'state'],
  checkpoint: ['state'],
  data: ['nn', 'ops', 'state'],
  models: ['data', 'checkpoint', 'nn', 'ops', 'state'],
  training: ['models', 'data', 'checkpoint', 'nn', 'ops', 'state'],
  explain: ['models', 'data', 'checkpoint', 'nn', 'ops', 'state'],
  onnx: ['models', 'checkpoint', 'nn'],
  notebook: ['training', 'explain', 'models', 'data', 'nn', 'ops', 'state'],
};

/** @type {Record<string, string[]>} */
const SCRIPTS = {
  lib: [],
  kernel: ['languages'],
  setup: ['lib'],
  notebooks: ['lib'],
  languages: ['notebooks', 'lib'],
  pages: ['languages', 'notebooks', 'drawings', 'lib'],
  drawings: [],
  commands: ['pages', 'drawings', 'setup', 'lib'],
};

/**
 * One room's rule.
 * @param {string} house
 * @param {string} room a folder in it; '' is what lies beside the rooms
 * @param {readonly string[]} forbidden folders of the house, and files in it
 * @param {string} may
 * @returns {import('eslint').Linter.Config}
 */
function rule(house, room, forbidden, may) {
  // src looks at no other house, and not at itself from outside.
  const paths = [
    `${room ? '(\\.\\./)+' : '\\./'}(${forbidden.join('|')})(/|$)`,
    ...(house === 'src' ? ['(\\.{1,2}/)+(index|data-scripts/.*|test/.*)$', 'resnet-workbook$'] : []),
  ];
  const pattern = `^(${paths.join('|')})`;
  const message = `${room ? `${house}/${room}` : `what lies beside the rooms of ${house}`} may import from ${may} (data-scripts/lib/rooms.mjs).`;
  return {
    files: [`${house}/${room ? `${room}/**/` : ''}*.{ts,mjs,cjs}`],
    ignores: [`${house}/index.ts`],
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ regex: pattern, message }] }],
      'no-restricted-syntax': [
        'error',
        {
          // import('...') as a value and as a type, which the rule above does not look at
          selector: `:matches(ImportExpression, TSImportType) Literal[value=/${pattern.replaceAll('/', '\\u002F')}/]`,
          message,
        },
      ],
    },
  };
}

/** @param {string} house @param {Record<string, string[]>} rooms */
function rules(house, rooms) {
  const all = Object.keys(rooms);
  return Object.entries(rooms).map(([room, below]) => {
    const forbidden = all.filter((other) => other !== room && !below.includes(other));
    return rule(house, room, forbidden, below.join(', ') || 'no other room');
  });
}

/** For ESLint's configuration. */
export const orderOfRooms = [
  ...rules('src', SRC),
  rule('src', '', Object.keys(SRC), 'no room'),
  ...rules('data-scripts', SCRIPTS),
];

/** The folders that have a rule. @type {Record<string, string[]>} */
export const rooms = { src: Object.keys(SRC), 'data-scripts': Object.keys(SCRIPTS) };
