/** The workspace's packages and the arrows between them, read once from their package.json files. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SCOPE } from './package-template.mjs';

export const ROOT = resolve(import.meta.dirname, '../..');

/** @returns {{ name: string, dir: string, manifest: object, dependencies: string[] }[]} short names, sorted */
export function readPackages(root = ROOT) {
  const folder = join(root, 'packages');
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'package.json')))
    .sort()
    .map((name) => {
      const manifest = JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8'));
      const dependencies = Object.keys(manifest.dependencies ?? {})
        .filter((dependency) => dependency.startsWith(`${SCOPE}/`))
        .map((dependency) => dependency.slice(SCOPE.length + 1));
      return { name, dir: join(folder, name), manifest, dependencies };
    });
}

/** A package and everything below it, dependencies first. */
export function closure(names, packages = readPackages()) {
  const byName = new Map(packages.map((item) => [item.name, item]));
  const order = new Set();
  const visit = (name) => {
    const item = byName.get(name);
    if (!item || order.has(item)) return;
    for (const dependency of item.dependencies) visit(dependency);
    order.add(item);
  };
  names.forEach(visit);
  return [...order];
}

/** Every file below `dir` (relative to it, `/` separated), sorted; nothing where it does not exist. */
export function listFiles(dir) {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
    .sort();
}

/** The entries that a package exports: `index`, `testing`, ... */
export function entries(manifest) {
  return Object.keys(manifest.exports)
    .filter((key) => key !== './package.json')
    .map((key) => (key === '.' ? 'index' : key.slice(2)));
}
