/**
 * Tests run on the sources: SWC turns TypeScript into CommonJS (jest's most robust mode), package names map to
 * `packages/X/src`, and `./x.js` resolves to `x.ts`. `npx jest packages/NAME` runs one package.
 */
export default {
  testMatch: ['<rootDir>/packages/*/test/**/*.test.ts', '<rootDir>/tools/test/**/*.test.ts'],
  testEnvironment: 'node',
  injectGlobals: false,
  maxWorkers: 2,
  testSequencer: '<rootDir>/tools/lib/jest-sequencer.cjs',
  testTimeout: 60_000,
  resolver: '<rootDir>/tools/lib/jest-resolver.cjs',
  moduleNameMapper: {
    '^@veridian-os/([^/]+)$': '<rootDir>/packages/$1/src/index.ts',
    '^@veridian-os/([^/]+)/(?!package\\.json$)([^/]+)$': '<rootDir>/packages/$1/src/$2.ts',
  },
  modulePathIgnorePatterns: ['<rootDir>/packages/[^/]+/dist/', '<rootDir>/\\.build/'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
};
