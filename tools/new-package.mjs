/**
 * `npm run new-package NAME [-- --layer subsystem] [--description TEXT]`: a package that looks like the rest and passes
 * every check: manifest, compiler and build settings, README with a tested example, one mechanism, its kit, a unit
 * test, a type test and a bench. Replace the mechanism; keep the shape.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, getFileInfo, resolveConfig } from 'prettier';
import { MAY_IMPORT } from './lib/layers.mjs';
import { SCOPE, TSUP_CONFIG, license, packageJson, testTsconfig, tsconfig } from './lib/package-template.mjs';
import { ROOT } from './lib/packages.mjs';
import { sampleSources } from './lib/sample-package.mjs';

const { values, positionals } = parseArgs({
  options: {
    layer: { type: 'string', default: 'subsystem' },
    description: { type: 'string' },
    root: { type: 'string', default: ROOT },
  },
  allowPositionals: true,
});
const [name] = positionals;
const { layer, root } = values;

function fail(message) {
  console.error(message);
  process.exit(2);
}

if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name ?? '')) fail(`NAME: expected kebab-case, got '${name}'`);
if (!(layer in MAY_IMPORT)) fail(`--layer: expected one of ${Object.keys(MAY_IMPORT).join(', ')}, got '${layer}'`);
const dir = join(root, 'packages', name);
if (existsSync(dir)) fail(`packages/${name} exists`);

const description = values.description ?? `The ${name} of Veridian`;
const dependencies = layer === 'abi' ? {} : { [`${SCOPE}/abi`]: '^0.1.0' };
const files = {
  'package.json': JSON.stringify(packageJson({ name, description, layer, dependencies })),
  'tsconfig.json': JSON.stringify(tsconfig(name)),
  'test/tsconfig.json': JSON.stringify(testTsconfig()),
  'tsup.config.ts': TSUP_CONFIG,
  LICENSE: license(),
  ...sampleSources({ name, description }),
};

async function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  const options = await resolveConfig(join(ROOT, 'package.json'));
  const { inferredParser } = await getFileInfo(path);
  writeFileSync(path, inferredParser ? await format(text, { ...options, filepath: path }) : text);
}

for (const [file, text] of Object.entries(files)) await write(join(dir, file), text);

/** Editors and tsc find the new package's sources by name. */
const basePath = join(root, 'tsconfig.base.json');
const base = JSON.parse(readFileSync(basePath, 'utf8'));
base.compilerOptions.paths[`${SCOPE}/${name}`] = [`./packages/${name}/src/index.ts`];
base.compilerOptions.paths[`${SCOPE}/${name}/testing`] = [`./packages/${name}/src/testing.ts`];
await write(basePath, JSON.stringify(base));

console.log(`packages/${name} written. Next:
  npm install                           link it into the workspace
  npm run api -- ${name}                record its public interface
  npm run check:size -- --update ${name}   give it a bundle-size budget
  npx changeset                         announce it`);
