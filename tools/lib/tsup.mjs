/**
 * The one build configuration: ESM, CommonJS and types for each entry that a package's `exports` name.
 * Entry `./NAME` is built from `src/NAME.ts`, entry `.` from `src/index.ts`, and each `bin` from `src/NAME.ts`.
 * Types are made from the sources of the other packages (paths), so that packages build in any order; or from
 * declarations of all packages that build.mjs made before.
 */
import { readFileSync } from 'node:fs';
import { basename, relative, resolve } from 'node:path';
import { defineConfig } from 'tsup';

const root = resolve(import.meta.dirname, '../..');
const { exports, bin = {} } = JSON.parse(readFileSync('package.json', 'utf8'));
const { paths } = JSON.parse(readFileSync(`${root}/tsconfig.base.json`, 'utf8')).compilerOptions;

/** Set by build-js.mjs: leave the types as they are. */
const jsOnly = process.env.VERIDIAN_JS_ONLY === '1';

const names = [
  ...Object.keys(exports)
    .filter((key) => key !== './package.json')
    .map((key) => (key === '.' ? 'index' : key.slice(2))),
  ...Object.values(bin).map((file) => basename(file, '.js')),
];

/** Set by build.mjs: the folder of declarations, laid out as the repository is. */
const declarations = process.env.VERIDIAN_DECLARATIONS;

const typesOf = (file) =>
  declarations === undefined ? resolve(root, file) : resolve(declarations, file.replace(/\.ts$/, '.d.ts'));
const here = relative(root, process.cwd());

export default defineConfig({
  entry: Object.fromEntries(names.map((name) => [name, `src/${name}.ts`])),
  format: ['esm', 'cjs'],
  target: 'es2022',
  platform: 'neutral',
  external: [/^node:/],
  // tsup does not resolve a base configuration's relative paths, so they are given absolute.
  dts: !jsOnly && {
    entry: Object.fromEntries(names.map((name) => [name, typesOf(`${here}/src/${name}.ts`)])),
    compilerOptions: {
      typeRoots: [`${root}/types`, `${root}/node_modules/@types`],
      paths: Object.fromEntries(Object.entries(paths).map(([key, [file]]) => [key, [typesOf(file)]])),
    },
  },
  clean: !jsOnly,
  sourcemap: false,
  treeshake: false,
  outExtension: ({ format }) => ({ js: format === 'cjs' ? '.cjs' : '.js' }),
});
