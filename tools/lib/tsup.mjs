/**
 * The one build configuration: ESM, CommonJS and types for each entry that a package's `exports` name.
 * Entry `./NAME` is built from `src/NAME.ts`, entry `.` from `src/index.ts`.
 * A `bin` is built from `src/NAME.ts` with everything that it imports, from the packages' sources, in few files: finding and
 * reading forty modules, comments and all, is most of what a short command takes.
 * Types are made from the sources of the other packages (paths), so that packages build in any order; or from
 * declarations of all packages that build.mjs made before.
 */
import { readFileSync, rmSync } from 'node:fs';
import { basename, relative, resolve } from 'node:path';
import { defineConfig } from 'tsup';

const root = resolve(import.meta.dirname, '../..');
const { exports, bin = {} } = JSON.parse(readFileSync('package.json', 'utf8'));
const { paths } = JSON.parse(readFileSync(`${root}/tsconfig.base.json`, 'utf8')).compilerOptions;

/** Set by build-js.mjs: leave the types as they are. */
const jsOnly = process.env.VERIDIAN_JS_ONLY === '1';

const names = Object.keys(exports)
  .filter((key) => key !== './package.json')
  .map((key) => (key === '.' ? 'index' : key.slice(2)));
const commands = Object.values(bin).map((file) => basename(file, '.js'));
/** Of a command's pieces, below `dist`. */
const PIECES = 'command';

/** Set by build.mjs: the folder of declarations, laid out as the repository is. */
const declarations = process.env.VERIDIAN_DECLARATIONS;

const typesOf = (file) =>
  declarations === undefined ? resolve(root, file) : resolve(declarations, file.replace(/\.ts$/, '.d.ts'));
const here = relative(root, process.cwd());

// Here, not by tsup's `clean`: the two builds of a package with commands run at the same time in one folder.
rmSync(jsOnly ? `dist/${PIECES}` : 'dist', { recursive: true, force: true });

const library = {
  entry: Object.fromEntries(names.map((name) => [name, `src/${name}.ts`])),
  format: ['esm', 'cjs'],
  target: 'es2022',
  platform: 'neutral',
  // Makes literals of constants that other files export, which V8 does not: a third of an allocation's time.
  minifySyntax: true,
  external: [/^node:/],
  // tsup does not resolve a base configuration's relative paths, so they are given absolute.
  dts: !jsOnly && {
    entry: Object.fromEntries(names.map((name) => [name, typesOf(`${here}/src/${name}.ts`)])),
    compilerOptions: {
      typeRoots: [`${root}/types`, `${root}/node_modules/@types`],
      paths: Object.fromEntries(Object.entries(paths).map(([key, [file]]) => [key, [typesOf(file)]])),
    },
  },
  clean: false,
  sourcemap: false,
  treeshake: false,
  outExtension: ({ format }) => ({ js: format === 'cjs' ? '.cjs' : '.js' }),
};

/** Wanted by something bundled for a use that the command has not: commander's subcommands in files of their own. */
const SELDOM = new Set(['node:child_process']);

/**
 * Node's modules as plain objects. Importing one as an ES module reads all of its properties, and with them come streams,
 * promises, standard input: 15 ms for a command that needs none of them.
 */
const builtins = {
  name: 'builtins',
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: 'builtin' }));
    build.onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => {
      const module = `process.getBuiltinModule('${path}')`;
      if (!SELDOM.has(path)) return { contents: `module.exports = ${module};` };
      return { contents: `module.exports = new Proxy({}, { get: (_, name) => ${module}[name] });` };
    });
  },
};

const command = {
  entry: Object.fromEntries(commands.map((name) => [name, `src/${name}.ts`])),
  format: ['esm'],
  target: 'es2022',
  platform: 'node',
  noExternal: [/./],
  splitting: true,
  // Names stay: stacks are part of what a command says about an internal error.
  minifyWhitespace: true,
  minifySyntax: true,
  esbuildPlugins: [builtins],
  removeNodeProtocol: false,
  esbuildOptions: (options) => void (options.chunkNames = `${PIECES}/[name]-[hash]`),
  dts: false,
  clean: false,
  sourcemap: false,
};

export default defineConfig(commands.length === 0 ? library : [library, command]);
