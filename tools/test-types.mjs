/**
 * `npm run test:types`: compiles every `packages/X/test/types/*.test-d.ts`, which states with expect-type and
 * `@ts-expect-error` what users' code must and must not compile to. `--built` checks the types that ship (dist) instead
 * of the sources.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, listFiles, readPackages } from './lib/packages.mjs';
import { checkAll, runBin } from './lib/run.mjs';

const { values } = parseArgs({ options: { built: { type: 'boolean' } } });
const files = readPackages().flatMap(({ name, dir }) =>
  listFiles(join(dir, 'test/types'))
    .filter((file) => file.endsWith('.test-d.ts'))
    .map((file) => `packages/${name}/test/types/${file}`),
);

const folder = join(ROOT, `.build/types-${process.pid}`);
mkdirSync(folder, { recursive: true });
const compilerOptions = {
  types: ['node', 'webassembly'],
  noUnusedLocals: false,
  ...(values.built ? { paths: {} } : {}),
};
const config = { extends: '../../tsconfig.base.json', compilerOptions, files: files.map((file) => join(ROOT, file)) };
writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
const { status, output } =
  files.length > 0 ? await runBin('tsc', ['-p', folder, '--pretty', 'false']) : { status: 0, output: '' };
rmSync(folder, { recursive: true });

await checkAll('type tests', files, async (file) => {
  const mine = output.split('\n').filter((line) => line.includes(`${file}(`));
  return mine.length > 0 ? mine.join('\n') : null;
});
if (status !== 0 && process.exitCode !== 1) {
  console.log(output);
  process.exitCode = 1;
}
