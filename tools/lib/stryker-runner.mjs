/**
 * A test runner for StrykerJS that bundles all tests of a package once and runs them in its own process: ten milliseconds for a
 * mutant where jest takes three seconds. Jest's part is played by stryker-shim.mjs.
 *
 * Stryker starts it in a copy of the repository whose sources hold all mutants, switched by `globalThis.__stryker__`; when a mutant
 * does not end it kills the process and starts another. `VERIDIAN_MUTANT_TESTS` lists the test files.
 */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const shim = join(import.meta.dirname, 'stryker-shim.mjs');
/** The message of an error that instrumented code throws in a loop that has no end. */
const HIT_LIMIT = 'Hit count limit reached';

async function bundle(files) {
  const outfile = resolve('.bundle/tests.mjs');
  mkdirSync('.bundle', { recursive: true });
  await build({
    stdin: {
      contents: files.map((file) => `import ${JSON.stringify(`./${file}`)};`).join('\n'),
      resolveDir: process.cwd(),
    },
    outfile,
    absWorkingDir: process.cwd(),
    bundle: true,
    platform: 'node',
    format: 'esm',
    tsconfig: resolve('tsconfig.base.json'),
    alias: { '@jest/globals': shim },
    external: ['expect', 'jest-mock', 'fast-check'],
    // The packages say that their files have no side effects; tests have nothing else.
    ignoreAnnotations: true,
    logLevel: 'error',
  });
  return outfile;
}

class BundleRunner {
  static inject = [];

  capabilities() {
    // A mutant of code that runs when its module is loaded gets a process of its own.
    return { reloadEnvironment: false };
  }

  async init() {
    this.outfile = await bundle(process.env.VERIDIAN_MUTANT_TESTS.split('\n'));
    this.namespace = globalThis.__stryker__ ??= {};
  }

  async dryRun() {
    this.namespace.mutantCoverage = undefined;
    const result = await this.run(undefined, true);
    return { ...result, mutantCoverage: this.namespace.mutantCoverage ?? { static: {}, perTest: {} } };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, disableBail }) {
    const { namespace } = this;
    namespace.activeMutant = activeMutant.id;
    namespace.hitCount = hitLimit === undefined ? undefined : 0;
    namespace.hitLimit = hitLimit;
    try {
      await import(pathToFileURL(this.outfile));
    } catch (error) {
      // Tests cannot even be collected.
      return { status: 'killed', killedBy: [], failureMessage: String(error), nrOfTests: 0 };
    }
    const { tests } = await this.run(testFilter && new Set(testFilter), disableBail);
    namespace.activeMutant = undefined;
    const failed = tests.filter(({ status }) => status === 'failed');
    const looped = failed.find(({ failureMessage }) => failureMessage.includes(HIT_LIMIT));
    if (looped !== undefined) return { status: 'timeout', reason: looped.failureMessage };
    if (failed.length === 0) return { status: 'survived', nrOfTests: tests.length };
    const [{ failureMessage }] = failed;
    return { status: 'killed', killedBy: failed.map(({ id }) => id), failureMessage, nrOfTests: tests.length };
  }

  async run(filter, all) {
    await import(pathToFileURL(this.outfile));
    const tests = [];
    for (const test of globalThis.__veridianTests__) {
      if (filter && !filter.has(test.id)) continue;
      const result = await this.one(test);
      tests.push(result);
      if (!all && result.status === 'failed') break;
    }
    return { status: 'complete', tests };
  }

  async one({ id, name, body, before, after }) {
    this.namespace.currentTestId = id;
    const start = performance.now();
    let failureMessage;
    try {
      for (const hook of before()) await hook();
      await body();
    } catch (error) {
      failureMessage = String(error?.message ?? error) || 'failed';
    }
    for (const hook of after()) await hook();
    this.namespace.currentTestId = undefined;
    const timeSpentMs = performance.now() - start;
    if (failureMessage === undefined) return { id, name, timeSpentMs, status: 'success' };
    return { id, name, timeSpentMs, status: 'failed', failureMessage };
  }
}

export const strykerPlugins = [{ kind: 'TestRunner', name: 'bundle', injectableClass: BundleRunner }];
