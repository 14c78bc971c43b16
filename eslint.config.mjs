/**
 * Lint rules: typescript-eslint's type-checked set (floating promises among them), and the sizes that STYLE asks for.
 * One program (tsconfig.tests.json) covers all sources and tests, which is many times faster than one per package.
 */
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const unused = { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' };
const nodeGlobals = Object.fromEntries(
  ['process', 'console', 'Buffer', 'URL', 'performance', 'setTimeout', 'clearTimeout', 'setImmediate', 'queueMicrotask']
    .concat(['TextEncoder', 'TextDecoder', 'WebAssembly', 'AbortController', 'AbortSignal', 'fetch', 'structuredClone'])
    .map((name) => [name, 'readonly']),
);

export default tseslint.config(
  {
    ignores: [
      '**/dist/',
      '**/node_modules/',
      '**/src/generated/',
      'packages/*/assembly/',
      'types/',
      'packages/*/tsup.config.ts',
      'programs/fixtures/',
      '.build/',
      '.cache/',
      '.nx/',
      'coverage/',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: tseslint.configs.recommendedTypeChecked,
    languageOptions: { parserOptions: { project: './tsconfig.tests.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', unused],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // A file system or a task may be asynchronous behind an interface where this one happens not to wait.
      '@typescript-eslint/require-await': 'off',
      // Generators that never yield implement interfaces whose other implementations wait.
      'require-yield': 'off',
      eqeqeq: ['error', 'always'],
      'no-constant-condition': ['error', { checkLoops: false }],
    },
  },
  {
    // Pages have the browser's globals, and a program of their own.
    files: ['examples/page/**/*.ts'],
    languageOptions: {
      parserOptions: { project: './examples/page/tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 60 }],
      'no-console': 'error',
    },
  },
  {
    // A kit is nested describe/it callbacks: its outermost function is as long as the kit.
    files: ['packages/*/src/testing.ts', 'packages/*/src/testing/**/*.ts'],
    rules: { 'max-lines-per-function': 'off', '@typescript-eslint/unbound-method': 'off' },
  },
  {
    files: ['packages/cli/src/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: { globals: nodeGlobals },
    rules: { 'no-unused-vars': ['error', unused] },
  },
  {
    // Parts of these run in a page.
    files: ['tools/browser/*.mjs'],
    languageOptions: {
      globals: { Worker: 'readonly', self: 'readonly', window: 'readonly', document: 'readonly' },
    },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: { sourceType: 'commonjs', globals: { ...nodeGlobals, require: 'readonly', module: 'writable' } },
  },
);
