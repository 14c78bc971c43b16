/**
 * Bundle-size budget per package: its own code (other packages excluded), minified and gzipped, against
 * bundle-size.json. A user of one subsystem pays for that subsystem only, and notices when it grows.
 *
 *   node tools/bundle-size.mjs [--update] [NAME...]     --update: set the budgets to the present size plus a tenth
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { SCOPE } from './lib/package-template.mjs';
import { ROOT, readPackages } from './lib/packages.mjs';
import { checkAll } from './lib/run.mjs';

const BUDGETS = join(ROOT, 'bundle-size.json');

/** @returns bytes of `src/index.ts` bundled, minified and gzipped */
async function bundleSize({ dir }) {
  const { outputFiles } = await build({
    entryPoints: [join(dir, 'src/index.ts')],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    external: [`${SCOPE}/*`, 'node:*'],
    packages: 'external',
    write: false,
    logLevel: 'silent',
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

const { values, positionals } = parseArgs({ options: { update: { type: 'boolean' } }, allowPositionals: true });
const budgets = existsSync(BUDGETS) ? JSON.parse(readFileSync(BUDGETS, 'utf8')) : {};
const packages = readPackages().filter(({ name }) => positionals.length === 0 || positionals.includes(name));

await checkAll('bundle size', packages, async (item) => {
  const size = await bundleSize(item);
  if (values.update) budgets[item.name] = Math.ceil((size * 1.1) / 100) * 100;
  const budget = budgets[item.name];
  if (budget === undefined) return `no budget in bundle-size.json; npm run check:size -- --update ${item.name}`;
  console.log(`${item.name.padEnd(20)} ${String(size).padStart(7)} of ${String(budget).padStart(7)} bytes`);
  return size <= budget ? null : `${size} bytes gzipped, budget ${budget}`;
});

if (values.update) {
  const sorted = Object.fromEntries(Object.entries(budgets).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(BUDGETS, `${JSON.stringify(sorted, null, 2)}\n`);
}
