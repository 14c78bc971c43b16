/** Runs a script of the tests: bundles it with the sources (no build needed), and imports it. */
import { build } from 'esbuild';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');

/** @param script path below the package */
export async function runBundled(script) {
  const folder = mkdtempSync(join(tmpdir(), 'veridian-bundled-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const outfile = join(folder, 'cli.mjs');
  await build({
    entryPoints: [join(root, 'packages/machine-emulated', script)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    tsconfig: join(root, 'tsconfig.base.json'),
  });
  await import(pathToFileURL(outfile).href);
}
