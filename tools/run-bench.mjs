/**
 * `npm run bench` of a package: brings the built packages up to date, runs every `bench/*.bench.mjs` in a process of
 * its own and merges what they measured into `--json FILE`. A name on the command line runs only the files that
 * contain it; `--quick` takes few rounds. `--node PATH` is a second Node that some benches measure beside this one.
 */
import { mkdtempSync, readFileSync, readdirSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildJs, importedPackages } from './lib/build-js.mjs';
import { run } from './lib/run.mjs';

const { values, positionals } = parseArgs({
  options: { json: { type: 'string' }, quick: { type: 'boolean', default: false }, node: { type: 'string' } },
  allowPositionals: true,
});
const files = existsSync('bench')
  ? readdirSync('bench').filter(
      (file) =>
        file.endsWith('.bench.mjs') && (positionals.length === 0 || positionals.some((name) => file.includes(name))),
    )
  : [];

await buildJs([basename(process.cwd()), ...importedPackages(files.map((file) => join('bench', file)))]);
const folder = mkdtempSync(join(tmpdir(), 'veridian-bench-'));
const rows = [];
for (const file of files.sort()) {
  console.log(`# ${basename(process.cwd())}/${file}`);
  const json = join(folder, 'rows.json');
  rmSync(json, { force: true });
  const args = [join('bench', file), '--json', json, ...(values.quick ? ['--quick'] : [])];
  if (values.node !== undefined) args.push('--node', values.node);
  const { status } = await run(process.execPath, args, { cwd: process.cwd(), inherit: true });
  if (status !== 0) process.exitCode = 1;
  if (existsSync(json)) rows.push(...JSON.parse(readFileSync(json, 'utf8')));
}
rmSync(folder, { recursive: true });
if (values.json) writeFileSync(resolve(values.json), `${JSON.stringify(rows, null, 2)}\n`);
