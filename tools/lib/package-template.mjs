/**
 * What every package's own files look like. One place, so that twenty packages stay alike: `tools/new-package.mjs`
 * writes them, `tools/check-packages.mjs` compares the existing ones with it.
 */
import { readFileSync } from 'node:fs';

export const SCOPE = '@veridian-os';
export const NODE_RANGE = '>=20.19.0';
export const FAST_CHECK_RANGE = '^4.0.0';

/** Compiler globals of a package: `pure` ones cannot name a host API; the rest say what they need. */
export const GLOBALS = {
  'machine-emulated': ['pure', 'webassembly'],
  kernel: ['node'],
  veridian: ['node', 'webassembly'],
  cli: ['node', 'webassembly'],
};

function conditions(entry) {
  return {
    import: { types: `./dist/${entry}.d.ts`, default: `./dist/${entry}.js` },
    require: { types: `./dist/${entry}.d.cts`, default: `./dist/${entry}.cjs` },
  };
}

/** The fields of package.json that are the same everywhere, in the order in which they are written. */
export function packageJson({
  name,
  description,
  layer = 'subsystem',
  dependencies = {},
  fastCheck = true,
  version = '0.1.0',
  extra = {},
}) {
  return {
    name: `${SCOPE}/${name}`,
    version,
    description,
    keywords: ['veridian', 'microkernel', 'operating-system', name],
    license: 'MIT OR Apache-2.0',
    author: 'The Veridian contributors',
    type: 'module',
    sideEffects: false,
    veridian: { layer },
    engines: { node: NODE_RANGE },
    exports: {
      '.': conditions('index'),
      './testing': conditions('testing'),
      './package.json': './package.json',
    },
    main: './dist/index.cjs',
    module: './dist/index.js',
    types: './dist/index.d.ts',
    files: ['dist', 'README.md'],
    publishConfig: { access: 'public' },
    scripts: {
      build: 'tsup',
      typecheck: 'tsc -p . --noEmit && tsc -p test --noEmit',
      test: `jest --rootDir ../.. packages/${name}/`,
      bench: 'node ../../tools/run-bench.mjs',
    },
    ...(Object.keys(dependencies).length > 0 ? { dependencies } : {}),
    ...(fastCheck
      ? {
          peerDependencies: { 'fast-check': FAST_CHECK_RANGE },
          peerDependenciesMeta: { 'fast-check': { optional: true } },
        }
      : {}),
    ...extra,
  };
}

/** @param host whether package.json says `"veridian": { "host": true }` */
export function tsconfig(name, host = false) {
  return {
    extends: '../../tsconfig.base.json',
    compilerOptions: { types: GLOBALS[name] ?? [host ? 'node' : 'pure'] },
    include: ['src'],
  };
}

/** Tests run in Node, so they see its types; kept apart from `src`, which must not. */
export function testTsconfig() {
  return {
    extends: '../../../tsconfig.base.json',
    compilerOptions: { types: ['node', 'webassembly'] },
    include: ['.'],
  };
}

/** npm packs a file of this name by itself, so that every tarball carries its licence. */
export function license() {
  const mit = readFileSync(new URL('../../LICENSE-MIT', import.meta.url), 'utf8');
  return `Licensed, at your choice, under the MIT License below or the Apache License, Version 2.0
(http://www.apache.org/licenses/LICENSE-2.0).

${mit}`;
}

export const TSUP_CONFIG = `export { default } from '../../tools/lib/tsup.mjs';\n`;

export function json(value) {
  return `${JSON.stringify(value, null, 2)}\n`;
}
