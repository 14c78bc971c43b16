/**
 * Finds the kits that packages offer, `packages/X/test/kits/*.kit.mjs`, each exporting `default function run({ describe,
 * it })`, and runs them with the given runner's functions. They import built packages by name, as users do.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { listFiles, readPackages } from '../lib/packages.mjs';

/** @returns {{ name: string, file: string }[]} package and absolute path of each kit; only `wanted` packages, if any */
export function findKits(wanted = []) {
  return readPackages()
    .filter(({ name }) => wanted.length === 0 || wanted.includes(name))
    .flatMap(({ name, dir }) =>
      listFiles(join(dir, 'test/kits'))
        .filter((file) => file.endsWith('.kit.mjs'))
        .map((file) => ({ name, file: join(dir, 'test/kits', file) })),
    );
}

/** Runs the kits of the packages that $VERIDIAN_KITS names (comma separated), else all. */
export async function runKits(runner) {
  const wanted = (process.env.VERIDIAN_KITS ?? '').split(',').filter((name) => name !== '');
  for (const { file } of findKits(wanted)) {
    const { default: run } = await import(/* @vite-ignore */ pathToFileURL(file).href);
    run(runner);
  }
}
