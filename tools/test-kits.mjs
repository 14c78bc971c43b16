/**
 * `npm run test:kits [-- NAME...]`: the conformance kits of the built packages under vitest and under node:test. Jest
 * runs them too, on the sources, with each package's tests; together they show that a kit needs no runner of its own.
 */
import { findKits } from './kits/discover.mjs';
import { buildJs, importedPackages } from './lib/build-js.mjs';
import { run, runBin } from './lib/run.mjs';

const wanted = process.argv.slice(2);
await buildJs(importedPackages(findKits(wanted).map(({ file }) => file)));
const options = { inherit: true, env: { VERIDIAN_KITS: wanted.join(',') } };
const vitest = await runBin('vitest', ['run', '--config', 'tools/kits/vitest.config.mjs'], options);
const node = await run(process.execPath, ['--test', '--test-reporter=spec', 'tools/kits/node.test.mjs'], options);
process.exitCode = vitest.status === 0 && node.status === 0 ? 0 : 1;
