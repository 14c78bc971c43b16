/**
 * `npm run bench`: brings the packages up to date, runs every package's benches one after the other and writes one
 * Markdown table to the file given, else to bench/RESULTS.md.
 *
 *   npm run bench [-- [--quick] [FILE]]
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, readPackages } from './lib/packages.mjs';
import { run } from './lib/run.mjs';

const { values, positionals } = parseArgs({ options: { quick: { type: 'boolean' } }, allowPositionals: true });
const target = resolve(positionals[0] ?? join(ROOT, 'bench/RESULTS.md'));

const number = (value) => (value === null ? '' : value < 100 ? value.toFixed(1) : String(Math.round(value)));
const row = (name, { case: label, oursNs, peer, peerNs, ratio }) =>
  `| ${name} | ${label} | ${number(oursNs)} | ${peer ?? ''} | ${number(peerNs)} | ${ratio === null ? '' : ratio.toFixed(2)} |`;

const folder = mkdtempSync(join(tmpdir(), 'veridian-bench-'));
const lines = [];
for (const { name, dir } of readPackages().filter((item) => existsSync(join(item.dir, 'bench')))) {
  const json = join(folder, `${name}.json`);
  const args = [join(ROOT, 'tools/run-bench.mjs'), '--json', json, ...(values.quick ? ['--quick'] : [])];
  const { status } = await run(process.execPath, args, { cwd: dir, inherit: true });
  if (status !== 0) process.exitCode = 1;
  if (existsSync(json)) lines.push(...JSON.parse(readFileSync(json, 'utf8')).map((result) => row(name, result)));
}
rmSync(folder, { recursive: true });

const table = `# Benchmarks

Node ${process.version}, ${cpus()[0].model}, ${cpus().length} cores. Median nanoseconds per operation; ratio = ours / peer, below 1
ours is faster. How they are taken: [tools/bench.mjs](../tools/bench.mjs).

| package | case | ours (ns) | peer | peer (ns) | ratio |
| ------- | ---- | --------: | ---- | --------: | ----: |
${lines.join('\n')}
`;
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, table);
console.log(`${lines.length} results in ${target}`);
