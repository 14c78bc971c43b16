/**
 * Proves a conformance kit: plants known bugs in a package's sources, one at a time, and sees that the kit fails.
 *
 *   node tools/kit-mutants.mjs [NAME...]     packages with test/kits/mutants.mjs, or only these
 *
 * `mutants.mjs` exports a list of { name, file, find, replace }: `file` below src, `find` a text that occurs there exactly once.
 * Nothing on disk changes: each mutant is bundled in memory with the package's test/kits/*.kit.mjs and run in a process of its
 * own. A mutant that survives, or text that no longer occurs, is a failure; so is a kit that fails on the unchanged sources.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { ROOT, listFiles, readPackages } from './lib/packages.mjs';
import { run } from './lib/run.mjs';

const TIMEOUT_MS = 120_000;
const folder = join(ROOT, `.build/mutants-${process.pid}`);

/** A program that runs the kits with the smallest runner there is: the first failure ends it. */
function program(kits) {
  const imports = kits.map((kit, i) => `import kit${i} from ${JSON.stringify(kit)};`);
  return `${imports.join('\n')}
const tests = [];
const runner = { describe: (name, body) => body(), it: (name, body) => tests.push([name, body]) };
for (const kit of [${kits.map((_, i) => `kit${i}`).join()}]) await kit(runner);
for (const [name, body] of tests) {
  try {
    await body();
  } catch (error) {
    // fast-check reports the shrunk failure as the cause.
    console.log(String((error?.cause ?? error)?.message ?? error).split('\\n')[0] + ' (' + name + ')');
    process.exit(1);
  }
}`;
}

function plant(file, { find, replace }) {
  const parts = readFileSync(file, 'utf8').split(find);
  if (parts.length !== 2) throw new Error(`'${find}' occurs ${parts.length - 1} times in ${file}, expected once`);
  return parts.join(replace);
}

/** @returns { status, output } of the kits on the sources, with `mutant` planted unless it is undefined */
async function runKits({ dir }, kits, mutant) {
  const outfile = join(folder, 'mutant.mjs');
  const target = mutant && join(dir, 'src', mutant.file);
  const contents = mutant && plant(target, mutant);
  await build({
    stdin: { contents: program(kits), resolveDir: dir },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    tsconfig: join(ROOT, 'tsconfig.base.json'),
    logLevel: 'silent',
    plugins: [
      {
        name: 'mutant',
        setup: ({ onLoad }) =>
          onLoad({ filter: /\.ts$/ }, ({ path }) => (path === target ? { contents, loader: 'ts' } : undefined)),
      },
    ],
  });
  return run(process.execPath, [outfile], { timeoutMs: TIMEOUT_MS });
}

let survived = 0;
let caught = 0;
mkdirSync(folder, { recursive: true });
const wanted = process.argv.slice(2);
for (const found of readPackages()) {
  const list = join(found.dir, 'test/kits/mutants.mjs');
  if (!existsSync(list) || (wanted.length > 0 && !wanted.includes(found.name))) continue;
  const kits = listFiles(join(found.dir, 'test/kits'))
    .filter((file) => file.endsWith('.kit.mjs'))
    .map((file) => join(found.dir, 'test/kits', file));
  const { default: mutants } = await import(pathToFileURL(list));
  const clean = await runKits(found, kits, undefined);
  if (clean.status !== 0) throw new Error(`${found.name}: the kit fails without a mutant:\n${clean.output}`);
  for (const mutant of mutants) {
    const { status, output } = await runKits(found, kits, mutant);
    if (status === 0) survived++;
    else caught++;
    const how =
      status === 0 ? 'SURVIVED' : `caught by ${output.trim().split('\n').at(-1)?.slice(0, 100) || 'the timeout'}`;
    console.log(`${found.name}: ${mutant.name}: ${how}`);
  }
}
rmSync(folder, { recursive: true });
console.log(`${caught} mutants caught, ${survived} survived`);
process.exitCode = survived > 0 || caught === 0 ? 1 : 0;
