/**
 * `npm run typecheck`: every package's `src` alone, under its own globals (a pure package cannot name a host API),
 * then all sources, tests and tools as one program.
 */
import { readPackages } from './lib/packages.mjs';
import { checkAll, runBin } from './lib/run.mjs';

const projects = [...readPackages().map(({ name }) => `packages/${name}`), 'tsconfig.tests.json', 'examples/page'];
await checkAll('types', projects, async (project) => {
  const { status, output } = await runBin('tsc', ['-p', project, '--noEmit', '--pretty', 'false']);
  return status === 0 ? null : output;
});
