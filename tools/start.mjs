/**
 * `npm start`: the veridian command from the sources. Bundles `packages/cli/src/bin.ts` and everything below it into
 * one file (JavaScript only, esbuild) if a source that went into the last bundle has changed, then runs it in this
 * process with the remaining arguments. With nothing to build it only compares time stamps.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = resolve(import.meta.dirname, '..');
const folder = join(root, '.build/start');
const bundle = join(folder, 'veridian.mjs');
const stampFile = join(folder, 'inputs.json');

/** What the bundle was made from: path (relative to the root) and modification time of each source. */
function isFresh() {
  if (!existsSync(bundle) || !existsSync(stampFile)) return false;
  const inputs = JSON.parse(readFileSync(stampFile, 'utf8'));
  return inputs.every(([file, time]) => statSync(join(root, file), { throwIfNoEntry: false })?.mtimeMs === time);
}

async function build() {
  const { build: bundleWith } = await import('esbuild');
  const { metafile, outputFiles } = await bundleWith({
    absWorkingDir: root,
    entryPoints: ['packages/cli/src/bin.ts'],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // tsconfig paths lead to our own packages' sources; the rest stays in node_modules, the root's, where the bundle is found:
    // what the command needs is a dependency of the root too.
    packages: 'external',
    sourcemap: true,
    metafile: true,
    logLevel: 'error',
    write: false,
  });
  const files = [...Object.keys(metafile.inputs), 'tsconfig.base.json', 'packages/cli/package.json', 'tools/start.mjs'];
  const stamps = files.map((file) => [file, statSync(join(root, file)).mtimeMs]);
  mkdirSync(folder, { recursive: true });
  for (const { path, contents } of outputFiles) writeWhole(path, contents);
  writeWhole(stampFile, JSON.stringify(stamps));
}

/** So that a second `npm start` never reads half a file. */
function writeWhole(path, contents) {
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, contents);
  renameSync(partial, path);
}

if (!isFresh()) await build();
process.argv[1] = bundle;
await import(pathToFileURL(bundle).href);
