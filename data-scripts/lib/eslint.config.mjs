// @ts-check
// Called with --config from the project's root (npm test), whose top level holds no tool's settings.
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { root } from './paths.mjs';
import { orderOfRooms } from './rooms.mjs';

export default defineConfig(
  { ignores: ['**/node_modules', '.build', '.venv', '.cache', '.data', 'site'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts', '**/*.mjs', '**/*.cjs', '**/*.js'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: root } },
    rules: {
      eqeqeq: 'error',
      'no-console': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      // A `default` covers what is left.
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // These print as a reader expects; shapes are arrays.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        {
          allowNumber: true,
          allowBoolean: true,
          allowArray: true,
          allow: [{ from: 'lib', name: ['URL', 'Error'] }],
        },
      ],
      // `return console.log(...)` from an early exit is plain enough.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // Interfaces here write functions as methods, and none of these uses `this`.
      '@typescript-eslint/unbound-method': 'off',
      // Something that does nothing on purpose, such as the progress of what needs none.
      '@typescript-eslint/no-empty-function': 'off',
      // Would ask for the `!` that no-non-null-assertion forbids.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // An element beyond an array's end is undefined, which its type doesn't say (noUncheckedIndexedAccess is off):
      // a guard against it is not unnecessary.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // torch's names, and files laid out by others, are indexed by plain keys.
      '@typescript-eslint/consistent-indexed-object-style': 'off',
      '@typescript-eslint/dot-notation': 'off',
      // `||` for an empty string or a zero is often what is meant; the types don't tell.
      '@typescript-eslint/prefer-nullish-coalescing': 'off',
      '@typescript-eslint/consistent-type-definitions': 'off',
    },
  },
  {
    // node:test runs what `test` and `describe` return by itself.
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            {
              from: 'package',
              package: 'node:test',
              name: ['test', 'describe', 'it', 'suite', 'before', 'after'],
            },
          ],
        },
      ],
      '@typescript-eslint/require-await': 'off',
      // What is undefined in a test fails it.
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    // Plain JavaScript: its types are in comments, which tsc checks.
    files: ['**/*.mjs', '**/*.cjs', '**/*.js'],
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      '@typescript-eslint/no-require-imports': 'off',
      // Here a value of JSON.parse gets its type by a comment on what it is assigned to.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/require-await': 'off',
    },
  },
  ...orderOfRooms,
);
