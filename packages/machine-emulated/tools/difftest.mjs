/** Bundles test/differential/cli.ts with the sources (no build needed) and runs it. */
import { build } from 'esbuild';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const folder = mkdtempSync(join(tmpdir(), 'veridian-difftest-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const outfile = join(folder, 'cli.mjs');
await build({
  entryPoints: [join(root, 'packages/machine-emulated/test/differential/cli.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  tsconfig: join(root, 'tsconfig.base.json'),
});
await import(pathToFileURL(outfile).href);
