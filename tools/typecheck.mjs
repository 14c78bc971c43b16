/**
 * `npm run typecheck`: every package's `src` alone, under its own globals (a pure package cannot name a host API),
 * then all sources, tests and tools as one program.
 *
 * One process for all: programs share parsed files, and a program checks only files that are its own, since whatever it
 * imports from another package is that package's to check. tsc for each of them takes four times as long.
 */
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { ROOT, readPackages } from './lib/packages.mjs';
import { checkAll } from './lib/run.mjs';

const FORMAT = { getCanonicalFileName: (name) => name, getCurrentDirectory: () => ROOT, getNewLine: () => '\n' };

/** @returns {ts.ParsedCommandLine} */
function readProject(project) {
  const path = join(ROOT, project.endsWith('.json') ? project : `${project}/tsconfig.json`);
  const { config, error } = ts.readConfigFile(path, ts.sys.readFile);
  if (error) throw new Error(ts.formatDiagnostic(error, FORMAT));
  return ts.parseJsonConfigFileContent(config, ts.sys, dirname(path), { noEmit: true }, path);
}

/** Options that only say which files and globals there are: parsing and binding a file depends on all others. */
const SELECTING = ['types', 'lib', 'typeRoots', 'paths', 'pathsBasePath', 'configFilePath'];
const parsing = (options) => JSON.stringify(options, (name, value) => (SELECTING.includes(name) ? undefined : value));

const parsed = new Map();

/** A host whose files other programs with the same options have parsed already. */
function sharingHost(options) {
  const host = ts.createCompilerHost(options);
  const own = host.getSourceFile.bind(host);
  host.getCurrentDirectory = () => ROOT;
  const settings = parsing(options);
  host.getSourceFile = (name, languageVersion, ...more) => {
    const key = `${settings} ${languageVersion.impliedNodeFormat} ${name}`;
    if (!parsed.has(key)) parsed.set(key, own(name, languageVersion, ...more));
    return parsed.get(key);
  };
  return host;
}

/** @returns what is wrong, or null */
function problemsOf({ options, fileNames, errors }) {
  const program = ts.createProgram({ rootNames: fileNames, options, host: sharingHost(options) });
  const own = new Set(fileNames);
  const isTheirs = ({ fileName }) => !own.has(fileName) && rooted.has(fileName);
  const files = program.getSourceFiles().filter((file) => !isTheirs(file));
  const found = [
    ...errors,
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...files.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
  ];
  return found.length === 0 ? null : ts.formatDiagnostics(ts.sortAndDeduplicateDiagnostics(found), FORMAT);
}

const names = [...readPackages().map(({ dir }) => relative(ROOT, dir)), 'tsconfig.tests.json', 'examples/page'];
const projects = names.map((name) => ({ name, ...readProject(name) }));
/** Files that some project has for its own: nobody else needs to check them. */
const rooted = new Set(projects.flatMap(({ fileNames }) => fileNames));
await checkAll('types', projects, async (project) => problemsOf(project), 1);
