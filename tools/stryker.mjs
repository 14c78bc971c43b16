/**
 * Mutation testing of a package's core with StrykerJS: `npm run stryker -w packages/NAME`.
 *
 *   node ../../tools/stryker.mjs [--mutate GLOB]... [--skip TEXT]... [--jest] [--concurrency N] [--json FILE]
 *
 * Mutates `src` without `src/testing` and `src/testing.ts` (GLOB: these files instead, from the package's folder on) in a copy of the
 * package and of what its tests use, and runs all tests `test/**\/*.test.ts` but those whose path contains a TEXT. Prints survivors
 * and the score; `--json` writes all results. Tests may take fewer rounds when they see `VERIDIAN_MUTANTS=1`.
 *
 * Tests run in one bundle (lib/stryker-runner.mjs), or with `--jest` in jest, which is some thirty times slower.
 *
 * Needs @stryker-mutator/core (and with --jest @stryker-mutator/jest-runner) 9.x, since 10 wants Node 22, in node_modules or in the
 * folder that VERIDIAN_STRYKER names:
 *
 *   npm install --prefix /tmp/stryker @stryker-mutator/core@9.6.1 @stryker-mutator/jest-runner@9.6.1
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { ROOT, listFiles } from './lib/packages.mjs';

const { values } = parseArgs({
  options: {
    mutate: { type: 'string', multiple: true },
    skip: { type: 'string', multiple: true, default: [] },
    jest: { type: 'boolean', default: false },
    concurrency: { type: 'string', default: '2' },
    json: { type: 'string' },
  },
});
const name = basename(process.cwd());
const json = values.json && resolve(values.json);

/** The entry of Stryker's core. */
function installed() {
  try {
    return createRequire(join(resolve(process.env.VERIDIAN_STRYKER ?? ROOT), 'package.json')).resolve(
      '@stryker-mutator/core',
    );
  } catch {
    console.error('StrykerJS is not installed: see the head of tools/stryker.mjs');
    process.exit(2);
  }
}

const { Stryker } = await import(pathToFileURL(installed()));
process.chdir(ROOT);
mkdirSync('.build', { recursive: true });

const tests = listFiles(join(ROOT, 'packages', name, 'test'))
  .map((file) => `packages/${name}/test/${file}`)
  .filter((file) => file.endsWith('.test.ts') && !values.skip.some((text) => file.includes(text)));
process.env.VERIDIAN_MUTANTS = '1';
process.env.VERIDIAN_MUTANT_TESTS = tests.join('\n');

/** Packages that the tests import, and the package. */
const used = tests.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/@veridian-os\/([a-z-]+)/g)]);
const copied = [...new Set([name, 'abi', 'buddy-alloc', ...used.map(([, each]) => each)])];
const mutate = values.mutate?.map((glob) => `packages/${name}/${glob}`) ?? [
  `packages/${name}/src/**/*.ts`,
  `!packages/${name}/src/testing.ts`,
  `!packages/${name}/src/testing/**`,
  `!packages/${name}/src/generated/**`,
];
const { default: jest } = await import(pathToFileURL(join(ROOT, 'jest.config.mjs')));
const results = await new Stryker({
  packageManager: 'npm',
  testRunner: values.jest ? 'jest' : 'bundle',
  plugins: values.jest ? ['@stryker-mutator/*'] : [join(ROOT, 'tools/lib/stryker-runner.mjs')],
  ...(values.jest
    ? {
        jest: {
          projectType: 'custom',
          config: { ...jest, testMatch: tests.map((file) => `<rootDir>/${file}`) },
          enableFindRelatedTests: false,
        },
      }
    : {}),
  mutate,
  ignorePatterns: [
    '**',
    '!package.json',
    '!tsconfig.base.json',
    '!tools/lib/**',
    '!tools/*.ts',
    ...copied.map((each) => `!packages/${each}/**`),
  ],
  tempDirName: '.build/stryker',
  coverageAnalysis: 'perTest',
  concurrency: Number(values.concurrency),
  timeoutMS: 10_000,
  reporters: ['clear-text', 'progress-append-only'],
  clearTextReporter: { reportTests: false, logTests: false, allowColor: false },
  allowConsoleColors: false,
}).runMutationTest();

if (json) writeFileSync(json, JSON.stringify(results));
