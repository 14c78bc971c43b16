/**
 * `npm run build`: the declarations of all packages in one program, then each package's own build (Lerna), which bundles
 * them. A package that is built alone (`npx tsup`) makes its declarations from the sources of all that it depends on;
 * doing so for every package takes twice as long in all.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT, listFiles, readPackages } from './lib/packages.mjs';
import { runBin } from './lib/run.mjs';

const DECLARATIONS = join(ROOT, '.build/declarations');
const FORMAT = { getCanonicalFileName: (name) => name, getCurrentDirectory: () => ROOT, getNewLine: () => '\n' };

/** @returns whether there were no errors; prints them. Nothing is written where there are some. */
function emitDeclarations() {
  rmSync(DECLARATIONS, { recursive: true, force: true });
  const files = readPackages().flatMap(({ dir }) =>
    listFiles(join(dir, 'src'))
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join(dir, 'src', file)),
  );
  const base = join(ROOT, 'tsconfig.base.json');
  const { options, errors } = ts.parseJsonConfigFileContent(
    { extends: base, compilerOptions: { types: ['node', 'webassembly'] }, files },
    ts.sys,
    ROOT,
    {
      noEmit: false,
      noEmitOnError: true,
      declaration: true,
      emitDeclarationOnly: true,
      outDir: DECLARATIONS,
      rootDir: ROOT,
    },
  );
  const { diagnostics } = ts.createProgram(files, options).emit();
  const problems = [...errors, ...diagnostics];
  if (problems.length > 0) console.error(ts.formatDiagnostics(problems, FORMAT));
  return problems.length === 0;
}

if (emitDeclarations()) {
  const env = { VERIDIAN_DECLARATIONS: DECLARATIONS };
  const { status } = await runBin('lerna', ['run', 'build', '--concurrency', '2'], { inherit: true, env });
  process.exitCode = status;
} else {
  process.exitCode = 1;
}
