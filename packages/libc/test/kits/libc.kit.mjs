/** The package's kit on its built files: run under vitest and node:test by tools/test-kits.mjs. */
import { libc, libcProblem } from '@veridian-os/libc';
import { libcKit } from '@veridian-os/libc/testing';

export default function run(runner) {
  const problem = libcProblem();
  if (problem === undefined) libcKit(runner, libc);
  else runner.describe('libc', () => runner.it(`not here: ${problem}`, () => undefined));
}
