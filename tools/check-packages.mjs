/**
 * Keeps the packages alike: shared fields of package.json, compiler settings and build settings are what
 * tools/lib/package-template.mjs says; the files that every package has exist; tsconfig.base.json knows its entries.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { SCOPE, TSUP_CONFIG, license, packageJson, testTsconfig, tsconfig } from './lib/package-template.mjs';
import { ROOT, entries, readPackages } from './lib/packages.mjs';

const FILES = ['README.md', 'src/index.ts', 'src/testing.ts', 'test/tsconfig.json'];
const SHARED = [
  'license',
  'author',
  'type',
  'sideEffects',
  'engines',
  'main',
  'module',
  'types',
  'files',
  'publishConfig',
];
const SHARED_SCRIPTS = ['build', 'typecheck', 'test', 'bench'];

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));
const { paths } = readJson(join(ROOT, 'tsconfig.base.json')).compilerOptions;

function checkManifest({ name, manifest }) {
  const expected = packageJson({ name, description: manifest.description });
  const wrong = SHARED.filter((field) => !isDeepStrictEqual(manifest[field], expected[field]));
  wrong.push(...SHARED_SCRIPTS.filter((script) => manifest.scripts?.[script] !== expected.scripts[script]));
  if (manifest.name !== expected.name) wrong.push('name');
  for (const [entry, value] of Object.entries(expected.exports)) {
    if (!isDeepStrictEqual(manifest.exports?.[entry], value)) wrong.push(`exports['${entry}']`);
  }
  for (const [key, { import: imported, require: required } = {}] of Object.entries(manifest.exports)) {
    if (key !== './package.json' && !(imported?.types && required?.types)) wrong.push(`exports['${key}'] (types)`);
  }
  return wrong.map((field) => `package.json: ${field} differs from tools/lib/package-template.mjs`);
}

function checkFiles({ name, dir, manifest }) {
  const problems = FILES.filter((file) => !existsSync(join(dir, file))).map((file) => `${file} is missing`);
  const licenseFile = join(dir, 'LICENSE');
  if (!existsSync(licenseFile) || readFileSync(licenseFile, 'utf8') !== license()) problems.push('LICENSE differs');
  if (readFileSync(join(dir, 'tsup.config.ts'), 'utf8') !== TSUP_CONFIG) problems.push('tsup.config.ts differs');
  const own = readJson(join(dir, 'tsconfig.json'));
  const { types } = tsconfig(name, manifest.veridian?.host).compilerOptions;
  if (!isDeepStrictEqual(own.compilerOptions.types, types)) {
    problems.push(`tsconfig.json: types must be ${JSON.stringify(types)}`);
  }
  if (!isDeepStrictEqual(readJson(join(dir, 'test/tsconfig.json')), testTsconfig()))
    problems.push('test/tsconfig.json differs');
  for (const entry of entries(manifest)) {
    const specifier = entry === 'index' ? `${SCOPE}/${name}` : `${SCOPE}/${name}/${entry}`;
    const source = `./packages/${name}/src/${entry}.ts`;
    if (paths[specifier]?.[0] !== source)
      problems.push(`tsconfig.base.json: paths['${specifier}'] must be ['${source}']`);
    if (!existsSync(join(ROOT, source))) problems.push(`src/${entry}.ts is missing`);
  }
  return problems;
}

const packages = readPackages();
const problems = packages.flatMap((item) =>
  [...checkManifest(item), ...checkFiles(item)].map((problem) => `packages/${item.name}: ${problem}`),
);
for (const problem of problems) console.log(problem);
console.log(`package shapes: ${packages.length} packages, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;
