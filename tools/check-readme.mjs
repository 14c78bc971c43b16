/**
 * Keeps READMEs honest: every ```ts block of the root README and of each package's README is type-checked and run
 * from the sources, as a reader would paste it into a file. A block that is not a program of its own is marked
 * ```ts fragment and left out; each package's README must have at least one that runs. A comment `// prints: TEXT`
 * states a line that the example's output must contain.
 *
 *   node tools/check-readme.mjs [NAME...]     only these packages ('root' is the root README)
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT, readPackages } from './lib/packages.mjs';
import { checkAll, run, runBin } from './lib/run.mjs';

// Inside the repository, for node_modules; a folder per run, for runs at the same time.
const folder = join(ROOT, `.build/readme-${process.pid}`);
const TIMEOUT_MS = 60_000;

/** @returns the blocks of a README that claim to be programs */
export function examples(markdown) {
  return [...markdown.matchAll(/^```ts([^\n]*)\n(.*?)^```$/gms)]
    .filter(([, info]) => info.trim() !== 'fragment')
    .map(([, , code]) => code);
}

/** @returns {{ name: string, code?: string, problem?: string }[]} one item per example, or per README without one */
function collect(name, dir) {
  const file = join(dir, 'README.md');
  if (!existsSync(file)) return [{ name, problem: 'there is no README.md' }];
  const blocks = examples(readFileSync(file, 'utf8'));
  if (blocks.length === 0 && name !== 'root') return [{ name, problem: 'README.md has no ```ts example' }];
  return blocks.map((code, index) => ({ name: `${name}-${index + 1}`, code }));
}

function typecheck(items) {
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: '../../tsconfig.base.json',
      compilerOptions: { types: ['node', 'webassembly'], noUnusedLocals: false, noUnusedParameters: false },
      files: items.map(({ name }) => `${name}.ts`),
    }),
  );
  return runBin('tsc', ['-p', folder, '--pretty', 'false']);
}

/** Bundles an example with our sources and runs it. @returns what is wrong, or null */
async function execute({ name, code }) {
  const outfile = join(folder, `${name}.mjs`);
  await build({
    entryPoints: [join(folder, `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    tsconfig: join(folder, 'tsconfig.json'),
    logLevel: 'silent',
  });
  const { status, output } = await run(process.execPath, [outfile], { cwd: folder, timeoutMs: TIMEOUT_MS });
  if (status !== 0) return `exit status ${status}:\n${output}`;
  for (const [, line] of code.matchAll(/\/\/ prints: (.*)/g)) {
    if (!output.split('\n').includes(line.trimEnd())) return `expected a line '${line}' in the output:\n${output}`;
  }
  return null;
}

const wanted = process.argv.slice(2);
const readmes = [{ name: 'root', dir: ROOT }, ...readPackages()].filter(
  ({ name }) => wanted.length === 0 || wanted.includes(name),
);
const items = readmes.flatMap(({ name, dir }) => collect(name, dir));
mkdirSync(folder, { recursive: true });
const programs = items.filter(({ code }) => code !== undefined);
for (const { name, code } of programs) writeFileSync(join(folder, `${name}.ts`), `${code}\nexport {};\n`);
const { output: typeErrors } = programs.length > 0 ? await typecheck(programs) : { output: '' };

await checkAll('README examples', items, async (item) => {
  if (item.problem) return item.problem;
  const mine = typeErrors
    .split('\n')
    .filter((line) => line.includes(`/${item.name}.ts(`) || line.startsWith(`${item.name}.ts(`));
  if (mine.length > 0) return mine.join('\n');
  return execute(item).catch((error) => String(error.message));
});
if (typeErrors !== '' && process.exitCode !== 1) {
  console.log(typeErrors);
  process.exitCode = 1;
}
rmSync(folder, { recursive: true });
