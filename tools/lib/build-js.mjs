/**
 * Brings the JavaScript in `dist` up to date where a source is newer, without types (they take most of a build's
 * time and nothing that only runs needs them). `npm run build` is the whole build.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { closure, entries, listFiles, readPackages } from './packages.mjs';
import { parallel, runBin } from './run.mjs';

const modified = (file) => statSync(file).mtimeMs;

/** A command is bundled with all that it imports. */
function stale({ name, dir, manifest }) {
  const outputs = entries(manifest).flatMap((entry) => [join(dir, `dist/${entry}.js`), join(dir, `dist/${entry}.cjs`)]);
  outputs.push(...Object.values(manifest.bin ?? {}).map((file) => join(dir, file)));
  if (!outputs.every(existsSync)) return true;
  const oldest = Math.min(...outputs.map(modified));
  const sources = manifest.bin === undefined ? [dir] : closure([name]).map((item) => item.dir);
  const inputs = sources.flatMap((from) => listFiles(join(from, 'src')).map((file) => join(from, 'src', file)));
  inputs.push(join(dir, 'package.json'));
  return inputs.some((file) => modified(file) > oldest);
}

/** Names of our packages that these files import: kits and benches use more than their own package depends on. */
export function importedPackages(files) {
  const names = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/(?:from|import) '@veridian-os\/([^/']+)/g)].map(([, name]) => name),
  );
  return [...new Set(names)];
}

/** @param names packages to bring up to date, with all that they depend on */
export async function buildJs(names = readPackages().map((item) => item.name)) {
  await parallel(closure(names).filter(stale), async ({ name, dir }) => {
    const { status, output } = await runBin('tsup', [], { cwd: dir, env: { VERIDIAN_JS_ONLY: '1' } });
    if (status !== 0) throw new Error(`building ${name} failed:\n${output}`);
  });
}
